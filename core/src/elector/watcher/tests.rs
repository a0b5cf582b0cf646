//! Watches that end at once, and watches that tell nothing, in virtual time.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures_core::future::BoxFuture;
use futures_util::stream;
use tokio::time::timeout;

use super::*;
use crate::clock::WallTime;
use crate::lease_record::{LeaseRecord, StoredLease};

const RETRY_PERIOD: Duration = Duration::from_secs(2);

/// What a watch does when it has told its events.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Ends,
    StaysSilent,
}

/// A store of nothing but watches, the last of which is repeated.
struct Watches {
    script: Mutex<VecDeque<(Vec<WatchEvent>, Then)>>,
    opened: Mutex<Vec<(ResourceVersion, Instant)>>,
    clock: Clock,
}

impl Watches {
    fn new(script: impl Into<VecDeque<(Vec<WatchEvent>, Then)>>) -> Self {
        Self {
            script: Mutex::new(script.into()),
            opened: Mutex::default(),
            clock: Clock::simulated(WallTime::default()),
        }
    }

    fn watcher(&self, seed: u64) -> Watcher<'_> {
        Watcher::new("jobs", self, self.clock, RETRY_PERIOD, seed)
    }

    fn opened_from(&self) -> Vec<u64> {
        let opened = self.opened.lock().unwrap();
        opened.iter().map(|(version, _)| version.0).collect()
    }

    fn opened_at(&self) -> Vec<Instant> {
        let opened = self.opened.lock().unwrap();
        opened.iter().map(|(_, at)| *at).collect()
    }
}

impl LeaseStore for Watches {
    fn read(&self) -> BoxFuture<'_, Result<Option<StoredLease>, StoreError>> {
        unreachable!("a watcher does not read")
    }

    fn create(&self, _: LeaseRecord) -> BoxFuture<'_, Result<StoredLease, StoreError>> {
        unreachable!("a watcher does not write")
    }

    fn replace(
        &self,
        _: StoredLease,
        _: LeaseRecord,
    ) -> BoxFuture<'_, Result<StoredLease, StoreError>> {
        unreachable!("a watcher does not write")
    }

    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, Result<WatchEvent, StoreError>> {
        self.opened.lock().unwrap().push((from, self.clock.now()));
        let mut script = self.script.lock().unwrap();
        let (events, then) = if script.len() > 1 {
            script.pop_front().unwrap()
        } else {
            script[0].clone()
        };
        let told = stream::iter(events.into_iter().map(Ok));
        match then {
            Then::Ends => told.boxed(),
            Then::StaysSilent => told.chain(stream::pending()).boxed(),
        }
    }
}

fn opened() -> Vec<WatchEvent> {
    vec![WatchEvent::Opened]
}

/// As the elector does: asks for what comes, and again at least each retry period.
async fn listen(watcher: &mut Watcher<'_>, known: u64, until: Duration) -> Vec<Observation> {
    let mut told = Vec::new();
    let end = tokio::time::Instant::now() + until;
    while tokio::time::Instant::now() < end {
        let next = watcher.next(Some(ResourceVersion(known)));
        if let Ok(observation) = timeout(RETRY_PERIOD, next).await {
            told.push(observation);
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_does_not_tell_what_a_write_has_shown_is_opened_from_there() {
    let store = Watches::new([(opened(), Then::StaysSilent)]);
    let mut watcher = store.watcher(1);
    listen(&mut watcher, 5, RETRY_PERIOD).await;
    assert_eq!(store.opened_from(), [5]);

    // A write has succeeded, or met with a conflict. A watch may be a little late.
    listen(&mut watcher, 9, RETRY_PERIOD * (DEAF_AFTER - 1)).await;
    assert_eq!(store.opened_from(), [5]);

    let told = listen(&mut watcher, 9, RETRY_PERIOD * 3).await;
    assert_eq!(store.opened_from(), [5, 9]);
    assert!(matches!(
        told[..],
        [Observation::NotWatching, Observation::Watching]
    ));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_tells_what_a_leader_writes_is_kept() {
    let bookmarks = (6..400).map(|version| WatchEvent::Bookmark(ResourceVersion(version)));
    let told: Vec<_> = opened().into_iter().chain(bookmarks).collect();
    let store = Watches::new([(told, Then::StaysSilent)]);
    let mut watcher = store.watcher(1);
    for known in 5..300 {
        listen(&mut watcher, known, RETRY_PERIOD).await;
    }
    assert_eq!(store.opened_from(), [5]);
}

#[tokio::test(start_paused = true)]
async fn when_versions_go_back_the_watch_does_not_wait_for_its_old_bookmark() {
    let bookmark = WatchEvent::Bookmark(ResourceVersion(700));
    let told = vec![WatchEvent::Opened, bookmark];
    let store = Watches::new([(told, Then::StaysSilent), (opened(), Then::StaysSilent)]);
    let mut watcher = store.watcher(1);
    listen(&mut watcher, 500, RETRY_PERIOD).await;

    // The store was put back, and the election believes it.
    listen(&mut watcher, 40, RETRY_PERIOD).await;

    assert_eq!(store.opened_from(), [500, 40]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ended_is_resumed_from_its_bookmark() {
    let bookmark = WatchEvent::Bookmark(ResourceVersion(700));
    let told = vec![WatchEvent::Opened, bookmark];
    let store = Watches::new([(told, Then::Ends), (opened(), Then::StaysSilent)]);
    let mut watcher = store.watcher(1);
    listen(&mut watcher, 500, RETRY_PERIOD * 5).await;
    assert_eq!(store.opened_from(), [500, 700]);
}

#[tokio::test(start_paused = true)]
async fn watches_that_end_at_once_are_asked_for_less_and_less_often() {
    let store = Watches::new([(opened(), Then::Ends)]);
    let mut watcher = store.watcher(1);
    listen(&mut watcher, 5, Duration::from_secs(600)).await;

    let opened = store.opened_at();
    assert!((10..=35).contains(&opened.len()), "{}", opened.len());
    let [.., before, last] = opened[..] else {
        unreachable!("there are some")
    };
    assert!(last.since(before) > RETRY_PERIOD * 10);
}

#[tokio::test(start_paused = true)]
async fn many_candidates_do_not_come_back_in_step() {
    let store = Watches::new([(opened(), Then::Ends), (opened(), Then::StaysSilent)]);
    let mut gaps = Vec::new();
    for seed in 0..100 {
        let store = Watches::new(store.script.lock().unwrap().clone());
        let mut watcher = store.watcher(seed);
        listen(&mut watcher, 5, RETRY_PERIOD * 5).await;
        let opened = store.opened_at();
        gaps.push(opened[1].since(opened[0]));
    }
    gaps.sort();
    gaps.dedup();
    assert!(gaps.len() > 60, "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn what_may_follow_on_something_left_out_is_told_as_that() {
    let change = |version| {
        WatchEvent::Changed(StoredLease {
            record: LeaseRecord::default(),
            version: ResourceVersion(version),
            uid: String::new(),
            object: None,
        })
    };
    let told = vec![
        WatchEvent::Opened,
        change(6),
        change(7),
        WatchEvent::LeftOut,
        change(9),
        WatchEvent::Deleted(ResourceVersion(10)),
    ];
    let store = Watches::new([(told, Then::StaysSilent)]);
    // From what there is now: who knows what was there before?
    for (from, first) in [(0, false), (5, true)] {
        let mut watcher = store.watcher(1);
        let told = listen(&mut watcher, from, RETRY_PERIOD).await;
        let complete: Vec<_> =
            told.iter()
                .filter_map(|observation| match observation {
                    Observation::Changed { complete, .. }
                    | Observation::Deleted { complete, .. } => Some(*complete),
                    Observation::Watching | Observation::NotWatching => None,
                })
                .collect();
        assert_eq!(complete, [first, true, false, true]);
    }
}
