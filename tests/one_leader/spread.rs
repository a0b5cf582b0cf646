//! Many elections over few processes, each of which takes part in all.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use leasehold_test_cluster::User;
use leasehold_tests::{LIMIT, Line, Process, command};
use serde_json::{Value, json};

use super::{candidate_command, testbed};

const ELECTIONS: usize = 30;

/// An application, which leads some of its elections.
struct Application {
    process: Process,
    input: ChildStdin,
    told: Arc<Mutex<Told>>,
    requests: u64,
}

#[derive(Default)]
struct Told {
    leads: BTreeSet<String>,
    answers: u64,
}

impl Application {
    /// Starts the agent and makes its candidates, which do not take part yet.
    fn prepared(kubeconfig: &Path, leases: &[String]) -> Self {
        let agent = candidate_command();
        let mut command = command(&agent[0]);
        command.args(&agent[1..]).stdin(Stdio::piped());
        let told: Arc<Mutex<Told>> = Arc::default();
        let hears = told.clone();
        let mut process = Process::start(&mut command, move |line| {
            if let Line::Output(line) = line {
                let line = serde_json::from_str(&line).expect("a line of JSON");
                hears
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .hear(&line);
            }
        })
        .unwrap();
        let input = process.take_input().expect("its input");
        let mut application = Self {
            process,
            input,
            told,
            requests: 0,
        };
        for lease in leases {
            let config = json!({
                "lease": lease, "mode": "kubernetes", "kubeconfig": kubeconfig, "spread": 0.3,
                // So long that nobody's patience ends while a busy machine takes its time.
                "lease_duration": 60, "renew_deadline": 40,
            });
            application.ask(
                &json!({"do": "new", "candidate": lease, "config": config, "hold_losses": false}),
            );
        }
        application.await_answers();
        application
    }

    fn start(&mut self, leases: &[String]) {
        for lease in leases {
            self.ask(&json!({"do": "start", "candidate": lease}));
        }
    }

    fn ask(&mut self, request: &Value) {
        self.requests += 1;
        let mut request = request.clone();
        request["id"] = self.requests.into();
        writeln!(self.input, "{request}").expect("a process that listens");
    }

    fn await_answers(&self) {
        eventually("answers", || {
            self.told(|told| told.answers) == self.requests
        });
    }

    fn leads(&self) -> usize {
        self.told(|told| told.leads.len())
    }

    fn told<T>(&self, of: impl Fn(&Told) -> T) -> T {
        of(&self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Told {
    fn hear(&mut self, line: &Value) {
        let candidate = line["candidate"].as_str().unwrap_or_default();
        match line["event"].as_str() {
            Some("acquired") => _ = self.leads.insert(candidate.to_owned()),
            Some("lost") => _ = self.leads.remove(candidate),
            Some(_) => {}
            None if line["id"].is_null() => {}
            None => {
                assert!(line["error"].is_null(), "{line}");
                self.answers += 1;
            }
        }
    }
}

fn eventually(what: &str, condition: impl Fn() -> bool) {
    let give_up_at = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < give_up_at, "never happened: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// How many elections each leads, once somebody leads each.
fn led(applications: &[Application]) -> Vec<usize> {
    let led = || applications.iter().map(Application::leads);
    eventually("a leader of each", || led().sum::<usize>() == ELECTIONS);
    led().collect()
}

#[test]
fn many_elections_spread_over_few_processes_and_again_when_one_dies() {
    let cluster = testbed().cluster();
    let leases: Vec<_> = (0..ELECTIONS).map(|it| format!("spread-{it}")).collect();
    for lease in &leases {
        cluster.grant(lease).unwrap();
    }
    let kubeconfig = cluster.kubeconfig_for(User::Candidate, None).unwrap();
    let prepare = |_| Application::prepared(&kubeconfig, &leases);
    let mut applications: Vec<_> = (0..3).map(prepare).collect();
    for application in &mut applications {
        application.start(&leases);
    }
    let at_first = led(&applications);

    let mut dead = applications.remove(0);
    dead.process.signal(rustix::process::Signal::KILL).unwrap();
    dead.process.wait().unwrap();
    let after_a_death = led(&applications);
    println!("{at_first:?}, and after the death of the first {after_a_death:?}");
    assert!(
        at_first.iter().all(|it| *it <= ELECTIONS / 2),
        "{at_first:?}"
    );
    assert!(
        after_a_death.iter().all(|it| *it <= 20),
        "{after_a_death:?}"
    );
}
