//! A forked child is never the leader, and hurts nobody.

#![expect(unsafe_code, reason = "forks")]

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use leasehold::lease_store::memory::MemoryStore;
use leasehold::{ErrorKind, LeaderElection, Locks, Mode};

use crate::support::{LIMIT, config, leader};

/// Runs `child` in a forked child; true when it returned true. The child ends without unwinding
/// or running destructors of what it inherited, unless `child` does so itself.
fn in_child(child: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child runs `child` alone and leaves by _exit. Allocating there is fine with glibc
    // and musl, whose allocators survive a fork.
    match unsafe { libc::fork() } {
        0 => {
            // A child that waits for its parent's threads waits without end: the alarm ends it.
            // SAFETY: sets a timer.
            unsafe { libc::alarm(60) };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child));
            // SAFETY: ends the child.
            unsafe { libc::_exit(i32::from(!outcome.unwrap_or(false))) }
        }
        pid => {
            let mut status = 0;
            // SAFETY: waits for the child just made.
            assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
            status == 0
        }
    }
}

#[test]
fn a_child_is_never_the_leader_and_its_methods_say_why() {
    let election = leader(&MemoryStore::new(), &config());
    let term = election.term().unwrap();
    assert!(in_child(|| {
        !election.is_leader()
            && !term.is_valid()
            && election.term().is_none()
            && election.remaining().is_zero()
            && election.run_if_leader(|_| ()).is_none()
            && term.check().unwrap_err().kind() == ErrorKind::Forked
            && election.stop().unwrap_err().kind() == ErrorKind::Forked
            && election.start().unwrap_err().kind() == ErrorKind::Forked
            && election.check_health(LIMIT).unwrap_err().kind() == ErrorKind::Forked
            && election
                .status()
                .why_not_leading
                .unwrap()
                .contains("forked")
    }));
    assert!(election.is_leader(), "the parent goes on undisturbed");
}

#[test]
fn a_child_that_drops_the_election_does_not_stop_its_parents() {
    let store = MemoryStore::new();
    // So that no renewal is due meanwhile.
    let config = config()
        .identity("parent")
        .lease_duration(Duration::from_secs(86_400))
        .renew_deadline(Duration::from_secs(43_200))
        .retry_period(Duration::from_secs(3_600));
    let election = leader(&store, &config);
    let mut election = Some(election);
    assert!(in_child(|| {
        drop(election.take());
        true
    }));
    assert!(election.as_ref().is_some_and(LeaderElection::is_leader));
    assert_eq!(
        store.get().unwrap().version.0,
        1,
        "nothing was written since the term began"
    );
}

#[test]
fn a_child_may_start_an_election_of_its_own() {
    let _parents = leader(&MemoryStore::new(), &config());
    assert!(in_child(|| {
        let store = Arc::new(MemoryStore::new());
        let own = LeaderElection::with_store(&config(), store).unwrap();
        own.start().unwrap();
        own.wait_for_leadership(LIMIT).unwrap();
        own.is_leader() && own.stop().is_ok()
    }));
}

#[test]
fn a_child_does_not_look_over_its_parents_connections() {
    let folder = tempfile::tempdir().unwrap();
    let config = config().mode(Mode::File).directory(folder.path());
    let parents = config.observe().unwrap();
    assert!(in_child(|| {
        parents.read().unwrap_err().kind() == ErrorKind::Forked
            && parents.follow().unwrap_err().kind() == ErrorKind::Forked
            && config.observe().unwrap().read().unwrap().is_none()
    }));
}

#[test]
fn a_child_is_told_so_by_locks_that_a_thread_of_its_parent_was_busy_with() {
    let (sender, is_busy) = mpsc::channel();
    let (free, until_free) = mpsc::channel::<()>();
    let until_free = Mutex::new(until_free);
    let locks = Locks::with_stores(&config(), move |_| {
        sender.send(()).unwrap();
        let _ = until_free.lock().unwrap().recv();
        Arc::new(MemoryStore::new())
    });
    let locks = locks.unwrap();
    thread::scope(|scope| {
        let observing = scope.spawn(|| locks.observe("job"));
        is_busy.recv_timeout(LIMIT).unwrap();
        assert!(in_child(|| {
            locks.try_lock("job").unwrap_err().kind() == ErrorKind::Forked
                && locks.observe("job").unwrap_err().kind() == ErrorKind::Forked
                && locks.close().unwrap_err().kind() == ErrorKind::Forked
        }));
        drop(free);
        observing.join().unwrap().unwrap();
    });
}
