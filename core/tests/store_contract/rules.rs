//! The rules. Each takes a Lease that does not exist yet.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use futures_util::future::{join_all, poll_immediate};
use leasehold::ErrorKind;
use leasehold::clock::WallTime;
use leasehold::lease_record::{
    LeaseRecord, RELEASED_DURATION_SECONDS, ResourceVersion, StoredLease,
};
use leasehold::lease_store::{LeaseStore, Result, StoreError, WatchEvent};

use crate::fixture::Fixture;

/// Makes each rule a test of its own for one store. A rule that is missing here is dead code, and
/// the compiler says so.
macro_rules! contract {
    ($fixture:ty) => {
        $crate::rules::contract! { $fixture:
            an_absent_lease_reads_as_none
            a_created_lease_reads_as_it_was_written
            every_field_of_a_record_survives_the_round_trip
            creating_what_exists_is_a_conflict
            replacing_a_stale_version_is_a_conflict
            replacing_what_an_outsider_has_edited_is_a_conflict
            replacing_a_deleted_lease_is_a_conflict_and_creates_nothing
            replacing_a_lease_created_again_is_a_conflict
            replacing_under_another_uid_is_a_conflict
            versions_grow_with_each_write_and_across_deletion
            the_uid_stays_until_the_lease_is_created_again
            an_unchanged_replace_succeeds_and_keeps_the_version
            one_of_many_concurrent_creates_wins
            one_of_many_concurrent_replaces_wins
            a_replace_keeps_the_fields_of_others
            a_watch_opens_first_and_tells_each_change_once
            a_watch_resumes_from_a_version_without_loss
            a_watch_from_zero_starts_with_the_present_lease
            a_watch_of_an_absent_lease_tells_its_creation
            watches_of_one_lease_do_not_disturb_each_other
            a_dropped_request_leaves_the_store_usable
            a_dropped_watch_leaves_the_store_usable
        }
    };
    ($fixture:ty: $($rule:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $rule() {
            let fixture = <$fixture as $crate::fixture::Fixture>::new().await;
            $crate::rules::within_reason($crate::rules::$rule(&fixture)).await;
        }
    )+};
}
pub(crate) use contract;

/// Turns a rule that waits for what never comes into a failure.
pub(crate) async fn within_reason(rule: impl Future<Output = ()>) {
    let limit = Duration::from_secs(60);
    assert!(
        tokio::time::timeout(limit, rule).await.is_ok(),
        "still waiting after {limit:?}"
    );
}

const CANDIDATES: usize = 16;

pub(crate) async fn an_absent_lease_reads_as_none(fixture: &impl Fixture) {
    assert!(fixture.store().read().await.unwrap().is_none());
}

pub(crate) async fn a_created_lease_reads_as_it_was_written(fixture: &impl Fixture) {
    let created = fixture.store().create(held_by("a")).await.unwrap();
    assert_eq!(created.record, held_by("a"));
    assert!(!created.uid.is_empty());

    let read = present(&fixture.store()).await;
    assert_eq!(read.record, created.record);
    assert_eq!(read.version, created.version);
    assert_eq!(read.uid, created.uid);
}

pub(crate) async fn every_field_of_a_record_survives_the_round_trip(fixture: &impl Fixture) {
    let records = [
        LeaseRecord {
            holder: "web-7f9c_x1y2".to_owned(),
            lease_duration_seconds: Some(15),
            acquire_time: Some(WallTime::from_micros(1_790_000_000_123_456)),
            renew_time: Some(WallTime::from_micros(1_790_000_002_000_001)),
            transitions: 3,
            ..LeaseRecord::default()
        },
        // As client-go releases a Lease.
        LeaseRecord {
            holder: String::new(),
            lease_duration_seconds: Some(RELEASED_DURATION_SECONDS),
            acquire_time: Some(WallTime::from_micros(1_790_000_000_000_000)),
            renew_time: Some(WallTime::from_micros(1_790_000_000_000_001)),
            transitions: i32::MAX,
            ..LeaseRecord::default()
        },
        // As somebody may have written it by hand.
        LeaseRecord {
            holder: "büro/計算機 \"1\"\\\n".to_owned(),
            ..LeaseRecord::default()
        },
        // Before the epoch.
        LeaseRecord {
            renew_time: Some(WallTime::from_micros(-1)),
            ..held_by("a")
        },
    ];
    let store = fixture.store();
    let mut seen = store.create(held_by("somebody else")).await.unwrap();
    for record in records {
        seen = store.replace(seen, record.clone()).await.unwrap();
        assert_eq!(seen.record, record);
        assert_eq!(present(&fixture.store()).await.record, record);
    }
}

pub(crate) async fn creating_what_exists_is_a_conflict(fixture: &impl Fixture) {
    fixture.store().create(held_by("a")).await.unwrap();
    assert_conflict(&fixture.store().create(held_by("b")).await);
    assert_eq!(present(&fixture.store()).await.record.holder, "a");
}

pub(crate) async fn replacing_a_stale_version_is_a_conflict(fixture: &impl Fixture) {
    let store = fixture.store();
    let stale = store.create(held_by("a")).await.unwrap();
    store.replace(stale.clone(), held_by("b")).await.unwrap();

    assert_conflict(&fixture.store().replace(stale, held_by("c")).await);
    assert_eq!(present(&store).await.record.holder, "b");
}

pub(crate) async fn replacing_what_an_outsider_has_edited_is_a_conflict<F: Fixture>(fixture: &F) {
    let store = fixture.store();
    let stale = store.create(held_by("a")).await.unwrap();
    let (path, value) = F::FOREIGN_FIELDS[0];
    fixture.set_field(path, value).await;

    assert_conflict(&store.replace(stale, held_by("b")).await);
    assert_eq!(present(&store).await.record.holder, "a");
    assert_eq!(fixture.field(path).await, value);
}

pub(crate) async fn replacing_a_deleted_lease_is_a_conflict_and_creates_nothing(
    fixture: &impl Fixture,
) {
    let store = fixture.store();
    let seen = store.create(held_by("a")).await.unwrap();
    fixture.delete().await;

    assert_conflict(&store.replace(seen, held_by("b")).await);
    assert!(store.read().await.unwrap().is_none());
}

pub(crate) async fn replacing_a_lease_created_again_is_a_conflict(fixture: &impl Fixture) {
    let store = fixture.store();
    let seen = store.create(held_by("a")).await.unwrap();
    fixture.delete().await;
    fixture.store().create(held_by("b")).await.unwrap();

    assert_conflict(&store.replace(seen, held_by("c")).await);
    assert_eq!(present(&store).await.record.holder, "b");
}

pub(crate) async fn replacing_under_another_uid_is_a_conflict(fixture: &impl Fixture) {
    let store = fixture.store();
    let first = store.create(held_by("a")).await.unwrap();
    fixture.delete().await;
    let second = store.create(held_by("b")).await.unwrap();

    let mixed_up = StoredLease {
        uid: first.uid,
        ..second
    };
    assert_conflict(&store.replace(mixed_up, held_by("c")).await);
    assert_eq!(present(&store).await.record.holder, "b");
}

pub(crate) async fn versions_grow_with_each_write_and_across_deletion(fixture: &impl Fixture) {
    let store = fixture.store();
    let mut last = ResourceVersion::default();
    for _ in 0..3 {
        let mut lease = store.create(held_by("a")).await.unwrap();
        for holder in ["b", "c"] {
            assert!(lease.version > last, "{} after {last}", lease.version);
            last = lease.version;
            lease = store.replace(lease, held_by(holder)).await.unwrap();
        }
        assert!(lease.version > last, "{} after {last}", lease.version);
        last = lease.version;
        fixture.delete().await;
    }
}

pub(crate) async fn the_uid_stays_until_the_lease_is_created_again(fixture: &impl Fixture) {
    let store = fixture.store();
    let created = store.create(held_by("a")).await.unwrap();
    let replaced = store.replace(created.clone(), held_by("b")).await.unwrap();
    assert_eq!(replaced.uid, created.uid);

    fixture.delete().await;
    let recreated = store.create(held_by("b")).await.unwrap();
    assert_ne!(recreated.uid, created.uid);
}

pub(crate) async fn an_unchanged_replace_succeeds_and_keeps_the_version(fixture: &impl Fixture) {
    let store = fixture.store();
    let seen = store.create(held_by("a")).await.unwrap();
    let unchanged = store.replace(seen.clone(), held_by("a")).await.unwrap();
    assert_eq!(unchanged.version, seen.version);
    assert_eq!(present(&store).await.version, seen.version);
}

pub(crate) async fn one_of_many_concurrent_creates_wins(fixture: &impl Fixture) {
    let attempts = race(fixture, |store, record| async move {
        store.create(record).await
    });
    let winner = only_winner(attempts.await);
    assert_eq!(present(&fixture.store()).await.record, winner.record);
}

pub(crate) async fn one_of_many_concurrent_replaces_wins(fixture: &impl Fixture) {
    let seen = fixture.store().create(held_by("nobody")).await.unwrap();
    let attempts = race(fixture, move |store, record| {
        let seen = seen.clone();
        async move { store.replace(seen, record).await }
    });
    let winner = only_winner(attempts.await);
    assert_eq!(present(&fixture.store()).await.record, winner.record);
}

pub(crate) async fn a_replace_keeps_the_fields_of_others<F: Fixture>(fixture: &F) {
    let store = fixture.store();
    store.create(held_by("a")).await.unwrap();
    for (path, value) in F::FOREIGN_FIELDS {
        fixture.set_field(path, value).await;
    }

    let mut seen = present(&store).await;
    for holder in ["b", "c"] {
        seen = store.replace(seen, held_by(holder)).await.unwrap();
    }
    assert_eq!(present(&store).await.record, held_by("c"));
    for (path, value) in F::FOREIGN_FIELDS {
        assert_eq!(fixture.field(path).await, *value, "{}", path.join("."));
    }
}

pub(crate) async fn a_watch_opens_first_and_tells_each_change_once(fixture: &impl Fixture) {
    let store = fixture.store();
    let created = store.create(held_by("a")).await.unwrap();
    let watcher = fixture.store();
    let mut watch = watcher.watch(created.version);
    assert!(matches!(watch.next().await, Some(Ok(WatchEvent::Opened))));

    let replaced = store.replace(created, held_by("b")).await.unwrap();
    assert_same(&next_change(&mut watch).await, &replaced);

    // An unchanged write is no change.
    let replaced = store.replace(replaced, held_by("b")).await.unwrap();
    fixture.delete().await;
    let deleted = next_deletion(&mut watch).await;
    assert!(deleted > replaced.version);

    let recreated = store.create(held_by("c")).await.unwrap();
    assert!(recreated.version > deleted);
    assert_same(&next_change(&mut watch).await, &recreated);

    let replaced = store.replace(recreated, held_by("d")).await.unwrap();
    assert_same(&next_change(&mut watch).await, &replaced);
}

pub(crate) async fn a_watch_resumes_from_a_version_without_loss<F: Fixture>(fixture: &F) {
    let store = fixture.store();
    let first = store.create(held_by("a")).await.unwrap();
    let mut written = vec![first.clone()];
    for holder in ["b", "c", "d"] {
        let seen = written[written.len() - 1].clone();
        written.push(store.replace(seen, held_by(holder)).await.unwrap());
    }
    let last = &written[written.len() - 1];

    let watcher = fixture.store();
    let mut watch = opened(&watcher, first.version).await;
    let mut told = vec![first.version];
    while told[told.len() - 1] < last.version {
        let change = next_change(&mut watch).await;
        assert!(
            told[told.len() - 1] < change.version,
            "in order and once each"
        );
        told.push(change.version);
    }
    assert_eq!(told[told.len() - 1], last.version);
    if !F::COALESCES_CHANGES {
        let written: Vec<_> = written.iter().map(|lease| lease.version).collect();
        assert_eq!(told, written);
    }
}

pub(crate) async fn a_watch_from_zero_starts_with_the_present_lease(fixture: &impl Fixture) {
    let store = fixture.store();
    let created = store.create(held_by("a")).await.unwrap();
    let replaced = store.replace(created, held_by("b")).await.unwrap();

    let watcher = fixture.store();
    let mut watch = opened(&watcher, ResourceVersion::default()).await;
    assert_same(&next_change(&mut watch).await, &replaced);

    let replaced = store.replace(replaced, held_by("c")).await.unwrap();
    assert_same(&next_change(&mut watch).await, &replaced);
}

pub(crate) async fn a_watch_of_an_absent_lease_tells_its_creation(fixture: &impl Fixture) {
    let store = fixture.store();
    store.create(held_by("a")).await.unwrap();
    fixture.delete().await;

    let watcher = fixture.store();
    let mut watch = opened(&watcher, ResourceVersion::default()).await;
    let created = store.create(held_by("b")).await.unwrap();
    assert_same(&next_change(&mut watch).await, &created);
}

pub(crate) async fn watches_of_one_lease_do_not_disturb_each_other(fixture: &impl Fixture) {
    let store = fixture.store();
    let mut seen = store.create(held_by("a")).await.unwrap();
    let watcher = fixture.store();
    let mut first = opened(&watcher, seen.version).await;
    let mut second = opened(&watcher, seen.version).await;
    let brief = opened(&watcher, seen.version).await;

    seen = store.replace(seen, held_by("b")).await.unwrap();
    assert_same(&next_change(&mut first).await, &seen);
    drop(brief);
    assert_same(&next_change(&mut second).await, &seen);

    drop(first);
    seen = store.replace(seen, held_by("c")).await.unwrap();
    assert_same(&next_change(&mut second).await, &seen);
}

pub(crate) async fn a_dropped_request_leaves_the_store_usable(fixture: &impl Fixture) {
    let store = fixture.store();
    let seen = store.create(held_by("a")).await.unwrap();
    let _ = poll_immediate(store.read()).await;
    let _ = poll_immediate(store.create(held_by("b"))).await;
    let _ = poll_immediate(store.replace(seen, held_by("c"))).await;

    // The dropped replace may still take effect, but only once: one conflict is fair, two are not.
    let seen = present(&store).await;
    let outcome = match store.replace(seen, held_by("d")).await {
        Err(StoreError::Conflict(_)) => {
            let seen = present(&store).await;
            assert_eq!(seen.record, held_by("c"));
            store.replace(seen, held_by("d")).await
        }
        outcome => outcome,
    };
    assert_eq!(outcome.unwrap().record, held_by("d"));
}

pub(crate) async fn a_dropped_watch_leaves_the_store_usable(fixture: &impl Fixture) {
    let store = fixture.store();
    let created = store.create(held_by("a")).await.unwrap();
    drop(store.watch(created.version));
    let mut watch = store.watch(created.version);
    let _ = poll_immediate(watch.next()).await;
    drop(watch);

    let mut watch = opened(&store, created.version).await;
    let replaced = store.replace(created, held_by("b")).await.unwrap();
    assert_same(&next_change(&mut watch).await, &replaced);
}

fn held_by(holder: &str) -> LeaseRecord {
    LeaseRecord {
        holder: holder.to_owned(),
        lease_duration_seconds: Some(15),
        ..LeaseRecord::default()
    }
}

async fn present(store: &Arc<dyn LeaseStore>) -> StoredLease {
    store.read().await.unwrap().expect("a Lease is there")
}

/// What came of one attempt per candidate, all at once, each on a task of its own.
async fn race<A, F>(fixture: &impl Fixture, attempt: A) -> Vec<Result<StoredLease>>
where
    A: Fn(Arc<dyn LeaseStore>, LeaseRecord) -> F + Clone + Send + 'static,
    F: Future<Output = Result<StoredLease>> + Send,
{
    let start = Arc::new(tokio::sync::Barrier::new(CANDIDATES));
    let attempts = (0..CANDIDATES).map(|number| {
        let store = fixture.store();
        let record = held_by(&format!("candidate-{number}"));
        let (attempt, start) = (attempt.clone(), Arc::clone(&start));
        tokio::spawn(async move {
            start.wait().await;
            loop {
                match attempt(Arc::clone(&store), record.clone()).await {
                    // An overloaded machine is no reason to lose.
                    Err(StoreError::Other(error)) if error.kind() == ErrorKind::Unavailable => {}
                    outcome => return outcome,
                }
            }
        })
    });
    let outcomes = join_all(attempts).await;
    outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap())
        .collect()
}

fn only_winner(outcomes: Vec<Result<StoredLease>>) -> StoredLease {
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    lost.iter().for_each(assert_conflict);
    assert_eq!(won.len(), 1, "exactly one wins");
    won.into_iter().flatten().next().unwrap()
}

async fn opened(
    store: &Arc<dyn LeaseStore>,
    from: ResourceVersion,
) -> BoxStream<'_, Result<WatchEvent>> {
    let mut watch = store.watch(from);
    let first = watch.next().await;
    assert!(matches!(first, Some(Ok(WatchEvent::Opened))), "{first:?}");
    watch
}

async fn next_event(watch: &mut BoxStream<'_, Result<WatchEvent>>) -> WatchEvent {
    loop {
        match watch.next().await.expect("the watch goes on").unwrap() {
            WatchEvent::Bookmark(_) | WatchEvent::LeftOut => {}
            event => return event,
        }
    }
}

async fn next_change(watch: &mut BoxStream<'_, Result<WatchEvent>>) -> StoredLease {
    match next_event(watch).await {
        WatchEvent::Changed(lease) => lease,
        event => panic!("a change was due, not {event:?}"),
    }
}

async fn next_deletion(watch: &mut BoxStream<'_, Result<WatchEvent>>) -> ResourceVersion {
    match next_event(watch).await {
        WatchEvent::Deleted(version) => version,
        event => panic!("a deletion was due, not {event:?}"),
    }
}

fn assert_same(told: &StoredLease, written: &StoredLease) {
    assert_eq!(told.version, written.version);
    assert_eq!(told.record, written.record);
    assert_eq!(told.uid, written.uid);
}

fn assert_conflict(outcome: &Result<StoredLease>) {
    match outcome {
        Err(StoreError::Conflict(_)) => {}
        other => panic!("a conflict was due, not {other:?}"),
    }
}
