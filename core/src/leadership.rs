//! The answer to "is this instance the leader?", from memory and the clock alone.
//!
//! Invariant: any doubt is `false`. The answer compares a deadline with the clock at each call, so
//! it turns false by itself when nobody renews: in a paused, partitioned, suspended or starved
//! process, before any thread of it has run. In a forked child the deadline reads as zero.

#![expect(unsafe_code, reason = "vouches that a zeroed snapshot is valid")]

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use self::published::{Published, Snapshot};
use self::sync::Ordering;
use crate::clock::{Clock, Instant};
use crate::election::{ActiveTerm, TermRecord};
use crate::error::{Error, ErrorKind, Result};
use crate::lease_record::Acquisition;
use crate::runtime::{ForkWiped, ZeroIsValid, fork_wiped};

mod published;

/// What `published` is made of.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
    pub(super) use std::sync::{Mutex, MutexGuard, PoisonError};
}

/// What the election publishes and everybody reads, with the clock that it is compared with.
pub(crate) struct Leadership {
    clock: Clock,
    longest: Longest,
    published: Published<ForkWiped<Snapshot>>,
}

/// How far off what is published can be at most. What is further off was published by the clock of another
/// boot, from before a checkpoint, and means nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Longest {
    /// The renew deadline.
    pub(crate) term: Duration,
    /// The lease duration: work may go on until others may acquire.
    pub(crate) work: Duration,
}

// SAFETY: atomics of zero are valid, and mean "never the leader".
unsafe impl ZeroIsValid for Snapshot {}

impl Leadership {
    pub(crate) fn new(clock: Clock, longest: Longest) -> io::Result<Self> {
        let snapshot = fork_wiped(Snapshot::default())?;
        Ok(Self {
            clock,
            longest,
            published: Published::new(snapshot),
        })
    }

    /// Whether this instance is the leader now. Lock-free and allocation-free; call it from any
    /// thread, signal handlers and forked children included.
    #[inline(always)]
    pub(crate) fn is_leader(&self) -> bool {
        self.deadline_and_now()
            .is_some_and(|(until, now)| now < until)
    }

    /// How long the leadership lasts unless it is renewed; zero when there is none.
    #[inline]
    pub(crate) fn remaining(&self) -> Duration {
        self.deadline_and_now()
            .map_or(Duration::ZERO, |(until, now)| until.since(now))
    }

    /// Until when this instance leads, and what time it is; `None` when it does not lead.
    #[inline(always)]
    fn deadline_and_now(&self) -> Option<(Instant, Instant)> {
        let until = Instant::from_nanos(self.published.until());
        if until == Instant::ZERO || !self.is_same_process() {
            return None;
        }
        let since = Instant::from_nanos(self.published.since());
        let now = self.clock.now();
        // A clock that went backwards proves nothing. Within a long term, only the deadline tells that of
        // another boot.
        (now >= since && until.since(now) <= self.longest.term).then_some((until, now))
    }

    /// Whether `term` is the one under which this instance leads now.
    #[inline(always)]
    fn is_leader_in(&self, term: u64) -> bool {
        self.is_leader() && self.published.term() == term
    }

    /// Publishes what the election says.
    pub(crate) fn publish(&self, active: Option<&ActiveTerm>) {
        match active {
            Some(active) => {
                let until = active.until().as_nanos();
                let now = || self.clock.now().as_nanos();
                self.published.lead(active.term.number, until, now);
            }
            None => self.published.lead_no_longer(),
        }
    }

    /// Ends the present term for everybody who asks, before the election knows of it, and lets none
    /// begin.
    pub(crate) fn revoke_terms(&self) {
        self.published.revoke_terms();
    }

    /// Terms that follow the last one may be published.
    pub(crate) fn allow_terms(&self) {
        self.published.allow_terms();
    }

    /// The number of the term published last.
    pub(crate) fn last_term(&self) -> u64 {
        self.published.term()
    }

    /// Publishes until when the work of the term published last may go on.
    pub(crate) fn publish_work_until(&self, until: Instant) {
        self.published.work_until(until.as_nanos());
    }

    /// How long the work of `term` may still go on; zero once there is another term.
    fn work_time_left(&self, term: u64) -> Duration {
        let until = self.published.work_of(term);
        match until.filter(|_| self.is_same_process()) {
            Some(until) => Some(Instant::from_nanos(until).since(self.clock.now()))
                .filter(|left| *left <= self.longest.work)
                .unwrap_or_default(),
            None => Duration::ZERO,
        }
    }

    #[inline(always)]
    fn is_same_process(&self) -> bool {
        self.published.snapshot().is_same_process()
    }

    /// Fails with [`ErrorKind::Forked`] in a child of the process that started the election. To be
    /// checked before any lock is taken: another thread may have held it when the child was made.
    pub(crate) fn check_process(&self) -> Result<()> {
        if self.is_same_process() {
            Ok(())
        } else {
            Err(Error::new(
                ErrorKind::Forked,
                "this process was forked from the one that started the election, and only that \
                 one takes part in it: start another election in the child",
            ))
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn note_progress(&self) {
        let now = self.clock.now().as_nanos();
        self.published
            .snapshot()
            .progress_at
            .store(now, Ordering::Relaxed);
    }

    /// How long the election's task has not run.
    pub(crate) fn idle_for(&self) -> Duration {
        let progress_at = self
            .published
            .snapshot()
            .progress_at
            .load(Ordering::Relaxed);
        self.clock.now().since(Instant::from_nanos(progress_at))
    }

    pub(crate) fn note_sign_of_life(&self) {
        let now = self.clock.now().as_nanos();
        self.published
            .snapshot()
            .sign_of_life
            .store(now, Ordering::Relaxed);
    }

    /// The last sign of life, if there was one, is of another boot, whose instants mean nothing: it was
    /// long ago.
    pub(crate) fn outdate_sign_of_life(&self) {
        if self.sign_of_life().is_some() {
            let sign_of_life = &self.published.snapshot().sign_of_life;
            sign_of_life.store(1, Ordering::Relaxed);
        }
    }

    /// When the host runtime last showed that it lives; `None` when it never did.
    pub(crate) fn sign_of_life(&self) -> Option<Instant> {
        match self
            .published
            .snapshot()
            .sign_of_life
            .load(Ordering::Relaxed)
        {
            0 => None,
            nanos => Some(Instant::from_nanos(nanos)),
        }
    }
}

/// One uninterrupted leadership of this instance. Cheap to clone; use it from any thread.
#[derive(Clone)]
pub struct Term {
    record: Arc<TermRecord>,
    leadership: Arc<Leadership>,
}

impl Term {
    pub(crate) fn new(record: TermRecord, leadership: Arc<Leadership>) -> Self {
        Self {
            record: Arc::new(record),
            leadership,
        }
    }

    /// A number that only grows from term to term, no matter who leads: the resource version of the
    /// write that won it. Send it with each write that must not be done twice, and let the receiver
    /// refuse a smaller one than it has seen (Kleppmann, "How to do distributed locking").
    pub fn fencing_token(&self) -> u64 {
        self.record.fencing_token.0
    }

    /// Counts the terms of this election.
    pub(crate) fn number(&self) -> u64 {
        self.record.number
    }

    /// The Lease's own count of acquisitions. Starts again from zero when the Lease is deleted.
    pub fn transitions(&self) -> i32 {
        self.record.transitions
    }

    /// The UID of the Lease object.
    pub fn lease_uid(&self) -> &str {
        &self.record.uid
    }

    /// When the term was won, by this machine's wall clock. For display.
    pub fn acquired_at(&self) -> SystemTime {
        self.record.acquired_at.into()
    }

    /// How it came about: what had become of the last holder.
    pub fn acquisition(&self) -> Acquisition {
        self.record.acquisition
    }

    /// Whether this instance still leads under this term, at this very call. Lock-free; false in a
    /// forked child.
    #[inline(always)]
    pub fn is_valid(&self) -> bool {
        self.leadership.is_leader_in(self.record.number)
    }

    /// How long the term lasts unless it is renewed; zero when it is over.
    pub fn remaining(&self) -> Duration {
        let remaining = self.leadership.remaining();
        if self.is_valid() {
            remaining
        } else {
            Duration::ZERO
        }
    }

    /// How long the term's work may still go on, whether or not the end of the term was announced:
    /// what [`Loss::time_left`](crate::Loss::time_left) says, for code that watches the clock instead.
    /// While this instance leads, it is the time until another may if nobody renews.
    pub fn work_time_left(&self) -> Duration {
        self.leadership.work_time_left(self.record.number)
    }

    /// Fails with [`ErrorKind::LeadershipLost`] once the term is over, and with
    /// [`ErrorKind::Forked`] in a forked child. For the points of a long job where it may stop.
    pub fn check(&self) -> Result<()> {
        if self.is_valid() {
            return Ok(());
        }
        self.leadership.check_process()?;
        Err(Error::term_over(self.fencing_token()))
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Term")
            .field("fencing_token", &self.fencing_token())
            .field("transitions", &self.transitions())
            .field("is_valid", &self.is_valid())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{SimulatedMachine, WallTime};
    use crate::lease_record::ResourceVersion;

    const LONGEST: Longest = Longest {
        term: Duration::from_secs(10),
        work: Duration::from_secs(15),
    };

    fn term(number: u64) -> TermRecord {
        TermRecord {
            number,
            fencing_token: ResourceVersion(number),
            transitions: 0,
            uid: String::new(),
            acquired_at: WallTime::default(),
            acquisition: Acquisition::Free,
        }
    }

    /// A leadership under `term` for ten seconds from now, on a clock that the test turns.
    fn ten_seconds(term: &TermRecord) -> Arc<Leadership> {
        let leadership = Leadership::new(Clock::simulated(WallTime::default()), LONGEST).unwrap();
        extend(&leadership, term);
        Arc::new(leadership)
    }

    fn extend(leadership: &Leadership, term: &TermRecord) {
        let until = leadership.clock.now() + Duration::from_secs(10);
        leadership.publish(Some(&ActiveTerm::new(term.clone(), until, until)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_answer_turns_false_by_itself_when_nobody_publishes_any_more() {
        let leadership = ten_seconds(&term(1));
        let held = Term::new(term(1), leadership.clone());
        tokio::time::advance(Duration::from_millis(9_999)).await;
        assert!(leadership.is_leader() && held.is_valid());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!leadership.is_leader() && !held.is_valid());
        assert_eq!(held.check().unwrap_err().kind(), ErrorKind::LeadershipLost);
        assert_eq!(held.remaining(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_term_is_not_valid_under_its_successor() {
        let leadership = ten_seconds(&term(1));
        let first = Term::new(term(1), leadership.clone());
        extend(&leadership, &term(2));
        assert!(leadership.is_leader());
        assert!(!first.is_valid());
        assert!(Term::new(term(2), leadership).is_valid());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_from_before_the_term_proves_nothing() {
        let leadership = ten_seconds(&term(1));
        let later = leadership.clock.now() + Duration::from_secs(1);
        let until = (later + Duration::from_secs(9)).as_nanos();
        leadership.published.lead(2, until, || later.as_nanos());
        assert!(!leadership.is_leader());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_of_another_boot_proves_nothing_within_a_term_of_long_standing_either() {
        let day = Duration::from_secs(86_400);
        let machine = Box::leak(Box::new(SimulatedMachine::up_for(Duration::ZERO)));
        let clock = Clock::simulated(WallTime::default()).on(machine);
        let leadership = Arc::new(Leadership::new(clock, LONGEST).unwrap());
        extend(&leadership, &term(1));
        let held = Term::new(term(1), leadership.clone());
        machine.reboot(day * 30);
        extend(&leadership, &term(1));
        leadership.publish_work_until(clock.now() + LONGEST.work);
        assert!(held.is_valid() && held.work_time_left() == LONGEST.work);
        machine.reboot(day * 2);
        assert!(!leadership.is_leader() && !held.is_valid());
        assert_eq!(leadership.remaining(), Duration::ZERO);
        assert_eq!(held.work_time_left(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn what_remains_of_a_term_is_the_time_to_its_deadline_and_nothing_under_another() {
        let leadership = ten_seconds(&term(1));
        let first = Term::new(term(1), leadership.clone());
        tokio::time::advance(Duration::from_secs(4)).await;
        let six_seconds = Duration::from_secs(6);
        assert_eq!(
            (leadership.remaining(), first.remaining()),
            (six_seconds, six_seconds)
        );
        extend(&leadership, &term(2));
        assert_eq!(first.remaining(), Duration::ZERO);
        leadership.publish(None);
        assert_eq!(leadership.remaining(), Duration::ZERO);
        assert_eq!(leadership.last_term(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_work_of_a_term_may_outlast_it_but_not_the_beginning_of_the_next() {
        let leadership = ten_seconds(&term(1));
        let first = Term::new(term(1), leadership.clone());
        let until = leadership.clock.now() + Duration::from_secs(15);
        leadership.publish_work_until(until);
        tokio::time::advance(Duration::from_secs(11)).await;
        leadership.publish(None);
        assert_eq!(first.work_time_left(), Duration::from_secs(4));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(first.work_time_left(), Duration::ZERO);
        extend(&leadership, &term(2));
        leadership.publish_work_until(leadership.clock.now() + Duration::from_secs(15));
        assert_eq!(first.work_time_left(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn signs_of_life_and_of_progress_are_as_old_as_they_are() {
        let leadership = Leadership::new(Clock::simulated(WallTime::default()), LONGEST).unwrap();
        assert_eq!(leadership.sign_of_life(), None);
        leadership.note_sign_of_life();
        leadership.note_progress();
        let noted_at = leadership.clock.now();
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(leadership.sign_of_life(), Some(noted_at));
        assert_eq!(leadership.idle_for(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_term_says_what_its_record_says() {
        let record = TermRecord {
            number: 3,
            fencing_token: ResourceVersion(7),
            transitions: 5,
            uid: "the object".to_owned(),
            acquired_at: WallTime::from_micros(9),
            acquisition: Acquisition::Expired,
        };
        let term = Term::new(record, ten_seconds(&term(3)));
        assert_eq!((term.number(), term.fencing_token()), (3, 7));
        assert_eq!((term.transitions(), term.lease_uid()), (5, "the object"));
        assert_eq!(term.acquired_at(), WallTime::from_micros(9).into());
        assert_eq!(term.acquisition(), Acquisition::Expired);
        term.check().unwrap();
    }
}
