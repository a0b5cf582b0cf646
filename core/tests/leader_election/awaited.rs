//! What blocks, awaited instead: without any runtime, and under Tokio.

use std::future::{Future, pending, ready};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use leasehold::lease_store::memory::MemoryStore;
use leasehold::{Config, ErrorKind, LeaderElection, Role, Term};

use crate::support::{LIMIT, acquired, candidate, config, eventually, leader, loss, stopped};

fn under_tokio<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(LIMIT, future).await.unwrap() })
}

fn is_released(store: &MemoryStore) -> bool {
    store.get().unwrap().record.holder.is_empty()
}

#[test]
fn a_stop_is_awaited_until_the_lease_is_released() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    block_on(election.stop_async()).unwrap();
    assert!(is_released(&store) && !election.is_running());

    election.start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    under_tokio(election.stop_async()).unwrap();
    assert!(is_released(&store) && !election.is_running());
    block_on(election.stop_async()).expect("there is nothing to stop");
}

#[test]
fn a_stop_goes_on_though_nobody_awaits_it() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let unpolled = election.stop_async();
    assert!(!election.is_leader());
    eventually("the Lease is released", || is_released(&store));
    drop(unpolled);

    election.start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    drop(election.stop_async());
    eventually("the election has stopped", || !election.is_running());
    assert!(is_released(&store));
}

#[test]
fn leadership_is_awaited() {
    let store = MemoryStore::new();
    let first = candidate(&store, &config());
    let term = block_on(first.wait_for_leadership_async()).unwrap();
    assert!(term.is_valid());
    let again = under_tokio(first.wait_for_leadership_async()).unwrap();
    assert_eq!(again.fencing_token(), term.fencing_token());

    let second = candidate(&store, &config());
    let waiting = second.wait_for_leadership_async();
    first.request_stop().unwrap();
    assert!(under_tokio(waiting).unwrap().fencing_token() > term.fencing_token());
}

#[test]
fn who_awaits_leadership_may_give_up() {
    let store = MemoryStore::new();
    let first = leader(&store, &config());
    let second = candidate(&store, &config());
    under_tokio(async {
        let gives_up = async { tokio::task::yield_now().await };
        tokio::select! {
            biased;
            _ = second.wait_for_leadership_async() => panic!("the first one leads"),
            () = gives_up => {}
        }
    });
    first.stop().unwrap();
    block_on(second.wait_for_leadership_async()).unwrap();
}

#[test]
fn awaiting_leadership_ends_with_the_election() {
    let store = MemoryStore::new();
    let _first = leader(&store, &config());
    let second = candidate(&store, &config());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| block_on(second.wait_for_leadership_async()));
        eventually("it waits", || second.status().holder.is_some());
        second.stop().unwrap();
        let error = waiting.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
    });
    let error = block_on(second.wait_for_leadership_async()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[test]
fn awaited_work_runs_on_the_leader_only() {
    let store = MemoryStore::new();
    let first = leader(&store, &config());
    let second = candidate(&store, &config());
    let work = |term: Term| ready(term.is_valid());
    assert_eq!(block_on(first.run_if_leader_async(work)), Some(true));
    assert_eq!(block_on(second.run_if_leader_async(work)), None);
    assert_eq!(block_on(first.run_while_leader(work)), Some(true));
    assert_eq!(block_on(second.run_while_leader(work)), None);
}

#[test]
fn work_for_as_long_as_it_leads_takes_no_step_after_the_term() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let mut steps = 0;
    let work = election.run_while_leader(|_| {
        std::future::poll_fn(|context| {
            steps += 1;
            // From here on the answer is false, though the background thread may not know yet.
            election.step_down().unwrap();
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        })
    });
    assert_eq!(block_on(work), None);
    assert_eq!(steps, 1);
}

#[test]
fn awaited_work_holds_the_lease_until_it_has_ended() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    thread::scope(|scope| {
        let (started, has_started) = mpsc::channel();
        let work = election.run_if_leader_async(|term| async move {
            started.send(()).unwrap();
            finished.await.unwrap();
            term.is_valid()
        });
        let work = scope.spawn(|| block_on(work));
        has_started.recv_timeout(LIMIT).unwrap();
        election.request_stop().unwrap();
        eventually("it waits for the work", || {
            election.status().role == Role::Draining
        });
        assert!(!is_released(&store));
        finish.send(()).unwrap();
        assert_eq!(work.join().unwrap(), Some(false), "it saw its term end");
        eventually("the Lease is released", || is_released(&store));
    });
}

/// Tells, when it is dropped, whether the Lease was released by then.
struct Witness(MemoryStore, mpsc::Sender<bool>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.1.send(is_released(&self.0)).unwrap();
    }
}

#[test]
fn awaited_work_that_is_dropped_holds_the_lease_until_then() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let (dropped, was_dropped) = mpsc::channel();
    let witness = Witness(store.clone(), dropped);
    under_tokio(async {
        let work = election.run_if_leader_async(|_| async move {
            let _witness = witness;
            pending::<()>().await;
        });
        tokio::select! {
            biased;
            _ = work => panic!("it never ends"),
            () = async { drop(election.stop_async()) } => {}
        }
    });
    assert!(!was_dropped.recv_timeout(LIMIT).unwrap());
    eventually("the Lease is released", || is_released(&store));
}

#[test]
fn work_for_as_long_as_it_leads_is_dropped_before_the_lease_is_released() {
    for tokio in [false, true] {
        let store = MemoryStore::new();
        let election = leader(&store, &config());
        let (dropped, was_dropped) = mpsc::channel();
        let (started, has_started) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let witness = Witness(store.clone(), dropped);
        thread::scope(|scope| {
            let work = election.run_while_leader(|_| async move {
                let _witness = witness;
                started.send(()).unwrap();
                // A future that does not return keeps everybody waiting.
                may_go_on.recv_timeout(LIMIT).unwrap();
                pending::<()>().await;
            });
            let work = scope.spawn(move || {
                if tokio {
                    under_tokio(work)
                } else {
                    block_on(work)
                }
            });
            has_started.recv_timeout(LIMIT).unwrap();
            election.step_down().unwrap();
            eventually("it waits for the work", || {
                election.status().role == Role::Draining
            });
            go_on.send(()).unwrap();
            assert_eq!(work.join().unwrap(), None);
        });
        assert!(!was_dropped.recv_timeout(LIMIT).unwrap());
        eventually("the Lease is released", || is_released(&store));
    }
}

#[test]
fn events_are_awaited() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let mut events = election.subscribe().unwrap();
    let event = block_on(events.recv()).unwrap();
    assert_eq!(event.kind(), leasehold::EventKind::Acquired);
    election.request_stop().unwrap();
    let mut kinds = Vec::new();
    under_tokio(async {
        while kinds.last() != Some(&leasehold::EventKind::Stopped) {
            kinds.push(events.recv().await.unwrap().kind());
        }
    });
    assert!(kinds.contains(&leasehold::EventKind::Lost), "{kinds:?}");
}

/// A waker that asks how the election is, says on which thread it does, and then does not return.
struct Hostile {
    election: Arc<LeaderElection>,
    thread: Mutex<Option<String>>,
    may_return: (Mutex<bool>, Condvar),
}

impl Wake for Hostile {
    fn wake(self: Arc<Self>) {
        let _ = self.election.status();
        let name = thread::current().name().map(str::to_owned);
        *self.thread.lock().unwrap() = name;
        let (may_return, changed) = &self.may_return;
        drop(changed.wait_while(may_return.lock().unwrap(), |may_return| !*may_return));
    }
}

/// Polls `future`, which waits for something of `election`, with a hostile waker. Then that
/// happens, and the elections of the process still go on.
fn wakes_elsewhere(election: &Arc<LeaderElection>, future: impl Future, happens: impl FnOnce()) {
    let hostile = Arc::new(Hostile {
        election: election.clone(),
        thread: Mutex::default(),
        may_return: (Mutex::new(false), Condvar::new()),
    });
    let waker = Waker::from(hostile.clone());
    let mut future = pin!(future);
    let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());

    happens();
    let thread = || hostile.thread.lock().unwrap().clone();
    eventually("it is woken", || thread().is_some());
    assert_eq!(thread().as_deref(), Some("leasehold-wakers"));
    let store = MemoryStore::new();
    let other = leader(&store, &quick());
    let version = || store.get().unwrap().version.0;
    let begun = version();
    eventually("another one renews", || version() > begun + 20);
    drop(other);

    *hostile.may_return.0.lock().unwrap() = true;
    hostile.may_return.1.notify_all();
}

fn quick() -> Config {
    config().retry_period(Duration::from_millis(50))
}

#[test]
fn no_waker_of_the_application_runs_on_the_elections_thread() {
    let store = MemoryStore::new();
    let first = leader(&store, &quick());
    let second = Arc::new(candidate(&store, &quick()));
    let leadership = second.wait_for_leadership_async();
    wakes_elsewhere(&second, leadership, || first.stop().unwrap());

    let mut events = second.subscribe().unwrap();
    acquired(&mut events);
    let work = second.run_while_leader(|_| pending::<()>());
    wakes_elsewhere(&second, work, || second.step_down().unwrap());
    drop(loss(&mut events));

    // Who has stepped down leaves the Lease to others for a while; who starts does not.
    second.stop().unwrap();
    stopped(&mut events);
    second.start().unwrap();
    second.wait_for_leadership(LIMIT).unwrap();
    // A loss that is not read is work that goes on.
    acquired(&mut events);
    let stop = second.stop_async();
    wakes_elsewhere(&second, stop, || drop(loss(&mut events)));

    stopped(&mut events);
    let event = events.recv();
    wakes_elsewhere(&second, event, || second.start().unwrap());
}
