//! Work that runs once, no matter who leads.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use leasehold::bindings::{ForeignElection, OnceCall, OnceNews, OnceWork};
use leasehold::lease_record::{ATTEMPTS, Begun, LeaseRecord, Memory};
use leasehold::lease_store::memory::MemoryStore;
use leasehold::{
    Config, ErrorKind, Event, LeaderElection, MOST_ATTEMPTS, Mode, RunOnceError, Term,
};

use tokio::sync::Notify;

use crate::support::{LIMIT, candidate, config, eventually, leader};

type Outcome<T> = Result<Option<T>, RunOnceError<&'static str>>;

fn memory(store: &MemoryStore) -> Memory {
    store
        .get()
        .map(|lease| *lease.record.memory)
        .unwrap_or_default()
}

fn quick() -> Config {
    config()
        .lease_duration(Duration::from_secs(11))
        .renew_deadline(Duration::from_secs(10))
        .retry_period(Duration::from_millis(100))
}

#[track_caller]
fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> leasehold::Error {
    match outcome {
        Err(RunOnceError::Election(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn work_runs_once_and_not_again_elsewhere() {
    let store = MemoryStore::new();
    let first = leader(&store, &config());
    let token: Outcome<u64> = first.run_once("1.4.2", |term| {
        assert!(term.is_valid());
        Ok(term.fencing_token())
    });
    assert_eq!(token.unwrap(), Some(first.term().unwrap().fencing_token()));
    assert_eq!(memory(&store).done, ["1.4.2"]);
    let second = candidate(&store, &config());
    for election in [&first, &second] {
        let again: Outcome<()> = election.run_once("1.4.2", |_| unreachable!("it is done"));
        assert_eq!(again.unwrap(), None);
    }
    assert!(first.is_leader(), "its election goes on");
    let next: Outcome<()> = first.run_once("1.4.3", |_| Ok(()));
    assert_eq!(next.unwrap(), Some(()));
}

#[test]
fn who_does_not_lead_waits_until_it_is_done() {
    let store = MemoryStore::new();
    let first = leader(&store, &config());
    let second = candidate(&store, &config());
    thread::scope(|scope| {
        let (at_work, is_at_work) = mpsc::channel();
        let (finish, may_finish) = mpsc::channel::<()>();
        scope.spawn(move || {
            let done: Outcome<()> = first.run_once("1", |_| {
                at_work.send(()).unwrap();
                may_finish.recv().unwrap();
                Ok(())
            });
            assert_eq!(done.unwrap(), Some(()));
        });
        is_at_work.recv_timeout(LIMIT).unwrap();
        let waiting = scope.spawn(move || {
            let done: Outcome<()> = second.run_once("1", |_| unreachable!("another is at it"));
            done.unwrap()
        });
        let by = store.get().unwrap().record.holder;
        let attempts = 1;
        let key = "1".to_owned();
        let begun = Begun {
            key,
            attempts,
            by,
            failure: None,
        };
        assert_eq!(memory(&store).begun, [begun]);
        finish.send(()).unwrap();
        assert_eq!(waiting.join().unwrap(), None);
    });
    assert_eq!(memory(&store).begun, []);
}

#[test]
fn an_election_that_does_not_run_runs_for_that_long() {
    let store = MemoryStore::new();
    let election =
        LeaderElection::with_store(&config(), std::sync::Arc::new(store.clone())).unwrap();
    let done: Outcome<bool> = election.run_once("1", |_| Ok(election.is_leader()));
    assert_eq!(done.unwrap(), Some(true));
    assert!(!election.is_running());
    assert_eq!(store.get().unwrap().record.holder, "", "it was released");
}

#[test]
fn what_is_begun_while_an_earlier_run_stops_waits_for_its_end_and_starts_the_next() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let unfinished = election.begin_work().unwrap();
    election.request_stop().unwrap();
    let look = &mut Context::from_waker(Waker::noop());
    let mut next = pin!(election.run_once_async("1", |_| async { Ok(()) }));
    assert!(next.as_mut().poll(look).is_pending(), "it stops still");
    drop(unfinished);
    let done: Outcome<()> = runtime().block_on(next);
    assert_eq!(done.unwrap(), Some(()));
    assert!(!election.is_running(), "it was started for that");
}

#[test]
fn an_election_that_the_application_starts_meanwhile_runs_on() {
    let store = MemoryStore::new();
    let election =
        LeaderElection::with_store(&config(), std::sync::Arc::new(store.clone())).unwrap();
    let done: Outcome<()> = election.run_once("1", |_| {
        election.start().unwrap();
        Ok(())
    });
    assert_eq!(done.unwrap(), Some(()));
    assert!(election.is_running());
    election.stop().unwrap();
    let next: Outcome<()> = election.run_once("2", |_| Ok(()));
    assert_eq!(next.unwrap(), Some(()));
    assert!(!election.is_running(), "nobody has started this one");
}

#[test]
fn two_threads_of_one_leader_do_not_work_at_once() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let runs = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let done: Outcome<()> = election.run_once("1", |_| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    thread::yield_now();
                    Ok(())
                });
                done.unwrap();
            });
        }
    });
    assert_eq!(runs.into_inner(), 1);
}

#[test]
fn what_fails_is_begun_again_elsewhere_until_all_give_up() {
    let store = MemoryStore::new();
    let mut attempts = 0;
    while attempts < MOST_ATTEMPTS {
        let election = candidate(&store, &quick().identity(format!("c{attempts}")));
        let failed: Outcome<()> = election.run_once("1", |_| Err("exit status 3"));
        assert!(matches!(failed, Err(RunOnceError::Work("exit status 3"))));
        attempts += 1;
        let begun = memory(&store).begun("1").cloned().unwrap();
        assert_eq!(begun.attempts, attempts);
        assert_eq!(begun.failure.as_deref(), Some("exit status 3"));
        eventually("another may lead", || !election.is_leader());
    }
    let election = candidate(&store, &quick());
    let refused: Outcome<()> = election.run_once("1", |_| unreachable!("it has failed too often"));
    let error = refusal(refused);
    assert_eq!(error.kind(), ErrorKind::WorkFailed);
    for part in ["`1`", "5 attempts", "`c4`", "exit status 3", ATTEMPTS] {
        assert!(error.message().contains(part), "{error}");
    }
    let other: Outcome<()> = election.run_once("2", |_| Ok(()));
    assert_eq!(other.unwrap(), Some(()));
}

#[test]
fn those_who_wait_give_up_with_the_one_who_has_failed_last() {
    let store = MemoryStore::new();
    let first = leader(&store, &config());
    store.edit(|record| {
        record.memory.begun = vec![Begun {
            key: "1".to_owned(),
            attempts: MOST_ATTEMPTS,
            by: record.holder.clone(),
            failure: None,
        }];
    });
    let second = candidate(&store, &config());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| -> Outcome<()> {
            second.run_once("1", |_| unreachable!("it does not lead"))
        });
        eventually("it waits for the last attempt", || {
            second.status().holder.is_some()
        });
        store.edit(|record| record.memory.begun[0].failure = Some("no such table".to_owned()));
        let error = refusal(waiting.join().unwrap());
        assert_eq!(error.kind(), ErrorKind::WorkFailed);
        assert!(error.message().contains("no such table"), "{error}");
    });
    assert!(first.is_leader());
}

#[test]
fn work_whose_term_has_ended_is_not_recorded_and_begun_again() {
    let store = MemoryStore::new();
    let election = leader(&store, &quick());
    let mut terms: Vec<Term> = Vec::new();
    let done: Outcome<()> = election.run_once("1", |term| {
        terms.push(term.clone());
        if terms.len() == 1 {
            store.delete();
            eventually("the term has ended", || !term.is_valid());
        }
        Ok(())
    });
    assert_eq!(done.unwrap(), Some(()));
    assert_eq!(terms.len(), 2);
    assert!(terms[0].fencing_token() < terms[1].fencing_token());
    assert_eq!(memory(&store).done, ["1"]);
}

#[test]
fn a_stop_ends_the_wait() {
    let store = MemoryStore::new();
    let _first = leader(&store, &config());
    let second = candidate(&store, &config());
    let work = second.run_once_async("1", |_| std::future::ready(Ok(())));
    let mut waiting = pin!(work);
    let look = &mut Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(look).is_pending());
    second.stop().unwrap();
    let stopped: Outcome<()> = runtime().block_on(waiting);
    assert_eq!(refusal(stopped).kind(), ErrorKind::Closed);
}

#[test]
fn nothing_runs_on_what_cannot_be_understood() {
    let store = MemoryStore::new();
    store.put_foreign(LeaseRecord::default());
    store
        .edit(|record| record.memory.unreadable = Some("leasehold.io/done: not a list".to_owned()));
    let election = candidate(&store, &config());
    let error = refusal(election.run_once("1", |_| -> Result<(), _> { unreachable!() }));
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(
        error.message().contains("leasehold.io/done: not a list"),
        "{error}"
    );
}

#[test]
fn a_key_that_cannot_be_one_is_refused() {
    let election =
        LeaderElection::with_store(&config(), std::sync::Arc::new(MemoryStore::new())).unwrap();
    let long = "x".repeat(129);
    for (key, fix) in [
        ("", "is the variable set that it comes from?"),
        ("version 2", "without spaces"),
        ("1.0\n", "without spaces"),
        ("größer", "ASCII"),
        (long.as_str(), "1 to 128"),
    ] {
        let error = refusal(election.run_once(key, |_| -> Result<(), _> { unreachable!() }));
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().starts_with("key = `"), "{error}");
        assert!(error.message().contains(fix), "{error}");
    }
    assert!(!election.is_running());
}

#[test]
fn mode_always_runs_it_each_time_and_mode_never_at_no_time() {
    let always = config().mode(Mode::Always).start().unwrap();
    for _ in 0..2 {
        let done: Outcome<bool> = always.run_once("1", |term| Ok(term.is_valid()));
        assert_eq!(done.unwrap(), Some(true));
    }
    let never = config().mode(Mode::Never).start().unwrap();
    let done: Outcome<()> = never.run_once("1", |_| unreachable!());
    assert_eq!(done.unwrap(), None);
}

#[test]
fn awaited_work_is_dropped_with_its_term() {
    let store = MemoryStore::new();
    let election = leader(&store, &quick());
    let mut runs = 0;
    let done: Outcome<u32> = runtime().block_on(election.run_once_async("1", |_| {
        runs += 1;
        let (run, store) = (runs, store.clone());
        async move {
            if run == 1 {
                store.delete();
                std::future::pending::<()>().await;
            }
            Ok(run)
        }
    }));
    assert_eq!(done.unwrap(), Some(2));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[track_caller]
fn is_taken_over(store: &MemoryStore, second: &LeaderElection) {
    eventually("another leads", || second.is_leader());
    let done: Outcome<()> = second.run_once("1", |_| Ok(()));
    assert_eq!(done.unwrap(), Some(()));
    assert_eq!(memory(store).done, ["1"]);
}

#[test]
fn work_that_panics_is_taken_over() {
    let store = MemoryStore::new();
    let first = leader(&store, &quick());
    let second = candidate(&store, &quick());
    let panicked = thread::scope(|scope| {
        let work = || -> Outcome<()> { first.run_once("1", |_| panic!("on purpose")) };
        scope.spawn(work).join()
    });
    panicked.unwrap_err();
    is_taken_over(&store, &second);
}

#[test]
fn work_that_nobody_awaits_any_more_is_taken_over() {
    let store = MemoryStore::new();
    let first = leader(&store, &quick());
    let second = candidate(&store, &quick());
    let begun = Notify::new();
    runtime().block_on(async {
        let work = first.run_once_async("1", |_| async {
            begun.notify_one();
            std::future::pending::<Result<(), _>>().await
        });
        tokio::select! {
            done = work => { let done: Outcome<()> = done; panic!("{done:?}") }
            () = begun.notified() => {}
        }
    });
    is_taken_over(&store, &second);
}

#[test]
fn work_does_not_begin_under_a_term_that_is_over_when_the_beginning_is_told() {
    let store = MemoryStore::new();
    let election = leader(&store, &quick());
    let term = election.term().unwrap();
    let mut once = runtime().block_on(election.once("1")).unwrap();
    let mut next = pin!(once.next());
    // While the store answers nobody, so that it is asked for and not recorded yet.
    store.edit(|_| {
        let look = &mut Context::from_waker(Waker::noop());
        assert!(next.as_mut().poll(look).is_pending());
    });
    runtime().block_on(async {
        // What was asked for later is recorded: so the beginning is, and nobody has looked yet.
        let other: Outcome<()> = election.run_once("2", |_| Ok(()));
        assert_eq!(other.unwrap(), Some(()));
        store.delete();
        eventually("the term has ended", || !term.is_valid());
        let begun = next.await.unwrap().unwrap();
        assert!(begun.fencing_token() > term.fencing_token());
    });
}

/// A call of another language's whose work has begun.
fn begun(election: &LeaderElection) -> (OnceCall, OnceWork) {
    runtime().block_on(async {
        let mut call = OnceCall::begin(election, "1").await.unwrap();
        match call.next().await {
            Ok(Some(OnceNews::Begun(work))) => (call, work),
            other => panic!("{other:?}"),
        }
    })
}

#[test]
fn a_listener_whose_work_is_the_last_to_end_does_not_wait_for_the_election() {
    let config = config().drain_timeout(Duration::from_secs(3600));
    let store = Arc::new(MemoryStore::new());
    let election = Arc::new(LeaderElection::with_store(&config, store).unwrap());
    let (go_on, gate) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let weak = Arc::downgrade(&election);
    let _registration = election
        .add_listener(move |event| {
            let (Event::Acquired(_), Some(election)) = (event, weak.upgrade()) else {
                return;
            };
            let outcome = runtime().block_on(async {
                let mut call = OnceCall::begin_in_listener(&election, "2").await?;
                if let Some(OnceNews::Begun(work)) = call.next().await? {
                    tell.send("begun").unwrap();
                    gate.recv().unwrap();
                    work.ended(None);
                }
                call.next().await
            });
            assert!(matches!(outcome, Ok(Some(OnceNews::Done(true)))));
            tell.send("done").unwrap();
        })
        .unwrap();

    let (mut call, work) = begun(&election);
    assert_eq!(told.recv_timeout(LIMIT), Ok("begun"));
    work.ended(None);
    let news = runtime().block_on(call.next());
    assert!(matches!(news, Ok(Some(OnceNews::Done(true)))), "{news:?}");
    go_on.send(()).unwrap();
    assert_eq!(told.recv_timeout(LIMIT), Ok("done"));
    eventually("it has stopped", || !election.is_running());
}

#[test]
fn a_stop_ends_the_wait_for_a_term_though_other_work_goes_on() {
    let config = config().drain_timeout(LIMIT);
    let election = leader(&MemoryStore::new(), &config);
    let other = election.run_if_leader(|_| {
        let (mut call, work) = begun(&election);
        election.request_stop().unwrap();
        work.ended(None);
        let stopped = runtime().block_on(call.next()).unwrap_err();
        assert_eq!(stopped.kind(), ErrorKind::Closed);
        assert!(election.is_running(), "it waits for the other");
    });
    assert_eq!(other, Some(()));
}

#[test]
fn how_work_went_is_recorded_though_its_caller_has_gone_before_the_answer() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let (call, work) = begun(&election);
    work.ended(None);
    drop(call);
    eventually("it is recorded", || memory(&store).done == ["1"]);
    assert!(election.is_leader(), "nothing is left to others");
}

#[test]
fn how_work_went_is_recorded_though_its_caller_goes_while_the_store_is_asked() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let (mut call, work) = begun(&election);
    store.edit(|_| {
        work.ended(None);
        let look = &mut Context::from_waker(Waker::noop());
        let hold = call.hold();
        assert!(pin!(call.next()).poll(look).is_pending());
        drop(hold);
        let news = runtime().block_on(call.next());
        assert!(matches!(news, Ok(None)), "{news:?}");
    });
    eventually("it is recorded", || memory(&store).done == ["1"]);
    assert!(election.is_leader(), "nothing is left to others");
}

#[test]
fn work_that_does_not_begin_since_its_term_has_ended_has_not_failed() {
    let store = MemoryStore::new();
    let election = leader(&store, &quick());
    let (mut call, work) = begun(&election);
    let term = work.term.clone();
    store.delete();
    eventually("the term has ended", || !term.is_valid());
    drop(work);
    let next = runtime().block_on(call.next()).unwrap();
    let Some(OnceNews::Begun(next)) = next else {
        panic!("{next:?}");
    };
    assert!(next.term.fencing_token() > term.fencing_token());

    election.request_stop().unwrap();
    drop(next);
    let stopped = runtime().block_on(call.next()).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Closed);
}

#[test]
fn a_stop_ends_the_wait_for_another_of_the_same_process_that_works_on() {
    let store = MemoryStore::new();
    let election = leader(&store, &config());
    let (call, work) = begun(&election);
    let mut waiting = pin!(election.run_once_async("1", |_| async { Ok(()) }));
    let look = &mut Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(look).is_pending());
    election.stop_within(Duration::ZERO).unwrap();
    let stopped: Outcome<()> = runtime().block_on(waiting);
    assert_eq!(refusal(stopped).kind(), ErrorKind::Closed);
    drop((call, work));
}
