//! Runs a case step by step.

mod agents;
mod trace;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use leasehold_test_cluster::TestCluster;
use serde_json::Value;

use self::agents::Agents;
use super::case::{
    Call, Case, ExpectedError, ExpectedEvent, LeaseStep, ProcessStep, Step, Store, laid_over,
};
use super::expectation::{Expectation, Memory};
use super::fixture::Fixture;
use super::protocol::Outcome;

/// How long a case waits for what must happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
const POLL_PERIOD: Duration = Duration::from_millis(20);

/// Runs `case` on one of its stores. An error names the step, what was expected of it, and
/// everything that was said.
pub(crate) fn run(
    case: &Case,
    store: Store,
    agent: &[String],
    cluster: Option<&TestCluster>,
) -> Result<()> {
    let fixture = Fixture::new(case, store, cluster)?;
    let agents = Agents::start(case, agent)?;
    if let Some(command) = case.commands().find(|command| agents.cannot(command)) {
        println!(
            "{} is passed over: this agent cannot {command}",
            case.number
        );
        return Ok(());
    }
    let mut driver = Driver {
        case,
        fixture,
        agents,
        memory: Memory::new(),
    };
    driver.steps().map_err(|error| {
        anyhow!(
            "{} {} ({})\n  which holds: {}\n  {error:#}\n\nwhat was said and done:\n{}",
            case.number,
            case.title,
            store.name(),
            case.holds,
            driver.agents.trace
        )
    })
}

struct Driver<'a> {
    case: &'a Case,
    fixture: Fixture<'a>,
    agents: Agents<'a>,
    memory: Memory,
}

impl Driver<'_> {
    fn steps(&mut self) -> Result<()> {
        for (index, step) in self.case.steps.iter().enumerate() {
            self.step(step).with_context(|| {
                format!("steps[{index}] failed:\n  {}\n ", self.case.source[index])
            })?;
        }
        self.agents.finish()
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Call(call) => return self.call(call),
            Step::Answer(later) => {
                let outcome = self.agents.later_answer(&later.named)?;
                return self.judge(&outcome, later.answers.as_ref(), later.raises.as_ref());
            }
            Step::Event(expected) => return self.event(expected),
            Step::Log(line) => return self.agents.log(&line.of, &line.says, line.times),
            _ => self.agents.trace.note("outsider", format_args!("{step:?}")),
        }
        match step {
            Step::Lease(step) => self.lease(step),
            Step::WithoutVerbs(verbs) => self.fixture.without_verbs(verbs),
            Step::Network(step) => self.fixture.network(*step),
            Step::Token(step) => self.fixture.token(*step),
            Step::Server(step) => self.fixture.server(*step),
            Step::Process(ProcessStep::Kill(name)) => self.agents.kill(name),
            Step::Process(ProcessStep::Pause(name)) => {
                let _locked = self.fixture.lock()?;
                self.agents.pause(name)
            }
            Step::Process(ProcessStep::Resume(name)) => self.agents.resume(name),
            Step::Call(_) | Step::Answer(_) | Step::Event(_) | Step::Log(_) => Ok(()),
        }
    }

    fn call(&mut self, call: &Call) -> Result<()> {
        let candidate = &self.case.candidates[&call.on];
        let settings = self.fixture.settings(self.case, candidate);
        let settings = laid_over(&settings, &self.case.config);
        let settings = laid_over(&settings, &candidate.config);
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
            LeaseStep::Create(spec) => self.fixture.create(spec),
            LeaseStep::Edit(patch) => self.fixture.edit(patch),
            LeaseStep::Take { holder, duration } => self.fixture.take(holder, *duration),
            LeaseStep::Delete {} => self.fixture.delete(),
            LeaseStep::Damage {} => self.fixture.damage(),
            LeaseStep::Is(expected) => expected.check(&self.fixture.lease()?, &mut self.memory),
            LeaseStep::Becomes(expected) => {
                self.lease_becomes(|lease, memory| expected.check(lease, memory))
            }
            LeaseStep::Renewed(times) => (0..*times).try_for_each(|_| {
                let before = self.fixture.lease()?["spec"]["renewTime"].clone();
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
            match check(&self.fixture.lease()?, &mut self.memory) {
                Err(_) if Instant::now() < deadline => thread::sleep(POLL_PERIOD),
                verdict => return verdict,
            }
        }
    }
}
