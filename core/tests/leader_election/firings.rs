//! Firings of scheduled jobs, of which each is begun once at most, no matter who leads.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use leasehold::lease_record::{FIRINGS, Firings, MOST_JOBS};
use leasehold::lease_store::memory::MemoryStore;
use leasehold::{Config, ErrorKind, LeaderElection, Mode, Result};

use crate::support::{LIMIT, candidate, config, leader};

const HOUR: Duration = Duration::from_secs(3600);

/// When a firing was due, so many seconds ago: to the millisecond, as it is remembered.
fn ago(seconds: u64) -> SystemTime {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let millis = u64::try_from(since.as_millis()).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis) - Duration::from_secs(seconds)
}

fn kind<T: std::fmt::Debug>(outcome: Result<T>) -> ErrorKind {
    outcome.unwrap_err().kind()
}

/// Two candidates, of which the first leads.
fn two(store: &MemoryStore) -> [LeaderElection; 2] {
    let config = config().retry_period(Duration::from_millis(100));
    [leader(store, &config), candidate(store, &config)]
}

/// The other one leads.
fn hand_over(from: &LeaderElection, to: &LeaderElection) {
    from.step_down().unwrap();
    to.wait_for_leadership(LIMIT).unwrap();
}

#[test]
fn a_firing_is_begun_by_one_leader_and_not_by_the_next() {
    let store = MemoryStore::new();
    let [first, second] = two(&store);
    let due = ago(1);
    assert!(first.claim("bill", due).unwrap());
    assert_eq!(kind(second.claim("bill", due)), ErrorKind::LeadershipLost);
    assert!(!first.claim("bill", due).unwrap(), "once");
    assert!(first.claim("report", due).unwrap(), "each job by itself");
    hand_over(&first, &second);
    assert!(!second.claim("bill", due).unwrap());
    assert!(!second.claim("bill", ago(2)).unwrap(), "nor one before it");
    assert_eq!(second.last_firing("bill").unwrap(), Some(due));
    let next = due + Duration::from_millis(1);
    assert!(second.claim("bill", next).unwrap());
    assert_eq!(second.last_firing("bill").unwrap(), Some(next));
}

#[test]
fn many_threads_that_want_a_firing_begin_it_once() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let due = ago(1);
    let begun = std::thread::scope(|scope| {
        let claims: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| election.claim("bill", due).unwrap()))
            .collect();
        let begun = claims.into_iter().map(|claim| claim.join().unwrap());
        begun.filter(|begun| *begun).count()
    });
    assert_eq!(begun, 1);
}

#[test]
fn a_firing_that_was_missed_is_begun_once_by_the_next_leader() {
    let store = MemoryStore::new();
    let [first, second] = two(&store);
    let [begun, missed] = [ago(120), ago(60)];
    assert!(first.claim("bill", begun).unwrap());
    hand_over(&first, &second);
    let too_old = Duration::from_secs(59);
    assert!(!second.claim_missed("bill", missed, too_old).unwrap());
    assert!(!second.claim_missed("bill", begun, HOUR).unwrap());
    assert!(second.claim_missed("bill", missed, HOUR).unwrap());
    assert!(!second.claim_missed("bill", missed, HOUR).unwrap());
    assert!(!second.claim_missed("new", missed, HOUR).unwrap());
    assert_eq!(second.last_firing("new").unwrap(), None);
    assert!(second.claim("new", missed).unwrap(), "it was not begun");
}

#[test]
fn who_forgets_jobs_begins_none_of_their_firings() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let due = ago(60);
    for number in 0..MOST_JOBS {
        assert!(election.claim(&format!("job-{number}"), due).unwrap());
    }
    assert!(election.claim("one-more", ago(30)).unwrap());
    let error = election.claim("job-0", due).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains(FIRINGS), "{error}");
    assert!(election.claim("job-0", ago(0)).unwrap(), "its next");
}

#[test]
fn a_claim_that_cannot_be_one_is_refused() {
    let election = leader(&MemoryStore::new(), &config());
    for (job, due, setting) in [
        ("", ago(1), "job = ``"),
        ("a job", ago(1), "job = `a job`"),
        ("bill", ago(0) + HOUR, "due = 2"),
        (
            "bill",
            SystemTime::UNIX_EPOCH - HOUR,
            "due = 1969-12-31T23:00:00Z",
        ),
    ] {
        let error = election.claim(job, due).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().starts_with(setting), "{error}");
    }
    assert!(
        election
            .claim("bill", ago(0) + Duration::from_secs(9))
            .unwrap(),
        "a little early"
    );
}

#[test]
fn who_does_not_lead_begins_nothing() {
    let election = LeaderElection::with_store(&config(), Arc::new(MemoryStore::new())).unwrap();
    assert_eq!(kind(election.claim("bill", ago(1))), ErrorKind::Closed);
    let never = Config::new("jobs").mode(Mode::Never).start().unwrap();
    assert_eq!(kind(never.claim("bill", ago(1))), ErrorKind::LeadershipLost);
    let always = Config::new("jobs").mode(Mode::Always).start().unwrap();
    always.wait_for_leadership(LIMIT).unwrap();
    for _ in 0..2 {
        assert!(
            always.claim("bill", ago(1)).unwrap(),
            "nothing is remembered"
        );
    }
}

#[test]
fn nothing_is_begun_on_what_cannot_be_understood() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    store.edit(|record| record.memory.unreadable = Some(format!("{FIRINGS}: ?")));
    assert_eq!(kind(election.claim("bill", ago(1))), ErrorKind::Corrupt);
    assert_eq!(kind(election.last_firing("bill")), ErrorKind::Corrupt);
    assert_eq!(
        store.get().unwrap().record.memory.firings,
        Firings::default()
    );
}

/// As a clock leaves it that was far ahead: it would keep each firing from being begun.
#[test]
fn a_firing_that_is_recorded_far_ahead_is_said() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let far = r#"{"jobs":{"bill":"2150-01-01T00:00:00Z"}}"#;
    store.edit(|record| record.memory.firings = serde_json::from_str(far).unwrap());
    let error = election.claim("bill", ago(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for part in ["2150-01-01T00:00:00Z", FIRINGS] {
        assert!(error.message().contains(part), "{error}");
    }
    let missed = election.claim_missed("bill", ago(1), HOUR);
    assert_eq!(kind(missed), ErrorKind::Config);
    assert!(election.claim("report", ago(1)).unwrap());
}

#[tokio::test]
async fn claims_are_awaited_too() {
    let store = MemoryStore::new();
    let election = candidate(&store, &config());
    election.wait_for_leadership_async().await.unwrap();
    assert!(election.claim_async("bill", ago(60)).await.unwrap());
    let missed = election.claim_missed_async("bill", ago(1), HOUR);
    assert!(missed.await.unwrap());
    election.stop_async().await.unwrap();
}
