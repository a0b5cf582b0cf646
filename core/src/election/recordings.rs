//! What the application wants the Lease to remember: changes, each written with a renewal.
//!
//! Invariant: a change is written only by a renewal of the term under which it was asked for, and counts as
//! recorded only when what is stored is that very write, and remembers what that wrote. A term that has
//! ended records nothing. A store that takes no changes costs no term: renewals go on without them. Work that
//! is to run once waits for that; a firing, which is due now or not at all, only for a while.

use std::time::Duration;

use super::writes::SentWrite;
use super::{Election, Failing, Phase};
use crate::clock::{Instant, WallTime};
use crate::error::{Error, ErrorKind};
use crate::lease_record::{LeaseRecord, Memory, MemoryChange, StoredLease};

/// Work that has failed is begun again a retry period after the next term has begun, after the second
/// failure two, and so on: at most so many.
const LONGEST_BACKOFF: u32 = 32;

static NOTHING: Memory = Memory::nothing();

/// What has become of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The Lease remembers it.
    Written,
    /// There was nothing to change: the Lease says so already, or what it says forbids it.
    Unchanged,
    /// The term has ended. Nobody knows whether the Lease remembers it: look.
    TermOver,
    /// It was given up, since it could not be written for so long. As above.
    TooLate,
}

/// The changes that are not settled yet, oldest first, and those of which nobody has heard yet.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Recordings {
    asked: u64,
    pending: Vec<Recording>,
    settled: Vec<(u64, Recorded)>,
    /// Until then, renewals go without changes: the last that had some was refused, or not kept.
    deferred_until: Instant,
}

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
struct Recording {
    number: u64,
    change: MemoryChange,
    /// The renew time of the first write that made it, which all later ones do as well, but for those
    /// that go without changes, after which it is written as if for the first time.
    written_at: Option<WallTime>,
    /// Whether some write made it.
    was_sent: bool,
    /// When it is given up.
    until: Option<Instant>,
}

impl Recording {
    /// Makes the change in `memory`, or returns what has become of it if there is nothing to change.
    fn make_in(&self, memory: &mut Memory) -> Option<Recorded> {
        if memory.make(&self.change) {
            None
        } else if self.is_made_in(memory) {
            Some(Recorded::Written)
        } else {
            Some(Recorded::Unchanged)
        }
    }

    /// Whether a write has made it that was refused or not answered, and took effect nevertheless, after a
    /// later one had been sent without it. The term lasts, so nobody else has made it: it was not there when
    /// it was sent first, and nobody else has led since.
    fn is_made_in(&self, memory: &Memory) -> bool {
        match &self.change {
            MemoryChange::Fire { job, due } => {
                self.was_sent && memory.firings.last(job) == Some(*due)
            }
            // Those count each time, or hold no matter who has said it.
            _ => false,
        }
    }
}

impl Recordings {
    /// The term has ended.
    pub(super) fn end(&mut self) {
        let over = self.pending.drain(..);
        self.settled
            .extend(over.map(|it| (it.number, Recorded::TermOver)));
    }

    /// Gives up what has not been recorded in time.
    pub(super) fn give_up(&mut self, now: Instant) {
        let is_late = |it: &mut Recording| it.until.is_some_and(|until| until <= now);
        let late = self.pending.extract_if(.., is_late);
        self.settled
            .extend(late.map(|it| (it.number, Recorded::TooLate)));
    }

    /// When to give up the next.
    pub(super) fn give_up_at(&self) -> Option<Instant> {
        self.pending.iter().filter_map(|it| it.until).min()
    }

    /// Whether the last write had some of them.
    fn were_written(&self) -> bool {
        self.pending.iter().any(|it| it.written_at.is_some())
    }
}

impl Election {
    /// What the Lease remembers; `None` before anything was seen of it.
    pub(crate) fn memory(&self) -> Option<&Memory> {
        let memory = self.observed.lease().map(|lease| &*lease.record.memory);
        (!self.observed.is_unknown()).then(|| memory.unwrap_or(&NOTHING))
    }

    /// The application wants the Lease to remember a change, under the term of this number. Returns the
    /// change's own number, by which `poll_recorded` tells what has become of it.
    pub(crate) fn handle_record(&mut self, now: Instant, term: u64, change: MemoryChange) -> u64 {
        self.advance(now);
        self.recordings.asked += 1;
        let number = self.recordings.asked;
        let is_firing = matches!(change, MemoryChange::Fire { .. });
        let recording = Recording {
            number,
            change,
            written_at: None,
            was_sent: false,
            until: is_firing.then(|| now + self.settings.renew_deadline),
        };
        let mut memory = self.memory().cloned().unwrap_or_default();
        let leads = matches!(&self.phase, Phase::Leading(active) if active.term.number == term);
        let settled = if leads {
            recording.make_in(&mut memory)
        } else {
            Some(Recorded::TermOver)
        };
        match settled {
            Some(settled) => self.recordings.settled.push((number, settled)),
            None => self.recordings.pending.push(recording),
        }
        number
    }

    /// A change that is settled since the last call, and how.
    pub(crate) fn poll_recorded(&mut self) -> Option<(u64, Recorded)> {
        let settled = &mut self.recordings.settled;
        (!settled.is_empty()).then(|| settled.remove(0))
    }

    /// When to write the next change, if any waits for that.
    pub(super) fn recording_due(&self) -> Option<Instant> {
        let pending = self.recordings.pending.iter();
        let due = pending.map(|it| self.due(&it.change)).min()?;
        Some(due.max(self.recordings.deferred_until))
    }

    /// Work that was begun before is left alone for a while. Who failed has ended its term, so it was
    /// before this one.
    fn due(&self, change: &MemoryChange) -> Instant {
        let MemoryChange::Begin { key, .. } = change else {
            return Instant::ZERO;
        };
        let begun = self.memory().and_then(|memory| memory.begun(key));
        let Some(failures) = begun.map(|begun| begun.attempts).filter(|it| *it > 0) else {
            return Instant::ZERO;
        };
        self.term_began + self.backoff(failures)
    }

    fn backoff(&self, failures: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failures - 1);
        self.settings.retry_period * factor.min(LONGEST_BACKOFF)
    }

    /// What a renewal has the Lease remember that is sent now. Changes that change nothing of what it says
    /// are settled by that; those that only another one in this write leaves nothing of, by its answer.
    pub(super) fn memory_to_write(&mut self, renew_time: WallTime) -> Memory {
        let seen = self.memory().cloned().unwrap_or_default();
        let mut memory = seen.clone();
        if self.now < self.recordings.deferred_until {
            for recording in &mut self.recordings.pending {
                recording.written_at = None;
            }
            return memory;
        }
        for mut recording in std::mem::take(&mut self.recordings.pending) {
            if self.due(&recording.change) <= self.now {
                if let Some(settled) = recording.make_in(&mut seen.clone()) {
                    self.recordings.settled.push((recording.number, settled));
                    continue;
                }
                if recording.make_in(&mut memory).is_none() {
                    recording.was_sent = true;
                    recording.written_at.get_or_insert(renew_time);
                }
            }
            self.recordings.pending.push(recording);
        }
        if self.recordings.pending.is_empty() {
            self.no_longer_failing(Failing::Recordings);
        }
        memory
    }

    /// `write` is what is stored. Somebody may have edited since what the Lease remembers, or something
    /// edits each write: then what is missing is written again after a while.
    pub(super) fn confirm_recordings(
        &mut self,
        now: Instant,
        write: &SentWrite,
        stored: &StoredLease,
    ) {
        let LeaseRecord {
            renew_time, memory, ..
        } = &write.record;
        let is_in = |recording: &Recording| {
            recording.written_at.is_some() && recording.written_at <= *renew_time
        };
        if !self.recordings.pending.iter().any(is_in) {
            return;
        }
        if stored.record.memory != *memory {
            let error = "the annotations that record work were not stored as written: let no \
                         admission webhook, controller or store remove or change them";
            let error = Error::new(ErrorKind::Unavailable, error);
            self.notify_failing(Failing::Recordings, error);
            return self.defer_recordings(now);
        }
        self.no_longer_failing(Failing::Recordings);
        let pending = &mut self.recordings.pending;
        let written = pending.extract_if(.., |recording| is_in(recording));
        let written = written.map(|it| (it.number, Recorded::Written));
        self.recordings.settled.extend(written);
        // Others may have wanted the same.
        let left = std::mem::take(pending);
        for recording in left {
            match recording.make_in(&mut memory.clone()) {
                Some(settled) => self.recordings.settled.push((recording.number, settled)),
                None => self.recordings.pending.push(recording),
            }
        }
    }

    /// A write was answered with this error, and is tried again at `retry_at`. It may be refused for
    /// the changes in it, so the next one goes without them. Returns whether it had some. One without an
    /// answer was not refused.
    pub(super) fn recordings_refused(&mut self, error: &Error) -> bool {
        let refused = error.kind() != ErrorKind::TimedOut && self.recordings.were_written();
        if refused {
            self.defer_recordings(self.retry_at);
        }
        refused
    }

    fn defer_recordings(&mut self, now: Instant) {
        self.recordings.deferred_until = now + self.jittered(self.settings.retry_period);
    }
}
