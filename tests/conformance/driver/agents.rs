//! The agents of a case: who is asked what, and what they said.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::Signal;
use serde_json::Value;

use super::LIMIT;
use super::trace::Trace;
use crate::candidates::Intervals;
use crate::conformance::agent::Agent;
use crate::conformance::case::{Case, EventName};
use crate::conformance::protocol::{
    self, Command, Event, Hello, Outcome, Request, Said, SampledAnswer,
};
use crate::{Answer, Line, Timeline, now};

/// The process of all candidates who do not say which.
const MAIN: &str = "main";

/// Commands that an agent may be without: some languages cannot fork, some JVMs cannot stand still.
const MAY_BE_MISSING: [&str; 2] = ["fork", "stall"];

pub(super) struct Agents<'a> {
    case: &'a Case,
    pub(super) trace: Trace,
    processes: BTreeMap<String, Agent>,
    lines: Receiver<(String, Line)>,
    hello: Option<Hello>,
    requests: u64,
    answers: BTreeMap<u64, Outcome>,
    /// Answers that a later step is about.
    later: BTreeMap<String, u64>,
    /// What each candidate's listener was notified of, oldest first.
    events: BTreeMap<String, VecDeque<Event>>,
    /// What each process has written to its standard error.
    logs: BTreeMap<String, Vec<String>>,
    /// When each candidate that is sampled led.
    intervals: BTreeMap<String, Intervals>,
}

impl<'a> Agents<'a> {
    pub(super) fn start(case: &'a Case, agent: &[String]) -> Result<Self> {
        let (sender, lines) = channel();
        let mut processes = BTreeMap::new();
        for candidate in case.candidates.values() {
            let name = candidate.process.as_deref().unwrap_or(MAIN);
            if !processes.contains_key(name) {
                let process = Agent::start(agent, name, &case.environment, &sender)?;
                processes.insert(name.to_owned(), process);
            }
        }
        let mut agents = Self {
            case,
            trace: Trace::new(),
            processes,
            lines,
            hello: None,
            requests: 0,
            answers: BTreeMap::new(),
            later: BTreeMap::new(),
            events: BTreeMap::new(),
            logs: BTreeMap::new(),
            intervals: BTreeMap::new(),
        };
        agents.greet()?;
        Ok(agents)
    }

    fn greet(&mut self) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        while self.hello.is_none() {
            self.listen(deadline)
                .context("waiting for the agent's hello")?;
        }
        let spoken = self.hello.as_ref().map(|hello| hello.protocol);
        ensure!(
            spoken == Some(protocol::VERSION),
            "the agent speaks protocol {spoken:?}, the driver {}",
            protocol::VERSION
        );
        for command in self.hello.iter().flat_map(|hello| &hello.cannot) {
            ensure!(
                MAY_BE_MISSING.contains(&command.as_str()),
                "each language has means for `{command}`: teach the agent"
            );
        }
        Ok(())
    }

    pub(super) fn cannot(&self, command: &str) -> bool {
        let mut unable = self.hello.iter().flat_map(|hello| &hello.cannot);
        unable.any(|unable| unable == command)
    }

    /// Sends a request and returns its number.
    pub(super) fn ask(&mut self, candidate: &str, command: &Command) -> Result<u64> {
        self.requests += 1;
        let request = Request {
            id: self.requests,
            candidate: candidate.to_owned(),
            command: command.clone(),
        };
        let name = process_of(self.case, candidate);
        let process = self.processes.get_mut(name);
        let process = process.with_context(|| format!("the process {name} was killed"))?;
        let line = process.ask(&request)?;
        self.trace.note(&format!("→ {name}"), line);
        if let Command::Sample { .. } = command {
            let intervals = Intervals::new(candidate);
            self.intervals.insert(candidate.to_owned(), intervals);
        }
        Ok(request.id)
    }

    pub(super) fn answer(&mut self, id: u64) -> Result<Outcome> {
        let deadline = Instant::now() + LIMIT;
        loop {
            if let Some(outcome) = self.answers.remove(&id) {
                return Ok(outcome);
            }
            self.listen(deadline)
                .with_context(|| format!("no answer to request {id}"))?;
        }
    }

    pub(super) fn answer_later(&mut self, name: &str, id: u64) {
        self.later.insert(name.to_owned(), id);
    }

    pub(super) fn later_answer(&mut self, name: &str) -> Result<Outcome> {
        let id = self.later.remove(name);
        self.answer(id.with_context(|| format!("no call is answered as {name}"))?)
    }

    /// Waits for the event. Those that only describe an election's state may be left out by one
    /// store and reported by another, so they are passed over; all others are due in their order.
    pub(super) fn event(
        &mut self,
        candidate: &str,
        name: EventName,
        mut check: impl FnMut(&Value) -> Result<()>,
    ) -> Result<()> {
        let wanted = serde_json::to_value(name)?;
        let deadline = Instant::now() + LIMIT;
        loop {
            while let Some(event) = self.next_event(candidate) {
                let fields = Value::Object(event.fields);
                let verdict = if event.event == wanted {
                    check(&fields)
                } else {
                    Err(anyhow!(
                        "{candidate} was notified of `{}` instead",
                        event.event
                    ))
                };
                match verdict {
                    Err(_) if is_passing(&event.event) => {}
                    verdict => return verdict,
                }
            }
            self.listen(deadline)
                .with_context(|| format!("{candidate} was not notified of {wanted}"))?;
        }
    }

    fn next_event(&mut self, candidate: &str) -> Option<Event> {
        self.events.get_mut(candidate)?.pop_front()
    }

    /// Waits until the log of the candidate's process has such a line, and that so many times.
    pub(super) fn log(&mut self, candidate: &str, says: &[String], times: usize) -> Result<()> {
        let name = process_of(self.case, candidate);
        let deadline = Instant::now() + LIMIT;
        loop {
            let lines = self.logs.get(name).into_iter().flatten();
            let such = lines.filter(|line| says.iter().all(|part| line.contains(part)));
            let count = such.count();
            if count >= times {
                ensure!(count == times, "the log has such a line {count} times");
                return Ok(());
            }
            self.listen(deadline)
                .with_context(|| format!("the log of {name} has such a line {count} times"))?;
        }
    }

    /// There was no event that no step expected. All who were sampled have led, never two of them at
    /// one instant.
    pub(super) fn finish(&mut self) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        while let Some(silent) = self.intervals.values().find(|it| !it.has_led()) {
            let silent = silent.identity().to_owned();
            self.listen(deadline)
                .with_context(|| format!("{silent} is sampled, and never said that it leads"))?;
        }
        while let Ok((name, line)) = self.lines.try_recv() {
            self.hear(&name, line)?;
        }
        let mut left = self.events.values().flatten();
        match left.find(|event| !is_passing(&event.event)) {
            Some(event) => bail!(
                "after the last step: {} was notified of `{}`, which no step expects",
                event.candidate,
                event.event
            ),
            None => self.one_leader(),
        }
    }

    fn one_leader(&mut self) -> Result<()> {
        let all = std::mem::take(&mut self.intervals).into_values();
        let timeline = Timeline::new(all.flat_map(|it| it.finish(now())));
        let overlap = timeline.overlaps().next();
        ensure!(overlap.is_none(), "two leaders at one instant\n{timeline}");
        Ok(())
    }

    pub(super) fn kill(&mut self, name: &str) -> Result<()> {
        let moment = self.agent(name)?.process.signal(Signal::KILL)?;
        self.processes.remove(name);
        self.intervals_of(name).for_each(|it| it.silenced(moment));
        Ok(())
    }

    pub(super) fn pause(&mut self, name: &str) -> Result<()> {
        let moment = self.agent(name)?.process.pause()?;
        self.intervals_of(name).for_each(|it| it.silenced(moment));
        Ok(())
    }

    pub(super) fn resume(&mut self, name: &str) -> Result<()> {
        self.intervals_of(name).for_each(Intervals::resumed);
        self.agent(name)?.process.signal(Signal::CONT)?;
        Ok(())
    }

    fn agent(&self, name: &str) -> Result<&Agent> {
        let agent = self.processes.get(name);
        agent.with_context(|| format!("there is no process {name}"))
    }

    /// Of the candidates that are sampled in this process.
    fn intervals_of(&mut self, process: &str) -> impl Iterator<Item = &mut Intervals> {
        let case = self.case;
        let all = self.intervals.iter_mut();
        all.filter(move |(name, _)| process_of(case, name) == process)
            .map(|(_, intervals)| intervals)
    }

    /// Takes in the next line of any agent.
    fn listen(&mut self, deadline: Instant) -> Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            Ok((name, line)) => self.hear(&name, line),
            Err(RecvTimeoutError::Timeout) => bail!("nothing within {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => bail!("all agents have ended"),
        }
    }

    fn hear(&mut self, name: &str, line: Line) -> Result<()> {
        let line = match line {
            Line::Output(line) => line,
            Line::Error(line) => {
                self.trace.note(&format!("{name} !"), &line);
                self.logs.entry(name.to_owned()).or_default().push(line);
                return Ok(());
            }
            Line::Ended => {
                self.trace.note(&format!("{name} →"), "(has ended)");
                let killed = !self.processes.contains_key(name);
                ensure!(killed, "the agent's process {name} has ended");
                return Ok(());
            }
        };
        self.trace.note(&format!("{name} →"), &line);
        match serde_json::from_str(&line)
            .with_context(|| format!("the agent does not keep to the protocol: {line}"))?
        {
            Said::Hello(hello) => self.hello = Some(hello),
            Said::Answer { id, outcome } => {
                self.answers.insert(id, outcome);
            }
            Said::Sample(SampledAnswer {
                candidate,
                is_leader,
                at,
            }) => {
                let answer = if is_leader {
                    Answer::Leader
                } else {
                    Answer::Follower
                };
                let intervals = self.intervals.get_mut(&candidate);
                intervals
                    .with_context(|| format!("{candidate} is not sampled"))?
                    .note(answer, at);
            }
            Said::Event(event) => {
                let queue = self.events.entry(event.candidate.clone()).or_default();
                queue.push_back(event);
            }
        }
        Ok(())
    }
}

fn process_of<'a>(case: &'a Case, candidate: &str) -> &'a str {
    case.candidates[candidate]
        .process
        .as_deref()
        .unwrap_or(MAIN)
}

fn is_passing(event: &str) -> bool {
    ["leader_changed", "renewal_failing"].contains(&event)
}
