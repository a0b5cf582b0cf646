//! The election protocol as a pure state machine (sans-IO).
//!
//! [`Election`] knows time only as an argument. It does no I/O, spawns nothing, locks nothing and
//! logs nothing: a driver feeds it inputs (`handle_…`) and carries out its outputs (`poll_…`). The
//! whole protocol can so be tested in virtual time. The model is quinn-proto.
//!
//! Each rule is kept in one place: expiry of other holders in `observed`, whose write a record is in
//! `writes`, what is asked when in `requests`, what an answer means in `outcomes`, how a term begins
//! and ends in `terms`, what the Lease is to remember in `recordings`, to whom a free Lease is left in
//! `yielding`. `lease_snapshot` is for those who look on and take no part, `demand` for those who look on
//! until they want the Lease for one piece of work.

mod demand;
mod event;
mod lease_snapshot;
mod observed;
mod outcomes;
mod recordings;
mod requests;
mod status;
mod terms;
#[cfg(test)]
mod tests;
mod writes;
mod yielding;

use std::collections::VecDeque;
use std::time::Duration;

pub(crate) use self::demand::{Demand, Limits};
pub use self::event::LostReason;
pub(crate) use self::event::{ElectionEvent, TermRecord};
pub use self::lease_snapshot::{LeaseSnapshot, LeaseState};
use self::observed::Observed;
pub(crate) use self::recordings::Recorded;
use self::recordings::Recordings;
use self::requests::AnswerLimit;
pub(crate) use self::requests::request_limit;
pub use self::status::Role;
use self::writes::{SentWrite, Writes};
pub(crate) use self::yielding::Load;
use crate::clock::{Instant, WallTime};
use crate::error::{Error, ErrorKind, Result};
use crate::lease_record::{
    Acquisition, HolderProcess, LeaseRecord, Proof, ResourceVersion, StoredLease,
};

/// Waits are stretched at random by up to this factor, so that candidates spread out
/// (client-go `JitterFactor`). A renew deadline must leave room for one such wait.
pub(crate) const JITTER_FACTOR: f64 = 1.2;

/// What an election goes by, checked by `Config`.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// How long others wait after the record last changed. Whole seconds.
    pub lease_duration: Duration,
    /// How long after its last successful write was sent a leader may act.
    pub renew_deadline: Duration,
    /// The time between renewals, and between attempts that fail.
    pub retry_period: Duration,
    /// How long the application's work may take to stop before the Lease is left to expire.
    pub drain_timeout: Duration,
    /// Whether stopping releases the Lease at once.
    pub release_on_stop: bool,
    /// Whether an unexpired record under this identity is taken up at once, as client-go does.
    pub reclaim: bool,
    /// How long a free Lease is left to others, for each election that this process leads.
    pub spread: Duration,
    /// The rank of this candidate; the first, zero, leaves a free Lease to nobody.
    pub preference: u32,
}

/// A request to the store, to be sent at once and given up at `deadline`.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// What to ask.
    pub operation: Operation,
    /// When to answer [`ErrorKind::TimedOut`] instead of waiting on.
    pub deadline: Instant,
}

/// What to ask of the store.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Read the Lease.
    Read,
    /// Create the Lease.
    Create(LeaseRecord),
    /// Replace the Lease if it is still as seen.
    Replace {
        /// The object and version to be replaced.
        seen: StoredLease,
        /// The new record.
        record: LeaseRecord,
    },
}

/// The store's answer to the request that was polled last.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// To [`Operation::Read`].
    Read(Result<Option<StoredLease>>),
    /// To [`Operation::Create`] and [`Operation::Replace`].
    Written(Result<StoredLease>),
    /// To the same: somebody else was first, or the store says so.
    Conflict(String),
}

/// What a watch tells.
#[derive(Clone, Debug)]
pub(crate) enum Observation {
    /// The watch stands: no need to poll.
    Watching,
    /// The watch has ended: poll until the next one stands.
    NotWatching,
    /// The Lease was created or changed. `complete` if nothing was left out that has happened since
    /// the last report.
    Changed { lease: StoredLease, complete: bool },
    /// The Lease was deleted, at this version.
    Deleted {
        version: ResourceVersion,
        complete: bool,
    },
}

/// The term under which a candidate leads, and how far it reaches.
#[derive(Clone, Debug)]
pub(crate) struct ActiveTerm {
    /// Which term.
    pub term: TermRecord,
    /// The first instant at which this candidate is no longer the leader, by its writes.
    leader_until: Instant,
    /// The same, by what the application has set for this term.
    limit: Option<Instant>,
    renew_at: Instant,
    /// The deadline before an extension that has not been confirmed as published.
    unconfirmed: Option<Instant>,
}

/// Word that the writer of a record is dead, with all that it has started.
#[derive(Clone, Debug)]
pub(crate) struct ProvenDeath {
    /// The object that has the record.
    pub uid: String,
    /// The very version that the dead process, and no other, has written.
    pub version: ResourceVersion,
    /// How it is known.
    pub proof: Proof,
}

/// One candidate's part in the election for one Lease.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, not states of one thing"
)]
pub(crate) struct Election {
    /// This candidate's unique holder string.
    identity: String,
    /// By what others can tell that this process is dead.
    process: Option<HolderProcess>,
    settings: Settings,
    random: fastrand::Rng,
    /// The latest instant seen, to notice a clock that goes backwards.
    now: Instant,
    observed: Observed,
    writes: Writes,
    recordings: Recordings,
    phase: Phase,
    in_flight: Option<InFlight>,
    answer_limit: AnswerLimit,
    /// Before it acts again, this candidate must read what is stored.
    must_read: bool,
    /// The last write came second to another that the watch has not reported yet: until then it need
    /// not read, unless that takes long.
    awaits_watch_until: Option<Instant>,
    /// Writes since the last success, of this candidate or of another one, that came second.
    conflicts: u32,
    /// Attempts to acquire that came second since this candidate last led.
    races_lost: u32,
    /// Why the last write came second, until something shows that it did.
    unexplained_conflict: Option<String>,
    /// No request before this instant.
    retry_at: Instant,
    /// No write before this instant, unless what is stored changes before.
    write_after: Instant,
    /// No attempt to acquire before this instant.
    attempt_at: Instant,
    /// What this process leads beside this Lease.
    load: Load,
    /// The Lease was free when it was first seen, and nobody has held it since.
    found_free: bool,
    /// Without a watch, the next read of the Lease.
    poll_at: Instant,
    /// After the Lease was released, no attempt before this instant.
    hold_back_until: Instant,
    watching: bool,
    stalled: bool,
    stopping: bool,
    part: Part,
    /// Until when a term's work keeps others out, though it ends sooner.
    kept_until: Instant,
    terms: u64,
    /// When the last term began.
    term_began: Instant,
    /// Until when the work of the last term that was lost may go on.
    work_until: Instant,
    /// Terms that have begun and whose work has not ended.
    working: usize,
    /// Until when that work keeps another term from beginning.
    grace_until: Instant,
    notified_holder: Option<String>,
    failing: Option<(Failing, Error)>,
    /// What has failed since it last succeeded, each reported once.
    notified_failures: Vec<(Failing, ErrorKind)>,
    events: VecDeque<ElectionEvent>,
}

/// Who takes part.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
enum Part {
    /// A candidate, for as long as it runs.
    Candidate,
    /// One that looks on.
    Onlooker,
    /// One that looks on until the Lease is wanted for one piece of work.
    OnDemand(Option<Demand>),
}

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
enum Phase {
    /// Follows the Lease and acquires it when it becomes free.
    Candidate,
    /// Entitled to act until `leader_until`.
    Leading(ActiveTerm),
    /// The answer is false already; renews until the work has stopped, or `drain_until`.
    Draining {
        active: ActiveTerm,
        drain_until: Instant,
    },
    /// The work has stopped; releases the Lease, unless it expires first.
    Releasing {
        leader_until: Instant,
        /// Whether it is known to be released already, though the answer has not come.
        given_back: bool,
    },
    /// Nothing more will happen.
    Stopped,
}

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
struct InFlight {
    sent_at: Instant,
    /// The newest version seen when it was sent.
    newest: ResourceVersion,
    is_write: bool,
}

/// Which requests fail. A read that succeeds does not put right what keeps writes from succeeding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failing {
    Reads,
    Writes,
    /// Writes of what the Lease is to remember, while others succeed.
    Recordings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Read,
    Acquire,
    Renew,
    Release,
}

impl Election {
    /// A candidate that knows nothing yet, under an identity that nobody else has. `seed` is for
    /// the jitter.
    pub(crate) fn new(identity: String, settings: Settings, seed: u64, now: Instant) -> Self {
        Self {
            identity,
            process: None,
            random: fastrand::Rng::with_seed(seed),
            now,
            observed: Observed::nothing(settings.lease_duration),
            writes: Writes::default(),
            recordings: Recordings::default(),
            phase: Phase::Candidate,
            in_flight: None,
            answer_limit: AnswerLimit::new(settings.renew_deadline),
            must_read: true,
            awaits_watch_until: None,
            conflicts: 0,
            races_lost: 0,
            unexplained_conflict: None,
            retry_at: now,
            write_after: now,
            attempt_at: now,
            load: Load::default(),
            found_free: false,
            poll_at: now,
            hold_back_until: now,
            watching: false,
            stalled: false,
            stopping: false,
            part: Part::Candidate,
            kept_until: now,
            terms: 0,
            term_began: now,
            work_until: now,
            working: 0,
            grace_until: now,
            notified_holder: None,
            failing: None,
            notified_failures: Vec::new(),
            events: VecDeque::new(),
            settings,
        }
    }

    /// Counts its terms on from `last`, the number of the last term of an earlier run: two terms
    /// never have the same number.
    #[must_use]
    pub(crate) fn counting_terms_from(mut self, last: u64) -> Self {
        self.terms = last;
        self
    }

    /// Takes over the work of so many terms of a campaign before this one, which was asked to end
    /// and may go on; until `grace_until` it keeps another from beginning.
    #[must_use]
    pub(crate) fn after_work(mut self, terms: usize, grace_until: Instant) -> Self {
        self.working = terms;
        self.grace_until = grace_until;
        self
    }

    /// Until when the work of terms that are over keeps another from beginning.
    pub(crate) fn grace_until(&self) -> Instant {
        self.grace_until
    }

    // ---- outputs -------------------------------------------------------------------------------

    /// The next request to send, if one is due. Its answer must come back through `handle_reply`
    /// before another is given out.
    pub(crate) fn poll_request(&mut self, now: Instant, wall: WallTime) -> Option<Request> {
        self.advance(now);
        let (due, action) = self.next_action()?;
        if now < due {
            return None;
        }
        let mut acquisition = Acquisition::Regained;
        let record = match action {
            Action::Read => None,
            Action::Acquire => {
                acquisition = self.acquisition(now);
                Some(self.acquiring_record(wall, acquisition))
            }
            Action::Renew => Some(self.renewing_record(wall)?),
            Action::Release => Some(self.releasing_record(wall)?),
        };
        let newest = self.observed.newest();
        if let Some(record) = record.clone() {
            let mut write = SentWrite::new(record, now, newest, acquisition);
            write.gives_back = action == Action::Release;
            self.writes.push(write);
        }
        self.in_flight = Some(InFlight {
            sent_at: now,
            newest,
            is_write: record.is_some(),
        });
        let operation = match (record, self.observed.lease().cloned()) {
            (None, _) => Operation::Read,
            (Some(record), None) => Operation::Create(record),
            (Some(record), Some(seen)) => Operation::Replace { seen, record },
        };
        Some(Request {
            operation,
            deadline: self.request_deadline(now),
        })
    }

    /// When to call `handle_timeout` and `poll_request` again, if nothing else happens before.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let action = self.next_action().map(|(due, _)| due);
        let phase = match &self.phase {
            Phase::Candidate | Phase::Stopped => None,
            Phase::Leading(active) => Some(active.until()),
            Phase::Draining {
                active,
                drain_until,
            } => Some(active.leader_until.min(*drain_until)),
            Phase::Releasing { leader_until, .. } => Some(*leader_until),
        };
        let expiry = self.expiry_to_notify();
        let demand = self.demand_to_decline();
        let recording = self.recordings.give_up_at();
        let due = action.into_iter().chain(phase).chain(expiry);
        due.chain(demand).chain(recording).min()
    }

    /// What happened since the last call, oldest first.
    pub(crate) fn poll_event(&mut self) -> Option<ElectionEvent> {
        self.events.pop_front()
    }

    /// What `poll_event` would return.
    pub(crate) fn next_event(&self) -> Option<&ElectionEvent> {
        self.events.front()
    }

    /// The right to lead, to be published before anything else is done with an input's outcome.
    pub(crate) fn active_term(&self) -> Option<&ActiveTerm> {
        match &self.phase {
            Phase::Leading(active) => Some(active),
            _ => None,
        }
    }

    /// Until when the work of the latest term may go on: before that, no other candidate leads.
    pub(crate) fn work_until(&self) -> Instant {
        match &self.phase {
            Phase::Leading(active) => self.others_may_acquire_at(active.leader_until),
            Phase::Draining {
                active,
                drain_until,
            } => self
                .others_may_acquire_at(active.leader_until)
                .min(*drain_until),
            Phase::Candidate | Phase::Releasing { .. } | Phase::Stopped => self.work_until,
        }
    }

    /// Whether this candidate holds the Lease, or is about to.
    pub(crate) fn holds(&self) -> bool {
        match self.phase {
            Phase::Leading(_) | Phase::Draining { .. } | Phase::Releasing { .. } => true,
            Phase::Candidate => self.in_flight.as_ref().is_some_and(|it| it.is_write),
            Phase::Stopped => false,
        }
    }

    /// Whether the election has ended.
    pub(crate) fn is_stopped(&self) -> bool {
        matches!(self.phase, Phase::Stopped)
    }

    /// The version that a watch may start from; `None` before the Lease was seen. A candidate would
    /// create one that is not there; who only looks waits for it.
    pub(crate) fn watch_from(&self) -> Option<ResourceVersion> {
        let newest = self.observed.newest();
        let looks_on = !matches!(self.part, Part::Candidate);
        let awaited = looks_on && !self.observed.is_unknown();
        (awaited || newest > ResourceVersion::default()).then_some(newest)
    }

    /// The record whose holder a proof of death would let this candidate succeed at once, with what that
    /// has noted of its process.
    pub(crate) fn provable(&self) -> Option<&StoredLease> {
        let lease = self.observed.lease()?;
        let awaits = matches!(self.phase, Phase::Candidate)
            && !matches!(self.part, Part::Onlooker)
            && !self.stopping
            && self.observed.proof().is_none()
            && lease.record.note.is_some();
        (awaits && !self.is_own(&lease.record)).then_some(lease)
    }

    // ---- inputs --------------------------------------------------------------------------------

    /// The writer of a record is dead, and so is all that it has started. If that is the record as
    /// it is known now, its holder need not be waited for: a write may follow that is conditional
    /// on this very version. Anything newer voids the proof, and a holder before it is still waited
    /// for. While this candidate holds the Lease itself, nothing follows.
    pub(crate) fn handle_proof(&mut self, now: Instant, death: &ProvenDeath) {
        self.advance(now);
        let ProvenDeath {
            uid,
            version,
            proof,
        } = death;
        if self.observed.see_death(now, uid, *version, *proof) {
            self.spread_attempt();
        }
    }

    /// What this candidate's process is known by has changed: the next write notes it.
    pub(crate) fn handle_process(&mut self, process: Option<HolderProcess>) {
        self.process = process;
    }

    /// What this process leads in other elections.
    pub(crate) fn handle_load(&mut self, load: Load) {
        self.load = load;
    }

    /// Time has passed.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
    }

    /// The store has answered the request that was polled last.
    pub(crate) fn handle_reply(&mut self, now: Instant, reply: Reply) {
        self.advance(now);
        let Some(in_flight) = self.in_flight.take() else {
            return;
        };
        match &reply {
            Reply::Read(Err(error)) | Reply::Written(Err(error)) => {
                if error.kind() == ErrorKind::TimedOut {
                    self.answer_limit.grow();
                }
            }
            Reply::Read(Ok(_)) | Reply::Written(Ok(_)) => {
                self.answer_limit.shrink(now.since(in_flight.sent_at));
            }
            Reply::Conflict(_) => {}
        }
        match (reply, in_flight.is_write) {
            (Reply::Read(Ok(lease)), false) => {
                // What the watch has reported meanwhile is newer than an older answer, or than none.
                let overtaken = in_flight.newest < self.observed.newest();
                let older = |lease| self.observed.is_outdated(lease);
                if overtaken && lease.as_ref().is_none_or(older) {
                    // A watch that tells of the past would overtake the next read as well.
                    if self.must_read {
                        self.retry_at = now + self.settings.retry_period / 8;
                    }
                } else {
                    self.handle_read(now, lease);
                }
            }
            (Reply::Written(Ok(lease)), true) => self.handle_written(now, &in_flight, lease),
            (Reply::Read(Err(error)), false) => {
                self.handle_error(now, &in_flight, error);
            }
            (Reply::Written(Err(error)), true) => {
                // It may have taken effect nevertheless: look.
                self.must_read = true;
                self.handle_error(now, &in_flight, error);
            }
            (Reply::Conflict(reason), true) => self.handle_conflict(now, &in_flight, reason),
            (Reply::Read(_), true) | (Reply::Written(_) | Reply::Conflict(_), false) => {
                debug_assert!(false, "a reply of the other kind than its request");
                self.must_read = true;
            }
        }
        self.stop_if_idle();
    }

    /// A watch has reported something.
    pub(crate) fn handle_observation(&mut self, now: Instant, observation: Observation) {
        self.advance(now);
        if self.is_stopped() {
            return;
        }
        match observation {
            Observation::Watching => {
                self.watching = true;
                self.no_longer_failing(Failing::Reads);
            }
            Observation::NotWatching => {
                self.watching = false;
                self.awaits_watch_until = None;
                self.poll_at = self.poll_at.max(now);
            }
            Observation::Changed { lease, complete } if lease.version > self.observed.newest() => {
                if !self.is_news(&lease.record) {
                    self.end_wait_for_watch();
                }
                self.observe(now, lease, complete);
            }
            Observation::Deleted { version, complete } if version > self.observed.newest() => {
                self.end_wait_for_watch();
                self.observe_absent(now, Some(version), complete);
            }
            // Another server's cache may be behind what this election has read or written.
            Observation::Changed { .. } | Observation::Deleted { .. } => {}
        }
        self.stop_if_idle();
    }

    /// The application wants this candidate to stop leading, and then to hold back for one lease
    /// duration so that another may lead. Nothing happens if it does not lead. The Lease is no
    /// longer wanted, if it was on demand.
    pub(crate) fn handle_step_down(&mut self, now: Instant) {
        self.advance(now);
        self.withdraw_demand();
        self.drain(now, LostReason::SteppedDown);
    }

    /// The application is done: stop leading, release, end. A limit for its work replaces that of
    /// the settings, and hastens what is under way.
    pub(crate) fn handle_stop(&mut self, now: Instant, drain_timeout: Option<Duration>) {
        self.advance(now);
        self.stopping = true;
        if let Some(limit) = drain_timeout {
            self.settings.drain_timeout = limit;
            self.shorten_drain(now + limit);
        }
        self.drain(now, LostReason::Stopped);
        self.stop_if_idle();
    }

    /// The work of one lost term has ended. Due once for each term that was acquired.
    pub(crate) fn handle_drained(&mut self, now: Instant) {
        self.advance(now);
        self.working = self.working.saturating_sub(1);
        if self.working == 0 {
            self.work_until = self.work_until.min(now);
        }
        if let Phase::Draining { active, .. } = &self.phase
            && self.working == 0
        {
            self.give_back(active.leader_until);
        }
        self.stop_if_idle();
    }

    /// The host runtime shows no sign of life: not leading, not renewing, not releasing, since its
    /// work may go on where nobody can see it.
    pub(crate) fn handle_stall(&mut self, now: Instant) {
        self.advance(now);
        self.stalled = true;
        match &self.phase {
            Phase::Leading(_) => self.end_term(LostReason::Stalled),
            Phase::Draining { active, .. } => self.leave_to_expire(active.clone()),
            Phase::Candidate | Phase::Releasing { .. } | Phase::Stopped => {}
        }
        self.stop_if_idle();
    }

    /// The host runtime lives again.
    pub(crate) fn handle_alive(&mut self, now: Instant) {
        self.advance(now);
        self.stalled = false;
        // Work that could not run cannot have ended.
        self.grace_until = self.grace_until.max(now + self.settings.drain_timeout);
    }

    /// The clock can no longer be trusted: it belongs to another boot. A request in flight is still
    /// answered, though its deadline means nothing any more.
    pub(crate) fn handle_clock_fault(&mut self, now: Instant) {
        self.now = now;
        self.observed.forget_times(now);
        self.writes.settle_all();
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.sent_at = now;
        }
        self.must_read = true;
        self.awaits_watch_until = None;
        self.retry_at = now;
        self.write_after = now;
        self.poll_at = now;
        self.hold_back_until = now;
        self.kept_until = now;
        self.work_until = now;
        self.grace_until = now + self.settings.drain_timeout;
        self.demand_no_longer_waits();
        match &self.phase {
            Phase::Leading(_) => self.end_term(LostReason::ClockFault),
            Phase::Draining { .. } => self.leave(false),
            Phase::Releasing { given_back, .. } => self.leave(*given_back),
            Phase::Candidate | Phase::Stopped => {}
        }
        self.stop_if_idle();
    }

    /// The term is held back: nobody has heard of it, nor of its end.
    pub(crate) fn handle_held_back(&mut self) {
        if let Phase::Leading(active) = &mut self.phase {
            active.unconfirmed = None;
        }
    }

    /// The leadership that was extended last has been published; `now` was read after that. Had
    /// the old deadline passed by then, somebody may have heard "not leader" within the term:
    /// the term ends, and is never silently re-acquired.
    pub(crate) fn handle_published(&mut self, now: Instant) {
        if let Phase::Leading(active) = &mut self.phase
            && let Some(old_deadline) = active.unconfirmed.take()
            && now >= old_deadline
        {
            self.end_term(LostReason::Expired);
        }
        self.advance(now);
    }
}
