//! When something is asked of the store, for how long, and what follows a failure.

use super::harness::*;
use crate::election::{LostReason, Observation, Reply};
use crate::error::{Error, ErrorKind};
use crate::lease_store::memory::MemoryStore;

// ---- time limits -----------------------------------------------------------------------------------

#[test]
fn a_request_is_given_up_after_a_quarter_of_the_renew_deadline() {
    let mut a = candidate("a", &MemoryStore::new());
    assert_eq!(a.expect("read").request_deadline(), 2.5);
    a.answer();
    assert_eq!(a.expect("create").request_deadline(), 2.5);
    a.answer();
    assert_eq!(a.at(2.0).expect("renew").request_deadline(), 4.5);
}

#[test]
fn a_server_that_needs_longer_gets_longer_up_to_the_renew_deadline() {
    let mut a = candidate("a", &MemoryStore::new());
    for (asked, given_up) in [(0.0, 2.5), (10.0, 15.0), (30.0, 40.0), (50.0, 60.0)] {
        a.at(asked).expect("read");
        assert_eq!(a.request_deadline(), given_up);
        a.at(given_up).fail(ErrorKind::TimedOut);
    }
    // Answers that take 4 s and then none leave room for twice as much.
    a.at(70.0).expect("read").at(74.0).answer().expect("create");
    assert_eq!(a.request_deadline(), 82.0);
    a.answer();
    assert_eq!(a.at(76.0).expect("renew").request_deadline(), 78.5);
}

#[test]
fn errors_that_take_turns_are_told_once_each() {
    let mut a = candidate("a", &MemoryStore::new());
    let kinds = [ErrorKind::Unavailable, ErrorKind::Forbidden];
    for (turn, kind) in (0..6).zip(kinds.into_iter().cycle()) {
        a.at(10.0 * f64::from(turn)).expect("read").fail(kind);
    }
    assert_eq!(a.events(), ["failing: Unavailable", "failing: Forbidden"]);
    a.at(100.0).expect("read").answer().expect("create");
    a.fail(ErrorKind::Unavailable);
    assert_eq!(
        a.events(),
        ["failing: Unavailable"],
        "news: it had succeeded"
    );
}

#[test]
fn an_error_that_comes_in_time_does_not_make_the_limit_longer() {
    let mut a = candidate("a", &MemoryStore::new());
    a.expect("read").at(2.4).fail(ErrorKind::Unavailable);
    assert_eq!(a.at(10.0).expect("read").request_deadline(), 12.5);
}

#[test]
fn a_renewal_that_is_answered_after_its_term_begins_another() {
    let mut a = leader("a", &MemoryStore::new());
    assert_eq!(a.at(9.0).expect("renew").request_deadline(), 11.5);
    a.at(10.0).assert_lost(LostReason::Expired);
    a.at(11.0).answer().assert_leader();
    assert_eq!(a.terms(), ["term 2 acquired"], "not silently");
}

#[test]
fn a_request_never_outlasts_a_term_that_is_being_given_back() {
    let mut a = leader("b", &MemoryStore::new());
    a.at(9.0).stop();
    assert_eq!(a.expect("renew").request_deadline(), 10.0);
    a.conflict().drained();
    assert_eq!(a.expect("read").request_deadline(), 10.0);
}

#[test]
fn there_is_one_request_at_a_time() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").at(100.0).expect_nothing_due();
    assert_eq!(a.next_timeout(), None);
    a.answer().expect("create").expect_nothing_due().answer();
    a.at(102.0).expect("renew").at(105.0).expect_nothing_due();
    assert_eq!(a.next_timeout(), Some(110.0));
}

// ---- when ------------------------------------------------------------------------------------------

#[test]
fn renewals_are_sent_a_retry_period_apart_however_long_the_answers_take() {
    let mut a = leader("a", &MemoryStore::new());
    for sent in [2.0, 4.0, 6.0, 8.0] {
        a.at(sent - 0.1).expect_nothing_due();
        a.at(sent).expect("renew").at(sent + 1.5).answer();
    }
    // One that takes longer is followed by the next at once.
    a.at(10.0).expect("renew").at(12.4).answer().expect("renew");
}

#[test]
fn after_an_error_the_next_request_waits_a_jittered_retry_period_from_when_it_was_sent() {
    let next = |seed| {
        let mut a = candidate_with_seed(&MemoryStore::new(), settings(), seed);
        a.expect("read").at(0.5).fail(ErrorKind::Unavailable);
        a.next_timeout().unwrap()
    };
    let waits: Vec<_> = (0..20).map(next).collect();
    assert!(waits.iter().all(|wait| (2.0..=2.4).contains(wait)));
    assert!(waits.iter().any(|wait| *wait < 2.2) && waits.iter().any(|wait| *wait > 2.2));
}

#[test]
fn a_poll_that_failed_is_not_sent_again_before_that() {
    let mut a = candidate("a", &store_held_by("b", 15));
    a.expect("read").answer();
    a.at(3.0).expect("read").fail(ErrorKind::Unavailable);
    let next = a.next_timeout().unwrap();
    assert!((5.0..=5.4).contains(&next));
}

#[test]
fn a_request_that_hung_is_followed_by_the_next_at_once() {
    let mut a = candidate("a", &MemoryStore::new());
    a.expect("read").at(2.5).time_out().expect("read");
}

#[test]
fn no_kind_of_error_ends_the_campaign() {
    for kind in [
        ErrorKind::Forbidden,
        ErrorKind::Unauthorized,
        ErrorKind::Unavailable,
        ErrorKind::TimedOut,
        ErrorKind::Corrupt,
        ErrorKind::Internal,
    ] {
        let mut a = candidate("a", &MemoryStore::new());
        for attempt in 0..100 {
            a.at(f64::from(attempt) * 5.0).ask();
            a.fail(kind);
        }
        a.run_until(510.0).assert_leader();
    }
}

// ---- what is said about it -------------------------------------------------------------------------

#[test]
fn a_failure_is_told_once_until_it_is_over_and_is_in_the_status() {
    let mut a = candidate("a", &MemoryStore::new());
    for now in [0.0, 5.0, 10.0] {
        a.at(now).expect("read").fail(ErrorKind::Unavailable);
    }
    assert_eq!(a.events(), ["failing: Unavailable"]);
    assert_eq!(a.why_not_leading(), "as the test says");
    a.at(15.0).expect("read").fail(ErrorKind::Unauthorized);
    assert_eq!(a.events(), ["failing: Unauthorized"]);
    a.at(20.0).expect("read").answer();
    assert_eq!(a.why_not_leading(), "acquiring the Lease");
    a.run_until(21.9)
        .at(22.0)
        .expect("renew")
        .fail(ErrorKind::Unauthorized);
    assert_eq!(a.events().last().unwrap(), "failing: Unauthorized");
}

#[test]
fn writes_that_are_refused_are_told_once_though_the_reads_between_succeed() {
    let mut a = candidate("a", &MemoryStore::new());
    for now in [0.0, 5.0, 10.0] {
        a.at(now).expect("read").answer();
        a.expect("create").fail(ErrorKind::Forbidden);
    }
    assert_eq!(a.events(), ["failing: Forbidden"]);
    a.at(15.0).expect("read").answer();
    assert_eq!(a.why_not_leading(), "as the test says");
}

#[test]
fn a_leader_whose_renewals_are_refused_is_told_so_once_and_again_after_one_succeeded() {
    let mut a = leader("a", &MemoryStore::new());
    for now in [2.0, 4.5, 7.0] {
        a.at(now).expect("renew").fail(ErrorKind::Forbidden);
        a.at(now + 2.4).expect("read").answer();
        assert!(a.election.failing().is_some());
    }
    assert_eq!(a.events(), ["failing: Forbidden"]);
    a.expect("renew").answer();
    assert!(a.election.failing().is_none());
    a.at(12.0).expect("renew").fail(ErrorKind::Forbidden);
    assert_eq!(a.events(), ["failing: Forbidden"]);
}

#[test]
fn a_write_that_was_refused_is_no_matter_once_another_holds_the_lease() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create").fail(ErrorKind::Forbidden);
    store.put_foreign(held_by("b", 15));
    a.run_until(5.0);
    assert_eq!(a.why_not_leading(), "`b` holds the Lease");
}

#[test]
fn an_attempt_that_is_refused_is_told_while_nobody_else_has_written() {
    let mut a = candidate("a", &store_held_by("b", 15));
    a.expect("read").answer().hear();
    a.at(15.0).expect("acquire").fail(ErrorKind::Forbidden);
    assert_eq!(a.events().last().unwrap(), "failing: Forbidden");
}

#[test]
fn a_renewal_that_is_refused_is_told_though_its_own_record_was_edited_meanwhile() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.hear().at(2.0).expect("renew");
    store.set_field(&["metadata", "labels", "team"], "blue");
    a.hear().fail(ErrorKind::Forbidden);
    assert_eq!(a.events(), ["failing: Forbidden"]);
}

#[test]
fn a_poll_that_failed_is_no_matter_once_the_watch_stands() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.at(2.5).expect("read").fail(ErrorKind::Unavailable);
    a.hear();
    assert_eq!(a.why_not_leading(), "`b` holds the Lease");
}

// ---- Retry-After -----------------------------------------------------------------------------------

fn asks_for_patience(seconds: f64) -> Error {
    Error::new(ErrorKind::Unavailable, "too many requests").with_retry_after(Some(secs(seconds)))
}

#[test]
fn a_candidate_leaves_the_store_alone_for_as_long_as_it_asks() {
    let mut a = candidate("a", &MemoryStore::new());
    a.expect("read").at(1.0).fail_with(asks_for_patience(5.0));
    assert_eq!(a.next_timeout(), Some(6.0));
    a.run_until(6.0).assert_leader();
}

#[test]
fn a_store_that_asks_for_an_hour_does_not_take_a_candidate_out_of_the_election() {
    let mut a = candidate("a", &MemoryStore::new());
    a.expect("read").fail_with(asks_for_patience(3_600.0));
    assert_eq!(a.next_timeout(), Some(15.0));
}

#[test]
fn a_term_is_not_lost_to_a_store_that_asks_for_more_patience_than_is_left() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew").fail_with(asks_for_patience(60.0));
    assert_eq!(a.next_timeout(), Some(6.0));
    a.run_until(11.0).assert_leader();
}

#[test]
fn a_release_is_not_lost_to_such_a_store_either() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).stop().drained();
    a.expect("release").fail_with(asks_for_patience(60.0));
    a.run_until(6.0);
    assert!(!stored(&store).record.is_held());
}

// ---- conflicts -------------------------------------------------------------------------------------

#[test]
fn a_conflict_with_a_change_is_settled_at_once() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    store.set_field(&["metadata", "labels", "team"], "blue");
    a.at(2.0).expect("renew").answer();
    a.expect("read").answer();
    a.expect("renew").answer();
    assert_eq!(a.leader_until(), 12.0);
    assert!(a.events().is_empty(), "no failure");
}

#[test]
fn a_store_that_refuses_though_nothing_has_changed_is_not_raced() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(14.9).asked();
    a.at(15.0).expect("acquire").conflict();
    a.at(15.25).expect("read").answer().expect_nothing_due();
    let next = a.next_timeout().unwrap();
    assert!((17.0..=17.4).contains(&next));
    a.run_until(next).assert_leader();

    let mut a = candidate("a", &MemoryStore::new());
    a.expect("read").answer();
    a.expect("create").conflict();
    a.expect("read").answer().expect_nothing_due();

    let mut a = leader("a", &MemoryStore::new());
    a.at(2.0).expect("renew").conflict();
    a.expect("read").answer().expect_nothing_due();
    a.at(4.4).stop().drained();
    a.expect("release").conflict();
    a.expect("read").answer().expect_nothing_due();
}

#[test]
fn the_loser_of_a_race_does_not_read_what_its_watch_tells() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(14.9).asked();
    a.at(15.0).expect("acquire");
    store.put_foreign(held_by("c", 15));
    // The watch tells of c after the answer, or before it.
    a.answer().expect_nothing_due().hear();
    a.run_until(29.9);
    assert_eq!(a.asked(), ["acquire"]);
    a.at(30.0).expect("acquire");
    store.put_foreign(held_by("d", 15));
    a.hear().answer();
    a.run_until(44.9);
    assert_eq!(a.asked(), ["acquire"]);
    a.run_until(45.0).assert_leader();
}

#[test]
fn a_watch_that_does_not_tell_what_came_first_is_not_waited_for_for_long() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(14.9).asked();
    a.at(15.0).expect("acquire");
    store.put_foreign(held_by("c", 15));
    a.answer().expect_nothing_due();
    assert_eq!(a.next_timeout(), Some(15.25));
    a.at(15.25).expect("read").answer();
    assert_eq!(a.events(), ["b holds the Lease", "c holds the Lease"]);
}

#[test]
fn a_writer_that_never_rests_is_met_in_its_gaps_and_not_raced() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let mut attempts = 0;
    a.hear().at(2.0);
    while a.next_timeout().is_some_and(|due| due < 10.0) {
        let due = a.next_timeout().unwrap_or_default();
        a.at(due.max(2.0)).expect("renew");
        store.set_field(&["metadata", "labels", "busy"], attempts);
        a.answer().hear();
        attempts += 1;
    }
    assert!(
        (10..60).contains(&attempts),
        "{attempts} attempts in a term"
    );
    a.at(10.0).assert_not_leader();
    assert_eq!(
        a.events(),
        ["failing: Unavailable", "term 1 lost: expired"],
        "it is told once why"
    );
    assert!(a.why_not_leading().contains("before each of our writes"));
}

#[test]
fn who_comes_second_is_told_why_only_after_six_times_in_a_row() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.hear().at(2.0);
    for time in 1..=6 {
        let due = a.next_timeout().unwrap_or_default();
        a.at(due.max(2.0)).expect("renew");
        store.set_field(&["metadata", "labels", "busy"], time);
        a.answer().hear();
        let told = a.events();
        assert_eq!(told.len(), usize::from(time == 6), "{time}: {told:?}");
    }
}

#[test]
fn who_comes_second_to_an_earlier_write_of_its_own_reads_what_that_is_worth() {
    for watch_is_first in [false, true] {
        let store = MemoryStore::new();
        let mut a = leader("a", &store);
        a.hear().at(2.0).expect("renew");
        let late = a.request();
        a.at(4.5).time_out();
        a.expect("read").answer();
        a.expect("renew").land_late(late);
        if watch_is_first {
            a.hear().answer();
        } else {
            a.answer().hear().at(4.75);
        }
        assert_eq!(a.leader_until(), 10.0);
        a.expect("read").answer();
        assert_eq!(a.leader_until(), 12.0);
    }
}

#[test]
fn a_conflict_with_nobody_is_told_with_what_the_server_says() {
    let refusal = || Reply::Conflict("admission webhook \"quota\" denied the request".to_owned());
    for watches in [true, false] {
        let store = MemoryStore::new();
        let mut a = candidate("a", &store);
        a.expect("read").answer();
        a.expect("create").reply(refusal());
        a.expect("read").answer();
        assert_eq!(a.events(), ["failing: Unavailable"]);
        let why = a.why_not_leading();
        assert!(why.contains("though nobody has changed the Lease"), "{why}");
        assert!(why.contains("admission webhook"), "{why}");

        let mut a = leader("a", &store);
        if watches {
            a.hear();
        }
        while a.is_leader() {
            let due = a.next_timeout().unwrap();
            if a.at(due).is_leader() && a.ask() == "renew" {
                a.reply(refusal());
            } else if a.is_leader() {
                a.answer();
            }
        }
        let events = a.events();
        assert_eq!(events, ["failing: Unavailable", "term 1 lost: expired"]);
        assert!(a.why_not_leading().contains("admission webhook"));

        // Somebody else's write shows that writes succeed.
        store.put_foreign(held_by("b", 15));
        a.run_until(12.0);
        assert_eq!(a.why_not_leading(), "`b` holds the Lease");
    }
}

#[test]
fn a_renewal_that_fails_after_another_has_taken_the_lease_is_no_matter() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew");
    store.put_foreign(held_by("b", 15));
    a.hear().assert_not_leader().time_out();
    assert!(a.election.failing().is_none());
    assert_eq!(a.why_not_leading(), "`b` holds the Lease");
}

#[test]
fn a_race_that_was_lost_is_no_fault() {
    let store = store_with(released());
    let mut a = candidate("a", &store).without_watch();
    a.expect("read").answer();
    for _ in 0..20 {
        let due = a.next_timeout().unwrap();
        a.at(due).expect("acquire");
        store.put_foreign(held_by("b", 15));
        a.answer().expect("read").answer();
        store.put_foreign(released());
        let due = a.next_timeout().unwrap();
        a.at(due).expect("read").answer();
    }
    let failing = |event: &String| event.starts_with("failing");
    assert!(!a.events().iter().any(failing));
}

#[test]
fn a_creation_that_came_second_reads_and_follows() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").answer();
    a.expect("create");
    store.put_foreign(held_by("b", 15));
    a.answer().expect("read").answer().expect_nothing_due();
    assert_eq!(a.events(), ["b holds the Lease"]);
    a.run_until(15.0).assert_leader();
}

// ---- answers out of order --------------------------------------------------------------------------

#[test]
fn a_second_answer_to_one_request_is_ignored() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let answer = Reply::Written(Ok(stored(&store)));
    store.put_foreign(held_by("b", 15));
    a.hear().reply(answer).assert_not_leader();
    a.reply(Reply::Read(Ok(None)));
    assert_eq!(a.events(), ["term 1 lost: superseded", "b holds the Lease"]);
}

#[test]
fn a_read_that_the_watch_has_overtaken_tells_nothing_and_is_sent_again_after_a_while() {
    let store = MemoryStore::new();
    let mut a = candidate("a", &store);
    a.expect("read").land();
    store.put_foreign(held_by("b", 15));
    a.observe(changed(&store)).at(0.5).answer();
    a.expect_nothing_due();
    a.at(0.75).expect("read").land();
    store.put_foreign(released());
    a.observe(changed(&store)).at(1.0).answer();
    a.at(1.25).expect("read").answer();
    a.expect("acquire");
}

#[test]
fn a_read_older_than_what_is_known_is_sent_again_after_a_retry_period() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    let old = stored(&store);
    a.run_until(1.0);
    store.edit(renewed);
    a.at(2.0).hear();
    a.observe(Observation::NotWatching);
    a.at(3.0).expect("read").reply(Reply::Read(Ok(Some(old))));
    a.expect_nothing_due();
    let next = a.next_timeout().unwrap();
    assert!((5.0..=5.4).contains(&next));
    a.at(next).expect("read").answer();
    a.at(16.9).expect("read").answer();
    a.at(17.0).expect("acquire");
}

#[test]
fn an_old_answer_now_and_then_is_not_believed() {
    let store = store_held_by("b", 60);
    let mut a = candidate("a", &store).without_watch();
    a.run_until(1.0);
    let old = Reply::Read(Ok(Some(stored(&store))));
    store.edit(renewed);
    a.run_until(3.0);
    for now in [6.0, 12.0, 18.0, 24.0] {
        a.at(now).expect("read").reply(old.clone());
        a.at(now + 3.0).expect("read").answer();
    }
    a.run_until(60.0).assert_not_leader();
    a.run_until(63.0).assert_leader();
}

#[test]
fn a_store_put_back_to_an_earlier_state_is_believed_after_a_lease_duration() {
    let store = store_held_by("b", 15);
    for _ in 0..10 {
        store.edit(renewed);
    }
    let mut a = candidate("a", &store).without_watch();
    a.run_until(1.0);
    a.events();

    a.store = store_held_by("c", 15);
    a.run_until(10.0);
    assert_eq!(a.events(), ["failing: Unavailable"]);
    assert_eq!(
        a.why_not_leading(),
        "the store answered with version 1, which is older than version 11 seen before: it was \
         restored to an earlier state, or answers from a cache"
    );
    a.run_until(30.0).assert_not_leader();
    assert_eq!(a.events(), ["c holds the Lease"], "seen for the first time");
    a.run_until(35.0).assert_leader();
}

#[test]
fn a_store_put_back_does_not_end_the_wait_for_a_holder_with_a_longer_duration() {
    let store = store_held_by("b", 60);
    for _ in 0..10 {
        store.edit(renewed);
    }
    let mut a = candidate("a", &store).without_watch();
    a.run_until(1.0);
    a.store = store_with(released());
    a.run_until(60.0).assert_not_leader();
    a.run_until(66.0).assert_leader();
}
