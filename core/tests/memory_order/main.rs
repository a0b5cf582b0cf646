//! What is published without a lock, in every order in which threads may run and a processor may
//! show their writes ([loom](https://docs.rs/loom)). It is the core's own source that runs here, with
//! loom's primitives in the place of std's.

#[expect(dead_code, reason = "signs of life are of no order")]
#[path = "../../src/leadership/published.rs"]
mod published;

mod sync {
    pub(super) use std::sync::PoisonError;

    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};
}

use loom::sync::Arc;
use loom::thread::{self, JoinHandle};

use self::published::{Published, Snapshot};

type Answer = Published<Box<Snapshot>>;

/// By term: when it began, and until when it lasts.
const SINCE: [u64; 3] = [0, 10, 30];
const UNTIL: [u64; 3] = [0, 20, 40];

fn lead(answer: &Answer, term: usize) {
    answer.lead(term as u64, UNTIL[term], || SINCE[term]);
}

/// Runs `check` in every order, with an instance that leads in its first term.
fn in_every_order(check: impl Fn(Arc<Answer>) + Send + Sync + 'static) {
    loom::model(move || {
        let answer = Arc::new(Answer::new(Box::default()));
        lead(&answer, 1);
        check(answer);
    });
}

/// The election's thread, beside those that ask.
fn elects(answer: &Arc<Answer>, election: impl Fn(&Answer) + 'static) -> JoinHandle<()> {
    let answer = answer.clone();
    thread::spawn(move || election(&answer))
}

#[test]
fn who_sees_a_terms_deadline_sees_its_number_and_when_it_began() {
    in_every_order(|answer| {
        let election = elects(&answer, |answer| {
            answer.lead_no_longer();
            lead(answer, 2);
        });
        if answer.until() == UNTIL[2] {
            assert_eq!(answer.since(), SINCE[2]);
            assert_eq!(answer.term(), 2);
        }
        election.join().unwrap();
    });
}

/// Also if the term before it was never seen to end.
#[test]
fn a_term_that_follows_at_once_is_not_taken_for_the_one_before() {
    in_every_order(|answer| {
        let election = elects(&answer, |answer| lead(answer, 2));
        let (until, since, term) = (answer.until(), answer.since(), answer.term());
        // Of the term before, the deadline was read before it ended.
        assert!(until != UNTIL[2] || (since, term) == (SINCE[2], 2));
        election.join().unwrap();
    });
}

#[test]
fn nobody_who_has_revoked_sees_a_leader_again() {
    in_every_order(|answer| {
        let election = elects(&answer, |answer| {
            lead(answer, 1);
            lead(answer, 2);
        });
        answer.revoke_terms();
        assert_eq!(answer.until(), 0);
        election.join().unwrap();
        assert_eq!(answer.until(), 0);
        answer.allow_terms();
        lead(&answer, 2);
        assert_eq!(answer.until(), 0, "the term that was revoked");
    });
}

#[test]
fn work_of_a_term_never_takes_the_time_of_the_next() {
    in_every_order(|answer| {
        answer.work_until(25);
        let election = elects(&answer, |answer| {
            lead(answer, 2);
            answer.work_until(45);
        });
        assert!(matches!(answer.work_of(1), None | Some(25)));
        election.join().unwrap();
        assert_eq!(answer.work_of(1), None);
    });
}
