//! Plays a case step by step.

mod agents;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use leasehold_test_cluster::TestCluster;
use rustix::process::Signal;
use serde_json::Value;

use self::agents::Agents;
use crate::agent::Agent;
use crate::case::{Call, Case, ExpectedError, ExpectedEvent, LeaseStep, ProcessStep, Step, Store};
use crate::expectation::{Expectation, Memory};
use crate::protocol::Outcome;
use crate::stage::Stage;

/// How long a case waits for what must happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);
const POLL_PERIOD: Duration = Duration::from_millis(20);

/// Plays `case` on one of its stores. An error tells the step, what was expected of it, and
/// everything that was said.
pub(crate) fn play(
    case: &Case,
    store: Store,
    agent: &Agent,
    cluster: Option<&TestCluster>,
) -> Result<()> {
    let stage = Stage::new(case, store, cluster)?;
    let agents = Agents::start(case, agent)?;
    if let Some(command) = case.commands().find(|command| agents.cannot(command)) {
        println!(
            "{} is passed over: this agent cannot {command}",
            case.number
        );
        return Ok(());
    }
    let mut play = Play {
        case,
        stage,
        agents,
        memory: Memory::new(),
    };
    play.steps().map_err(|error| {
        anyhow!(
            "{} {} ({})\n  which holds: {}\n  {error:#}\n\nwhat was said and done:\n{}",
            case.number,
            case.title,
            store.name(),
            case.holds,
            play.agents.transcript
        )
    })
}

struct Play<'a> {
    case: &'a Case,
    stage: Stage<'a>,
    agents: Agents<'a>,
    memory: Memory,
}

impl Play<'_> {
    fn steps(&mut self) -> Result<()> {
        for (index, step) in self.case.steps.iter().enumerate() {
            self.step(step).with_context(|| {
                format!("steps[{index}] failed:\n  {}\n ", self.case.source[index])
            })?;
        }
        self.agents.nothing_left()
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Call(call) => return self.call(call),
            Step::Answer(later) => {
                let outcome = self.agents.later_answer(&later.named)?;
                return self.judge(&outcome, later.answers.as_ref(), later.raises.as_ref());
            }
            Step::Event(expected) => return self.event(expected),
            _ => self
                .agents
                .transcript
                .note("outsider", format_args!("{step:?}")),
        }
        match step {
            Step::Lease(step) => self.lease(step),
            Step::WithoutVerbs(verbs) => self.stage.without_verbs(verbs),
            Step::Network(step) => self.stage.network(*step),
            Step::Token(step) => self.stage.token(*step),
            Step::Server(step) => self.stage.server(*step),
            Step::Process(ProcessStep::Kill(name)) => self.agents.kill(name),
            Step::Process(ProcessStep::Pause(name)) => {
                let _locked = self.stage.lock()?;
                self.agents.process(name)?.pause()
            }
            Step::Process(ProcessStep::Resume(name)) => {
                self.agents.process(name)?.signal(Signal::CONT)
            }
            Step::Call(_) | Step::Answer(_) | Step::Event(_) => Ok(()),
        }
    }

    fn call(&mut self, call: &Call) -> Result<()> {
        let candidate = &self.case.candidates[&call.on];
        let settings = self.stage.settings(self.case, candidate);
        let settings = crate::case::laid_over(&settings, &self.case.config);
        let settings = crate::case::laid_over(&settings, &candidate.config);
        let command = call.command(&settings, candidate.hold_losses)?;
        let deadline = Instant::now() + LIMIT;
        loop {
            let id = self.agents.ask(&call.on, &command)?;
            if let Some(name) = &call.answered_as {
                self.agents.answer_later(name, id);
                return Ok(());
            }
            let outcome = self.agents.answer(id)?;
            match self.judge(&outcome, call.answers.as_ref(), call.raises.as_ref()) {
                Err(_) if call.eventually && Instant::now() < deadline => {
                    thread::sleep(POLL_PERIOD);
                }
                verdict => return verdict,
            }
        }
    }

    fn judge(
        &mut self,
        outcome: &Outcome,
        answers: Option<&Expectation>,
        raises: Option<&ExpectedError>,
    ) -> Result<()> {
        match (outcome, raises) {
            (Outcome::Ok(value), None) => {
                let Some(expected) = answers else {
                    return Ok(());
                };
                expected.check(value, &mut self.memory)
            }
            (Outcome::Ok(value), Some(expected)) => {
                bail!(
                    "it should have raised {}, but returned {value}",
                    expected.kind
                )
            }
            (Outcome::Error(error), None) => {
                bail!("it raised {}: {}", error.kind, error.message)
            }
            (Outcome::Error(error), Some(expected)) => {
                let (kind, message) = (&error.kind, &error.message);
                ensure!(*kind == expected.kind, "it raised {kind}: {message}");
                for part in &expected.says {
                    ensure!(message.contains(part), "{message:?} does not say {part:?}");
                }
                Ok(())
            }
        }
    }

    fn event(&mut self, expected: &ExpectedEvent) -> Result<()> {
        let memory = &mut self.memory;
        self.agents
            .event(&expected.of, expected.is, |fields| match &expected.with {
                Some(with) => with.check(fields, memory),
                None => Ok(()),
            })
    }

    fn lease(&mut self, step: &LeaseStep) -> Result<()> {
        match step {
            LeaseStep::Create(spec) => self.stage.create(spec),
            LeaseStep::Edit(patch) => self.stage.edit(patch),
            LeaseStep::Take { holder, duration } => self.stage.take(holder, *duration),
            LeaseStep::Delete {} => self.stage.delete(),
            LeaseStep::Damage {} => self.stage.damage(),
            LeaseStep::Is(expected) => expected.check(&self.stage.lease()?, &mut self.memory),
            LeaseStep::Becomes(expected) => {
                self.lease_becomes(|lease, memory| expected.check(lease, memory))
            }
            LeaseStep::Renewed(times) => (0..*times).try_for_each(|_| {
                let before = self.stage.lease()?["spec"]["renewTime"].clone();
                self.lease_becomes(|lease, _| {
                    let renewed = lease["spec"]["renewTime"] != before;
                    ensure!(renewed, "not renewed since {before}");
                    Ok(())
                })
            }),
        }
    }

    fn lease_becomes(&mut self, check: impl Fn(&Value, &mut Memory) -> Result<()>) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        loop {
            match check(&self.stage.lease()?, &mut self.memory) {
                Err(_) if Instant::now() < deadline => thread::sleep(POLL_PERIOD),
                verdict => return verdict,
            }
        }
    }
}
