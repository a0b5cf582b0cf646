//! Who takes a free Lease if there is a choice, and how many elections over few processes spread.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Demand, Election, Limits, Load, Settings};
use super::harness::*;
use super::schedule::{Happens, Schedule};
use crate::clock::Instant;
use crate::elector::{Led, Share};
use crate::lease_store::memory::MemoryStore;

fn spreading() -> Settings {
    Settings {
        spread: secs(0.1),
        ..settings()
    }
}

fn ranked(preference: u32) -> Settings {
    Settings {
        preference,
        ..settings()
    }
}

/// Leads `held` other elections, the last since second zero.
fn load(held: u32) -> Load {
    Load {
        held,
        last_term_at: instant(0.0),
    }
}

/// When a candidate tries for a Lease that is released at second 4.
fn tries_after_release(settings: Settings, load: Load) -> f64 {
    let store = store_held_by("x", 15);
    let mut a = candidate_with(&store, settings);
    a.election.handle_load(load);
    a.expect("read").answer().hear();
    store.put_foreign(released());
    a.at(4.0).hear();
    if let Some(asked) = a.try_ask() {
        assert_eq!(asked, "acquire");
        return 0.0;
    }
    let due = a.next_timeout().unwrap();
    a.at(due).expect("acquire");
    due - 4.0
}

#[test]
fn who_leads_so_many_elections_comes_so_much_later() {
    for (held, wait) in [(0, 0.0), (1, 0.1), (7, 0.7)] {
        let tries = tries_after_release(spreading(), load(held));
        assert!((tries - wait).abs() < 1e-6, "{held}: {tries}");
    }
}

#[test]
fn each_rank_comes_a_thirtieth_of_the_lease_duration_later() {
    for (rank, wait) in [(0, 0.0), (1, 0.5), (3, 1.5)] {
        let tries = tries_after_release(ranked(rank), load(5));
        assert!((tries - wait).abs() < 1e-6, "{rank}: {tries}");
    }
}

#[test]
fn nobody_comes_later_than_a_third_of_the_lease_duration() {
    let both = Settings {
        spread: secs(2.0),
        ..ranked(4)
    };
    let all = [
        (ranked(u32::MAX), load(0)),
        (spreading(), load(u32::MAX)),
        (both, load(2)),
    ];
    for (settings, load) in all {
        let tries = tries_after_release(settings, load);
        assert!((tries - 5.0).abs() < 1e-6, "{tries}");
    }
}

#[test]
fn who_waits_for_others_says_so() {
    let store = MemoryStore::new();
    let mut a = candidate_with(&store, ranked(2));
    a.expect("read").answer();
    let why = a.election.why_not_leading(a.now()).unwrap();
    assert!(why.starts_with("leaving the Lease for 1.0 s to "), "{why}");
}

#[test]
fn an_expired_lease_is_left_to_others_as_well() {
    let store = store_held_by("x", 15);
    let mut a = candidate_with(&store, spreading());
    a.election.handle_load(load(3));
    a.expect("read").answer().hear();
    a.at(15.2).expect_nothing_due();
    a.at(15.3).expect("acquire").answer().assert_leader();
}

#[test]
fn who_leads_renews_no_matter_what_else_it_leads() {
    let store = MemoryStore::new();
    let mut a = leader_with(&store, spreading());
    a.election.handle_load(load(100));
    a.at(2.0).expect("renew").answer().assert_leader();
}

#[test]
fn a_record_of_its_own_is_left_to_nobody() {
    let store = store_held_by("a", 15);
    let settings = Settings {
        reclaim: true,
        ..ranked(9)
    };
    let mut a = candidate_with(&store, settings);
    a.expect("read").answer();
    a.expect("acquire").answer().assert_leader();

    let mut b = candidate_with(&store_with(released()), ranked(9));
    b.expect("read").answer().hear();
    b.at(4.5).expect("acquire").answer();
    b.at(5.0).stall().at(6.0).alive();
    b.expect("acquire").answer().assert_leader();
}

#[test]
fn leases_that_were_free_at_the_start_are_taken_one_after_another() {
    let absent = (MemoryStore::new(), "create");
    for (store, asks) in [absent, (store_with(released()), "acquire")] {
        let mut a = candidate_with(&store, spreading());
        a.election.handle_load(load(3));
        a.expect("read").answer();
        // Meanwhile it has won another.
        a.at(0.29).election.handle_load(Load {
            held: 4,
            last_term_at: instant(0.2),
        });
        a.at(0.59).expect_nothing_due();
        a.at(0.6).expect(asks).answer().assert_leader();
    }
}

#[test]
fn one_piece_of_work_waits_for_nobody() {
    let store = MemoryStore::new();
    let election = Election::new("a".to_owned(), ranked(9), 1, START).on_demand();
    let mut a = candidate_of(election, &store);
    a.run_until(0.0);
    let demand = Demand {
        until: instant(1.0),
        limits: Limits::default(),
    };
    a.election.handle_demand(a.now(), demand);
    a.run_until(0.0).assert_leader();
}

/// From a request to its effect, and from there to its answer.
const ONE_WAY: Duration = Duration::from_millis(3);
/// The least and the most from a change to the news of it, in microseconds.
const NEWS: (u64, u64) = (3_000, 20_000);

const ELECTIONS: usize = 30;

/// So many elections over a few processes, of which each takes part in all.
struct Application {
    stores: Vec<MemoryStore>,
    processes: Vec<Process>,
    settings: Settings,
    now: Instant,
    next: Schedule<(usize, usize)>,
    random: fastrand::Rng,
}

struct Process {
    candidates: Vec<(Candidate, Share)>,
    is_dead: bool,
}

impl Application {
    fn new(spread: f64, seed: u64) -> Self {
        Self {
            stores: (0..ELECTIONS).map(|_| MemoryStore::new()).collect(),
            processes: Vec::new(),
            settings: Settings {
                spread: secs(spread),
                ..settings()
            },
            now: instant(0.0),
            next: Schedule::new(),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Starts one more process.
    fn start(&mut self) {
        let led = Arc::<Led>::default();
        let which = self.processes.len();
        let candidate = |(number, store): (usize, &MemoryStore)| {
            let seed = u64::try_from(which * ELECTIONS + number).unwrap();
            let identity = format!("process-{which}");
            let election = Election::new(identity, self.settings.clone(), seed, START);
            let mut candidate = candidate_of(election, store);
            candidate.at_instant(self.now);
            (candidate, led.clone().share())
        };
        let candidates = self.stores.iter().enumerate().map(candidate).collect();
        self.processes.push(Process {
            candidates,
            is_dead: false,
        });
        for election in 0..ELECTIONS {
            self.go_on(which, election);
        }
    }

    fn kill(&mut self, which: usize) {
        self.processes[which].is_dead = true;
    }

    /// A process learns which holders are dead, as far as it can prove that.
    fn prove_deaths(&mut self, which: usize) {
        for election in 0..ELECTIONS {
            let store = &self.stores[election];
            let holder = stored(store).record.holder;
            let is_dead =
                |dead: usize| self.processes[dead].is_dead && holder == format!("process-{dead}");
            if (0..which).any(is_dead) {
                let now = self.now;
                let (candidate, _) = &mut self.processes[which].candidates[election];
                candidate.at_instant(now).prove();
                self.go_on(which, election);
            }
        }
    }

    /// How many elections each living process leads.
    fn led(&self) -> Vec<usize> {
        let living = self.processes.iter().filter(|process| !process.is_dead);
        living
            .map(|process| {
                let leads = |(it, _): &&(Candidate, Share)| it.election.active_term().is_some();
                process.candidates.iter().filter(leads).count()
            })
            .collect()
    }

    fn run_for(&mut self, seconds: f64) {
        let end = self.now + secs(seconds);
        while let Some((at, happens, (which, election))) = self.next.pop() {
            if at > end {
                self.next.push(at, happens, (which, election));
                break;
            }
            self.now = at;
            let process = &mut self.processes[which];
            let (candidate, _) = &mut process.candidates[election];
            // What was sent before a death arrives nevertheless.
            if process.is_dead && happens != Happens::Lands {
                continue;
            }
            candidate.at_instant(at);
            match happens {
                Happens::Hears => _ = candidate.hear(),
                Happens::Lands => {
                    let store = &self.stores[election];
                    let before = store.get().map(|lease| lease.version);
                    candidate.land();
                    let changed = store.get().map(|lease| lease.version) != before;
                    self.push(ONE_WAY, Happens::IsAnswered, which, election);
                    if changed {
                        self.tell_all(election);
                    }
                    continue;
                }
                Happens::IsAnswered => _ = candidate.answer().hear(),
                Happens::IsDue => {}
            }
            self.go_on(which, election);
        }
        self.now = end;
    }

    fn tell_all(&mut self, election: usize) {
        for which in 0..self.processes.len() {
            let late = self.random.u64(NEWS.0..NEWS.1);
            let late = Duration::from_micros(late);
            self.push(late, Happens::Hears, which, election);
        }
    }

    /// What the driver does with one election.
    fn go_on(&mut self, which: usize, election: usize) {
        let now = self.now;
        let (candidate, share) = &mut self.processes[which].candidates[election];
        candidate.election.handle_load(share.others());
        let asked = candidate.try_ask();
        share.count(&candidate.election, now);
        if asked.is_some() {
            self.push(ONE_WAY, Happens::Lands, which, election);
        } else if let Some(due) = candidate.election.poll_timeout()
            && due > now
        {
            self.next.push(due, Happens::IsDue, (which, election));
        }
    }

    fn push(&mut self, late: Duration, happens: Happens, which: usize, election: usize) {
        let at = self.now + late;
        self.next.push(at, happens, (which, election));
    }
}

/// Three processes that start a second after one another.
fn application(spread: f64, seed: u64) -> Application {
    let mut application = Application::new(spread, seed);
    for _ in 0..3 {
        application.start();
        application.run_for(1.0);
    }
    application.run_for(20.0);
    application
}

#[test]
fn thirty_elections_spread_over_three_processes_that_start_one_after_another() {
    for seed in 0..10 {
        let led = application(0.05, seed).led();
        assert_eq!(led.iter().sum::<usize>(), ELECTIONS, "{led:?}");
        assert!(led.iter().all(|it| *it <= 12), "seed {seed}: {led:?}");
    }
}

#[test]
fn who_comes_back_after_a_crash_leads_its_share_again() {
    for seed in 0..10 {
        let mut application = application(0.05, seed);
        let before = application.led();
        application.kill(0);
        application.run_for(2.0);
        application.start();
        application.run_for(0.1);
        // Its container was started again, which it alone knows.
        application.prove_deaths(3);
        application.run_for(30.0);
        let led = application.led();
        assert_eq!(led, [before[1], before[2], before[0]], "seed {seed}");
    }
}

#[test]
fn what_nobody_comes_back_for_is_shared_by_those_who_are_left() {
    for seed in 0..10 {
        let mut application = application(0.05, seed);
        application.start();
        application.run_for(1.0);
        application.kill(0);
        application.run_for(30.0);
        let led = application.led();
        assert_eq!(led.iter().sum::<usize>(), ELECTIONS, "{led:?}");
        assert!(led.iter().all(|it| *it <= 12), "seed {seed}: {led:?}");
    }
}

#[test]
fn who_is_alone_leads_all_within_a_third_of_the_lease_duration() {
    let mut application = Application::new(0.1, 1);
    application.start();
    application.run_for(5.1);
    assert_eq!(application.led(), [ELECTIONS]);
}

#[test]
fn what_is_not_spread_goes_to_who_comes_first() {
    assert_eq!(application(0.0, 1).led(), [ELECTIONS, 0, 0]);
}
