//! The writes that this election sent, for as long as they may matter. Knows nothing of expiry.
//!
//! Invariant: a record is ours only when its holder, acquire time and renew time equal a write in
//! this list; the holder's name alone proves nothing. A write leaves the list when it can no longer
//! take effect, because its base version has been passed.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::{Instant, WallTime};
use crate::lease_record::{Acquisition, LeaseRecord, ResourceVersion, StoredLease};

/// A store that answers reads and loses writes must not fill the memory. What is older than so many
/// other writes entitles to nothing any more; only that it is ours is forgotten.
const MOST_REMEMBERED: usize = 64;

/// One write, sent.
#[derive(Clone, Debug)]
pub(super) struct SentWrite {
    pub(super) record: LeaseRecord,
    /// The instant before it was sent, from which its validity counts.
    pub(super) sent_at: Instant,
    /// The newest version seen when it was sent: that of the Lease it replaces, if there is one.
    pub(super) base: ResourceVersion,
    /// Its success is known already, or the clock it was dated by has failed: it entitles to
    /// nothing more.
    pub(super) settled: bool,
    /// How a term that it opens came about.
    pub(super) acquisition: Acquisition,
    /// Gives the Lease back, now or when its record expires: it entitles to nothing.
    pub(super) gives_back: bool,
}

impl SentWrite {
    pub(super) fn new(
        record: LeaseRecord,
        sent_at: Instant,
        base: ResourceVersion,
        acquisition: Acquisition,
    ) -> Self {
        Self {
            record,
            sent_at,
            base,
            settled: false,
            acquisition,
            gives_back: false,
        }
    }

    /// Until when its success entitles to lead.
    pub(super) fn leader_until(&self, renew_deadline: Duration) -> Instant {
        if self.settled || self.gives_back {
            Instant::ZERO
        } else {
            self.sent_at + renew_deadline
        }
    }
}

#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Writes {
    sent: VecDeque<SentWrite>,
    last_renew_time: Option<WallTime>,
}

impl Writes {
    /// A renew time for the next record: never the last one again, since an identical record would
    /// succeed without changing the version, and followers would see nothing.
    pub(super) fn next_renew_time(&self, wall: WallTime) -> WallTime {
        match self.last_renew_time {
            Some(last) => wall.max(WallTime::from_micros(last.as_micros().saturating_add(1))),
            None => wall,
        }
    }

    pub(super) fn push(&mut self, write: SentWrite) {
        self.last_renew_time = write.record.renew_time;
        if self.sent.len() == MOST_REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back(write);
    }

    /// The write that this record is, if it is one of ours.
    pub(super) fn find(&self, record: &LeaseRecord) -> Option<&SentWrite> {
        let mut sent = self.sent.iter().rev();
        sent.find(|write| write.record.is_same_write(record))
    }

    /// Until when some write whose outcome is not known may entitle to lead.
    pub(super) fn may_lead_until(&self, renew_deadline: Duration) -> Instant {
        let sent = self.sent.iter();
        let until = sent.map(|write| write.leader_until(renew_deadline));
        until.max().unwrap_or_default()
    }

    /// Drops the writes that cannot have led, and cannot lead any more, to what is stored now.
    pub(super) fn prune(&mut self, stored: &StoredLease) {
        self.sent.retain(|write| {
            write.record.is_same_write(&stored.record) || write.base >= stored.version
        });
    }

    /// The success of this write is known.
    pub(super) fn settle(&mut self, record: &LeaseRecord) {
        let mut sent = self.sent.iter_mut();
        if let Some(write) = sent.find(|write| write.record == *record) {
            write.settled = true;
        }
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.sent.len()
    }

    /// The clock that dated these writes has failed: they stay ours, but entitle to nothing.
    pub(super) fn settle_all(&mut self) {
        for write in &mut self.sent {
            write.settled = true;
        }
    }
}
