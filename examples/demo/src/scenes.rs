//! The course of the demo: each starts when it is there, and one leader after another is ended.

use std::iter;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use leasehold_tests::{Moment, now};
use rustix::process::Signal;

use super::Interruption;
use crate::candidate::{Candidate, Place};
use crate::handover::Deed;
use crate::history::{History, State};
use crate::joining::{Joining, News, Program};
use crate::ledger::{Ledger, What};
use crate::view::View;
use crate::words;

/// So many sidecars there are from the start, so that there is somebody to hand over to.
const AT_FIRST: usize = 2;
/// So many take part at least.
const LEAST: usize = 3;
/// What is done to one leader after another, when all are there.
const DEEDS: [Deed; 4] = [Deed::Terminate, Deed::Kill, Deed::Pause, Deed::Terminate];
/// How long a leader is watched before it is ended.
const SCENE: Duration = Duration::from_millis(2500);
/// How long after a run the leader is ended: the next one is far, too.
const BETWEEN_RUNS: Duration = Duration::from_millis(400);
/// How much of the time before that is drawn.
const BEFORE: Duration = Duration::from_secs(5);
/// How often it says what it waits for, if no terminal shows it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);
/// How long to wait for anything before the demo gives up.
const LIMIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(10);

pub(crate) struct Play<'a> {
    place: &'a Place,
    candidates: Vec<Candidate>,
    joining: Joining,
    ledger: Ledger,
    history: History,
    view: View,
    interruption: &'a Interruption,
    /// How many terms have been told of.
    told: usize,
}

impl<'a> Play<'a> {
    pub(crate) fn new(
        joining: Joining,
        place: &'a Place,
        ledger: Ledger,
        view: View,
        interruption: &'a Interruption,
    ) -> Self {
        Self {
            place,
            candidates: Vec::new(),
            joining,
            ledger,
            history: History::new(),
            view,
            interruption,
            told: 0,
        }
    }

    /// Plays it to its end.
    pub(crate) fn run(&mut self) -> Result<()> {
        self.begin()?;
        self.wait_for_programs()?;
        self.end_one_after_another()?;
        self.stop_all()?;
        self.view.close();
        Ok(())
    }

    /// With what is there: an election.
    fn begin(&mut self) -> Result<()> {
        for number in 1..=AT_FIRST {
            self.join(Program::sidecar(number)?)?;
        }
        self.wait_for("a first leader", |play| {
            play.history.present_term().is_some()
        })?;
        self.wait_for("all to be ready", Self::all_are_ready)?;
        self.watch(SCENE)
    }

    /// Shows a handover meanwhile, if it takes longer.
    fn wait_for_programs(&mut self) -> Result<()> {
        if !self.joining.pending().is_empty() {
            self.hand_over(Deed::Terminate)?;
            self.bring_all_back()?;
        }
        let mut told_at = Instant::now();
        while !self.joining.pending().is_empty() {
            self.look()?;
            if told_at.elapsed() >= SIGN_OF_LIFE {
                told_at = Instant::now();
                self.view.give_sign_of_life(self.joining.pending());
            }
        }
        for number in AT_FIRST + 1..=AT_FIRST + LEAST.saturating_sub(self.candidates.len()) {
            self.join(Program::sidecar(number)?)?;
        }
        self.wait_for("all to be ready", Self::all_are_ready)?;
        let before = u64::try_from(BEFORE.as_nanos())?;
        self.history.drawn_from = self.history.began.max(now().saturating_sub(before));
        self.watch(SCENE)
    }

    /// Until each has led, and been brought back.
    fn end_one_after_another(&mut self) -> Result<()> {
        let mut all_were_back = false;
        let deeds = DEEDS.into_iter().chain(iter::repeat(Deed::Terminate));
        for (number, deed) in deeds.enumerate() {
            if all_were_back && number >= DEEDS.len() {
                break;
            }
            if self.all_have_led() {
                // Until then they stay away, so that each of the others gets its turn.
                self.bring_all_back()?;
                all_were_back = true;
            }
            self.hand_over(deed)?;
        }
        Ok(())
    }

    /// What has happened so far.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    // ---- what is done --------------------------------------------------------------------------

    fn join(&mut self, program: Program) -> Result<()> {
        let candidate = Candidate::new(program, self.place);
        let who = self.history.join(candidate.name());
        self.candidates.push(candidate);
        self.start(who)
    }

    fn start(&mut self, who: usize) -> Result<()> {
        self.history.act(who, Deed::Start);
        self.candidates[who].start(self.place)
    }

    /// Does it to the present leader, and watches the next one.
    fn hand_over(&mut self, deed: Deed) -> Result<()> {
        let leader = self.end_the_leader(deed)?;
        let next = |play: &Self| play.leader().is_some_and(|next| next != leader);
        self.wait_for("another leader", next)?;
        self.watch(SCENE)
    }

    /// Does it to the present leader, and returns who that was.
    fn end_the_leader(&mut self, deed: Deed) -> Result<usize> {
        // Between two runs: what is cut short in the middle of one is for the fencing token to show.
        let runs = self.history.runs.len();
        self.wait_for("a run of the job", |play| play.history.runs.len() > runs)?;
        self.watch(BETWEEN_RUNS)?;
        self.wait_for("a leader", |play| play.leader().is_some())?;
        let who = self.leader().context("there is one")?;
        self.do_to(who, deed)?;
        let candidate = &self.candidates[who];
        let consequence = words::consequence(deed, candidate.kind());
        let line = format!("{} to {}: {consequence}", deed.name(), candidate.name());
        self.tell(now(), line);
        Ok(who)
    }

    /// It has led until this begins if it is killed, and until this is done if it is paused.
    fn do_to(&mut self, who: usize, deed: Deed) -> Result<()> {
        if deed == Deed::Pause {
            self.candidates[who].pause()?;
        }
        self.history.act(who, deed);
        match deed {
            Deed::Kill => self.candidates[who].signal(Signal::KILL),
            Deed::Terminate => self.candidates[who].signal(Signal::TERM),
            _ => Ok(()),
        }
    }

    /// Starts again who was ended, and wakes who was paused.
    fn bring_all_back(&mut self) -> Result<()> {
        self.wait_for("those that were ended to be gone", |play| {
            let mut all = 0..play.candidates.len();
            all.all(|who| !play.was_ended(who) || play.history.state(who) == State::Down)
        })?;
        for who in 0..self.candidates.len() {
            let name = self.candidates[who].name().to_owned();
            match self.history.state(who) {
                State::Paused => {
                    self.history.act(who, Deed::Resume);
                    self.candidates[who].signal(Signal::CONT)?;
                    let line = format!("SIGCONT to {name}: it wakes after its Lease has expired");
                    self.tell(now(), line);
                }
                State::Down => {
                    self.start(who)?;
                    self.tell(now(), format!("{name} starts again"));
                }
                _ => {}
            }
        }
        self.wait_for("all to be ready", Self::all_are_ready)
    }

    /// The standbys first, so that there is no handover in it.
    fn stop_all(&mut self) -> Result<()> {
        self.tell(now(), "all stop, the leader last");
        let leader = self.leader();
        let all = 0..self.candidates.len();
        let (last, first): (Vec<_>, Vec<_>) = all.partition(|who| Some(*who) == leader);
        for group in [first, last] {
            for &who in &group {
                self.history.act(who, Deed::Terminate);
                self.candidates[who].signal(Signal::TERM)?;
            }
            self.wait_for("all to end", |play| {
                group
                    .iter()
                    .all(|who| play.history.state(*who) == State::Down)
            })?;
        }
        Ok(())
    }

    // ---- how things stand ----------------------------------------------------------------------

    fn leader(&self) -> Option<usize> {
        self.history.present_term().map(|term| term.who)
    }

    /// Whether the last that was done to it is to have ended it.
    fn was_ended(&self, who: usize) -> bool {
        let mut acts = self.history.acts.iter().rev();
        let last = acts.find(|act| act.who == who).map(|act| act.deed);
        matches!(last, Some(Deed::Terminate | Deed::Kill))
    }

    fn all_are_ready(&self) -> bool {
        let mut all = 0..self.candidates.len();
        all.all(|who| self.history.state(who) != State::Starting)
    }

    fn all_have_led(&self) -> bool {
        (0..self.candidates.len()).all(|who| self.history.has_led(who))
    }

    // ---- time passes ---------------------------------------------------------------------------

    fn watch(&mut self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.look()?;
        }
        Ok(())
    }

    fn wait_for(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        while !is_so(self) {
            if Instant::now() > deadline {
                bail!("waited {LIMIT:?} for {what}{}", self.last_words());
            }
            self.look()?;
        }
        Ok(())
    }

    /// What each said last.
    fn last_words(&self) -> String {
        let words = self.candidates.iter();
        let words = words.map(|it| format!("\n\n{} said:\n{}", it.name(), it.last_words()));
        words.collect()
    }

    /// Lets some time pass, and learns what has happened in it.
    fn look(&mut self) -> Result<()> {
        self.interruption.check()?;
        thread::sleep(LOOK);
        for news in self.joining.news()? {
            match news {
                News::Joins(program) => {
                    self.tell(now(), format!("{} joins", program.name));
                    self.join(program)?;
                }
                News::Tells(news) => self.tell(now(), news),
            }
        }
        for who in 0..self.candidates.len() {
            self.look_at(who)?;
        }
        for entry in self.ledger.news()? {
            if let What::Lost { token, .. } = entry.what
                && let Some(line) = words::woken(&self.history, &entry.who, token, entry.moment)
            {
                self.tell(entry.moment, line);
            }
            self.history.note(entry)?;
        }
        self.tell_of_leaders();
        self.view.update(&self.history, self.joining.pending());
        Ok(())
    }

    /// Finds out whether it has ended, and whether it was to.
    fn look_at(&mut self, who: usize) -> Result<()> {
        let was_ended = self.was_ended(who);
        let candidate = &mut self.candidates[who];
        if !was_ended {
            return candidate.check();
        }
        if candidate.is_gone()? {
            self.history.gone(who);
        }
        Ok(())
    }

    fn tell_of_leaders(&mut self) {
        while let Some(term) = self.history.terms.get(self.told) {
            self.told += 1;
            self.tell(term.from, words::leads(&self.history, term));
        }
    }

    fn tell(&mut self, moment: Moment, what: impl AsRef<str>) {
        let pending = self.joining.pending();
        self.view
            .tell(&self.history, pending, moment, what.as_ref());
    }
}

impl Drop for Play<'_> {
    /// Asks all to end at the same time; each is then waited for as it is dropped.
    fn drop(&mut self) {
        self.view.close();
        for candidate in &self.candidates {
            for signal in [Signal::TERM, Signal::CONT] {
                // Gone already.
                let _ = candidate.signal(signal);
            }
        }
    }
}
