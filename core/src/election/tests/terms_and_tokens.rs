//! Terms begin and end once, and each has a token of its own which only grows.

use super::harness::*;
use crate::election::LostReason;
use crate::error::ErrorKind;
use crate::lease_store::memory::MemoryStore;

#[test]
fn a_term_lasts_from_before_its_write_was_sent_for_the_renew_deadline() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    assert_eq!(a.leader_until(), 10.0);
    a.at(9.999).assert_leader();
    a.at(10.0).assert_lost(LostReason::Expired);
}

#[test]
fn the_old_leader_stops_before_a_new_one_may_start() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let mut b = candidate("b", &store);
    b.run_until(2.0);
    // The other sees the last renewal the instant it is sent, and its answer is lost.
    a.at(2.0).expect("renew").land().at(4.5).time_out();
    a.expect("read").at(4.6).answer();
    assert_eq!(a.leader_until(), 12.0);
    b.run_until(16.9).assert_not_leader();
    b.run_until(17.0).assert_leader();
}

#[test]
fn a_process_that_wakes_too_late_is_no_leader_before_anything_else_happens() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(2.0).expect("renew");
    a.at(3_600.0).assert_lost(LostReason::Expired);
    a.answer().assert_not_leader();
}

#[test]
fn a_process_that_wakes_finds_the_term_over_no_matter_what_runs_first() {
    let wake: [fn(&mut Candidate); 5] = [
        |a| _ = a.answer(),
        |a| _ = a.hear(),
        |a| _ = a.stop(),
        |a| _ = a.step_down(),
        |a| _ = a.stall(),
    ];
    for wake in wake {
        let mut a = leader("a", &MemoryStore::new());
        a.at(8.0).expect("renew").land().sleep_until(11.0);
        wake(&mut a);
        assert_eq!(a.terms()[0], "term 1 lost: expired");
    }
}

#[test]
fn a_success_that_comes_after_the_end_of_a_term_opens_a_new_one() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let first = a.term();
    a.at(8.0).expect("renew").at(10.0).answer().assert_leader();
    assert_eq!(a.terms(), ["term 1 lost: expired", "term 2 acquired"]);
    assert_eq!(a.leader_until(), 18.0);
    assert_eq!(a.term().fencing_token, stored(&store).version);
    assert!(a.term().fencing_token > first.fencing_token);
}

#[test]
fn a_success_that_comes_after_its_own_deadline_opens_none() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(8.0).expect("renew").at(18.0).answer();
    a.assert_lost(LostReason::Expired);
    a.run_until(18.0).assert_leader();
    assert_eq!(a.asked(), ["renew", "acquire"]);
}

#[test]
fn the_token_is_the_version_that_won_and_no_renewal_changes_it() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let term = a.term();
    assert_eq!(term.fencing_token, stored(&store).version);
    assert_eq!(term.uid, stored(&store).uid);
    a.run_until(60.0);
    assert_eq!(a.term(), term);
}

#[test]
fn tokens_grow_from_term_to_term_across_candidates_and_the_deletion_of_the_lease() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let mut b = candidate("b", &store);
    let mut tokens = vec![a.term().fencing_token];
    run(&mut [&mut a, &mut b], 5.0);
    a.step_down().drained();
    run(&mut [&mut a, &mut b], 6.0);
    tokens.push(b.term().fencing_token);
    assert_eq!(b.term().transitions, 1);
    store.delete();
    run(&mut [&mut a, &mut b], 40.0);
    tokens.push(if a.is_leader() { a.term() } else { b.term() }.fencing_token);
    assert!(tokens.is_sorted_by(|earlier, later| earlier < later));
    assert_eq!(
        stored(&store).record.transitions,
        0,
        "which starts again from zero"
    );
}

#[test]
fn each_term_acquired_is_lost_once() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    store.put_foreign(held_by("b", 15));
    a.run_until(1.0);
    store.put_foreign(released());
    a.run_until(2.0).assert_leader();
    a.at(50.0).run_until(50.0).assert_leader();
    a.step_down().stop().drained().drained().drained();
    a.run_until(60.0);
    assert_eq!(
        a.terms(),
        [
            "term 1 lost: superseded",
            "term 2 acquired",
            "term 2 lost: expired",
            "term 3 acquired",
            "term 3 lost: stepped_down",
        ]
    );
}

#[test]
fn a_write_that_has_served_a_term_opens_no_other() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    let first = a.term();
    a.at(2.0).expect("renew").stall();
    a.at(3.0).fail(ErrorKind::Unavailable).alive();
    a.at(5.0).expect("read").answer().assert_not_leader();
    a.expect("acquire").answer().assert_leader();
    assert!(a.term().fencing_token > first.fencing_token);
}

// ---- publication -----------------------------------------------------------------------------------

#[test]
fn an_extension_published_in_time_stands() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(8.0).expect("renew").at(9.0).answer();
    a.at(9.9).published();
    a.at(17.9).published().assert_leader();
}

#[test]
fn an_extension_published_after_the_old_deadline_ends_the_term() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(8.0).expect("renew").at(9.0).answer();
    a.at(10.0).published().assert_lost(LostReason::Expired);
}

#[test]
fn extensions_that_were_never_published_do_not_hide_the_first_deadline() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(8.0).expect("renew").at(9.0).answer();
    a.at(9.5).expect_nothing_due();
    a.at(10.0).expect("renew").at(10.5).answer();
    a.published().assert_lost(LostReason::Expired);
}

#[test]
fn a_term_that_is_held_back_is_not_ended_by_a_deadline_that_nobody_was_told_of() {
    let mut a = candidate("a", &MemoryStore::new());
    a.at(0.0).expect("read").answer().expect("create");
    a.at(9.5).answer().held_back();
    a.expect("renew").at(9.9).answer().held_back();
    a.at(10.5).published().assert_leader();
}

#[test]
fn a_term_begins_only_when_the_work_of_the_one_before_has_ended() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.works_on().at(12.0).assert_lost(LostReason::Expired);
    a.run_until(20.0).assert_not_leader();
    assert_eq!(
        a.why_not_leading(),
        "waiting for the work of the last term to end"
    );
    a.drained().run_until(20.0).assert_leader();
    assert_eq!(a.term().number, 2);
}

#[test]
fn work_that_does_not_end_has_its_grace_before_another_term_begins() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.works_on().at(12.0).assert_lost(LostReason::Expired);
    a.run_until(41.9).assert_not_leader();
    a.run_until(42.0).assert_leader();
}

#[test]
fn a_success_that_comes_while_the_work_of_an_ended_term_goes_on_opens_none() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.works_on().at(8.0).expect("renew").land();
    a.at(10.0).assert_lost(LostReason::Expired).answer();
    a.assert_not_leader();
    assert_eq!(stored(&store).record.holder, "a", "and nothing is released");
    a.drained().run_until(10.0).assert_leader();
    assert_eq!(a.term().number, 2);
}

#[test]
fn when_the_last_work_of_a_term_that_is_over_has_ended_none_goes_on() {
    let mut a = leader("a", &MemoryStore::new());
    a.works_on().at(10.0).assert_lost(LostReason::Expired);
    assert_eq!(a.work_until(), 15.0);
    a.at(11.0).drained();
    assert_eq!(a.work_until(), 11.0);
}
