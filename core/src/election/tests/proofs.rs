//! A holder that is proven dead is succeeded at once: as of the very version that it wrote, and without
//! prejudice to anybody else who may still lead.

use super::harness::*;
use crate::clock::WallTime;
use crate::election::{LostReason, Settings};
use crate::lease_record::{
    Acquisition, HolderNote, HolderProcess, LeaseRecord, Proof, ResourceVersion,
};
use crate::lease_store::memory::MemoryStore;

/// Another process has taken the Lease, under any name.
fn acquired_by(holder: &str, seconds: i64) -> LeaseRecord {
    let at = WallTime::from_micros(1_800_000_000_000_000 + seconds * 1_000_000);
    LeaseRecord {
        acquire_time: Some(at),
        renew_time: Some(at),
        ..held_by(holder, 15)
    }
}

fn process(boot: &str) -> HolderProcess {
    HolderProcess {
        boot: boot.to_owned(),
        ..HolderProcess::default()
    }
}

fn noted(boot: &str) -> Box<HolderNote> {
    Box::new(HolderNote {
        acquisition: Acquisition::Free,
        process: process(boot),
    })
}

#[test]
fn a_holder_that_is_proven_dead_is_succeeded_at_once_by_a_write_on_that_very_version() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0).assert_not_leader();
    a.prove().expect("acquire").answer().assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::LockReleased);
    assert_eq!(a.leader_until(), 11.0);
}

#[test]
fn a_proof_counts_at_first_sight_of_the_record() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.expect("read").answer().expect_nothing_due();
    a.prove().expect("acquire").answer().assert_leader();
}

#[test]
fn a_proof_of_another_version_or_object_counts_for_nothing() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0);
    let old = stored(&store);
    store.edit(renewed);
    a.hear();
    let present = stored(&store);
    a.prove_version(&old.uid, old.version);
    a.prove_version(&old.uid, ResourceVersion(present.version.0 + 1));
    a.prove_version("another", present.version);
    a.expect_nothing_due();
    a.run_until(15.9).assert_not_leader();
    a.run_until(16.0).assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::Expired);
}

#[test]
fn anything_newer_voids_a_proof() {
    let changes: [fn(&MemoryStore); 3] = [
        |store| drop(store.edit(renewed)),
        |store| drop(store.edit(|record| record.lease_duration_seconds = Some(14))),
        |store| drop(store.set_field(&["metadata", "labels", "team"], "blue")),
    ];
    for change in changes {
        let store = store_held_by("b", 15);
        let mut a = candidate("a", &store);
        a.run_until(1.0).prove();
        change(&store);
        a.hear().expect_nothing_due();
        a.run_until(14.9).assert_not_leader();
        a.run_until(16.0).assert_leader();
        assert_eq!(a.term().acquisition, Acquisition::Expired);
    }
}

#[test]
fn a_last_renewal_that_arrives_after_the_death_has_to_be_proven_again() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0).prove().expect("acquire");
    store.edit(renewed);
    a.answer().assert_not_leader();
    a.hear().expect_nothing_due();
    a.prove().expect("acquire").answer().assert_leader();
}

#[test]
fn a_proof_outlasts_a_read_of_the_same_version() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store).without_watch();
    a.run_until(1.0).prove().expect("acquire").time_out();
    a.at(4.0).expect("read").answer();
    a.expect("acquire").answer().assert_leader();
}

#[test]
fn a_holder_before_the_one_that_is_proven_dead_is_still_waited_for() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(5.0);
    store.put_foreign(acquired_by("c", 5));
    a.hear().prove().expect_nothing_due();
    a.run_until(14.9).assert_not_leader();
    a.run_until(15.0).assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::LockReleased);
}

#[test]
fn a_holder_before_it_that_may_have_renewed_unseen_is_waited_for_as_long() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store).without_watch();
    a.run_until(5.0);
    store.edit(renewed);
    store.put_foreign(acquired_by("c", 5));
    a.run_until(8.0);
    let seen_at = a.observed_at();
    a.prove();
    a.run_until(seen_at + 14.9).assert_not_leader();
    a.run_until(seen_at + 15.0).assert_leader();
}

#[test]
fn another_process_under_the_holders_name_is_not_the_one_that_is_proven_dead() {
    let store = store_with(acquired_by("b", 0));
    let mut a = candidate("a", &store);
    a.run_until(5.0);
    store.put_foreign(acquired_by("b", 5));
    a.hear().prove().expect_nothing_due();
    a.run_until(14.9).assert_not_leader();
    a.run_until(15.0).assert_leader();
}

#[test]
fn one_process_that_has_renewed_is_one_holder() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(5.0);
    store.edit(renewed);
    a.hear().prove().expect("acquire").answer().assert_leader();
}

#[test]
fn a_holder_whose_lease_was_deleted_or_emptied_is_waited_for_before_the_next_one() {
    let ends: [fn(&MemoryStore); 2] = [
        |store| assert!(store.delete()),
        |store| drop(store.edit(|record| record.holder.clear())),
    ];
    for end in ends {
        let store = store_held_by("b", 15);
        let mut a = candidate("a", &store);
        a.run_until(5.0);
        end(&store);
        a.hear();
        store.put_foreign(acquired_by("c", 5));
        a.hear().prove().expect_nothing_due();
        a.run_until(19.9).assert_not_leader();
        a.run_until(20.0).assert_leader();
    }
}

#[test]
fn nobody_is_proven_dead_by_a_record_without_a_holder() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(5.0);
    store.edit(|record| record.holder.clear());
    a.hear().prove().expect_nothing_due();
    a.run_until(19.9).assert_not_leader();
    a.run_until(20.0).assert_leader();
}

#[test]
fn of_two_holders_that_are_both_proven_dead_none_is_waited_for() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(5.0).prove();
    store.put_foreign(acquired_by("c", 5));
    a.hear().expect_nothing_due();
    a.prove().expect("acquire").answer().assert_leader();
}

#[test]
fn what_this_candidate_wrote_is_never_proven_to_be_of_the_dead() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(1.0).prove().assert_leader();
    assert!(a.election.provable().is_none());
    a.expect_nothing_due();
    a.at(10.0).assert_lost(LostReason::Expired);
    a.prove().expect("acquire").answer().assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::Regained);
}

#[test]
fn an_earlier_process_under_the_same_name_may_be_proven_dead() {
    let store = store_held_by("a", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0).assert_not_leader();
    a.prove().expect("acquire").answer().assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::LockReleased);
}

#[test]
fn a_candidate_that_holds_back_does_so_no_matter_who_is_dead() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.at(1.0).step_down().drained();
    a.expect("release").answer();
    store.put_foreign(acquired_by("b", 1));
    a.hear().prove().expect_nothing_due();
    a.run_until(15.9).assert_not_leader();
    a.run_until(16.0).assert_leader();
}

#[test]
fn earlier_work_of_this_process_keeps_it_from_succeeding_the_dead() {
    let store = MemoryStore::new();
    let mut a = leader("a", &store);
    a.works_on();
    store.put_foreign(acquired_by("b", 1));
    a.at(1.0).hear().assert_lost(LostReason::Superseded);
    // The term that b has broken in upon was our own.
    a.prove().expect_nothing_due();
    a.at(3.0)
        .drained()
        .expect("acquire")
        .answer()
        .assert_leader();
}

#[test]
fn who_is_stalled_or_stopping_or_only_looks_succeeds_nobody() {
    let store = store_held_by("b", 15);
    let mut stalled = candidate("a", &store);
    stalled.run_until(1.0).stall().prove().expect_nothing_due();
    stalled.alive().expect("acquire").answer().assert_leader();

    let store = store_held_by("b", 15);
    let mut stopping = candidate("a", &store);
    stopping.run_until(1.0).stop().prove().expect_nothing_due();

    let mut observer = candidate("a", &store);
    observer.election = observer.election.observing_only();
    observer.run_until(1.0).prove().expect_nothing_due();
}

#[test]
fn a_clock_that_failed_leaves_no_proof() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(5.0).prove();
    let now = a.now();
    a.election.handle_clock_fault(now);
    a.expect("read").answer().expect_nothing_due();
    a.run_until(19.9).assert_not_leader();
    a.run_until(20.0).assert_leader();
}

#[test]
fn a_proof_that_comes_when_the_lease_has_expired_is_not_how_the_leader_came_to_lead() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(14.0);
    a.at(15.0)
        .prove()
        .expect("acquire")
        .answer()
        .assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::Expired);
}

#[test]
fn a_term_says_how_it_came_about() {
    let how = |mut a: Candidate| a.run_until(20.0).term().acquisition;
    assert_eq!(how(candidate("a", &MemoryStore::new())), Acquisition::Free);
    let never_held = store_with(LeaseRecord::default());
    assert_eq!(how(candidate("a", &never_held)), Acquisition::Free);
    assert_eq!(
        how(candidate("a", &store_with(released()))),
        Acquisition::Released
    );
    assert_eq!(
        how(candidate("a", &store_held_by("b", 15))),
        Acquisition::Expired
    );
    let reclaiming = Settings {
        reclaim: true,
        ..settings()
    };
    let mut a = candidate_with(&store_held_by("a", 15), reclaiming);
    a.run_until(1.0).assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::Regained);
}

#[test]
fn a_late_renewal_regains_the_term_it_could_not_extend() {
    let mut a = leader("a", &MemoryStore::new());
    a.at(8.0).expect("renew").land();
    a.at(10.0).assert_lost(LostReason::Expired);
    a.answer().assert_leader();
    assert_eq!(a.term().acquisition, Acquisition::Regained);
}

#[test]
fn only_a_holder_that_has_noted_its_process_can_be_proven_dead() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0);
    assert!(a.election.provable().is_none());
    store.edit(|record| record.note = Some(noted("b's")));
    a.hear();
    assert_eq!(
        a.election.provable().map(|lease| lease.version),
        Some(stored(&store).version)
    );
    a.prove();
    assert!(a.election.provable().is_none(), "it is proven");
}

#[test]
fn who_looks_on_or_has_been_told_to_stop_wants_no_proof() {
    let store = store_with(LeaseRecord {
        note: Some(noted("b's")),
        ..held_by("b", 15)
    });
    let mut onlooker = candidate("a", &store);
    onlooker.election = onlooker.election.observing_only();
    onlooker.expect("read").answer();
    assert!(onlooker.election.provable().is_none());

    let mut stopping = candidate("a", &store);
    stopping.expect("read").answer().hear();
    stopping.at(15.0).expect("acquire");
    assert!(stopping.election.provable().is_some());
    stopping.stop();
    assert!(stopping.election.provable().is_none());
}

#[test]
fn a_note_stays_beside_a_record_as_long_as_its_holder_does() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(1.0);
    a.election.handle_process(Some(process("ours")));
    a.prove().expect("acquire");
    let note = |acquisition, boot| {
        Box::new(HolderNote {
            acquisition,
            process: process(boot),
        })
    };
    let proven = Acquisition::LockReleased;
    assert_eq!(a.written().note, Some(note(proven, "ours")));
    a.answer().published();

    a.election.handle_process(Some(process("learnt")));
    a.at(3.0).expect("renew");
    assert_eq!(a.written().note, Some(note(proven, "learnt")));
    a.answer().published();

    a.stop().drained().expect("release");
    assert_eq!(a.written().note, None);
}

#[test]
fn a_note_that_changes_starts_no_other_wait() {
    let store = store_held_by("b", 15);
    let mut a = candidate("a", &store);
    a.run_until(5.0);
    store.edit(|record| {
        record.note = Some(Box::new(HolderNote {
            acquisition: Acquisition::Free,
            process: process("b's"),
        }));
    });
    a.run_until(14.9).assert_not_leader();
    a.run_until(15.0).assert_leader();
}

#[test]
fn each_proof_has_its_word() {
    let words = [
        (Proof::ContainerRestarted, Acquisition::ContainerRestarted),
        (Proof::ContainerTerminated, Acquisition::ContainerTerminated),
        (Proof::LockReleased, Acquisition::LockReleased),
    ];
    for (proof, word) in words {
        assert_eq!(Acquisition::from(proof), word);
    }
}
