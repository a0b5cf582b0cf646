//! The writes that this election sent, for as long as they may matter.
//!
//! Invariant: a record is ours only when its holder, acquire time and renew time equal a write in
//! this list; the holder's name alone proves nothing. A write leaves the list when it can no longer
//! take effect, because its base version has been passed.

use std::time::Duration;

use crate::clock::{Instant, WallTime};
use crate::lease_record::{LeaseRecord, ResourceVersion, StoredLease};

/// One write, sent.
#[derive(Clone, Debug)]
pub(super) struct SentWrite {
    pub(super) record: LeaseRecord,
    /// The instant before it was sent, from which its validity counts.
    pub(super) sent_at: Instant,
    /// The version it replaces; `None` for a creation.
    pub(super) base: Option<ResourceVersion>,
}

#[derive(Debug, Default)]
pub(super) struct Writes {
    sent: Vec<SentWrite>,
    last_renew_time: Option<WallTime>,
}

impl Writes {
    /// A renew time for the next record: never the last one again, since an identical record would
    /// succeed without changing the version, and followers would see nothing.
    pub(super) fn next_renew_time(&self, wall: WallTime) -> WallTime {
        match self.last_renew_time {
            Some(last) => wall.max(WallTime::from_micros(last.as_micros() + 1)),
            None => wall,
        }
    }

    pub(super) fn push(&mut self, write: SentWrite) {
        self.last_renew_time = write.record.renew_time;
        self.sent.push(write);
    }

    /// The write that this record is, if it is one of ours.
    pub(super) fn find(&self, record: &LeaseRecord) -> Option<&SentWrite> {
        self.sent
            .iter()
            .rev()
            .find(|write| write.record.is_same_write(record))
    }

    /// Drops the writes that cannot have led, and cannot lead any more, to what is stored now.
    pub(super) fn prune(&mut self, stored: &StoredLease) {
        self.sent.retain(|write| {
            write.record.is_same_write(&stored.record)
                || write.base.is_some_and(|base| base >= stored.version)
        });
    }

    /// Counts every write as sent before all instants, for a clock that can no longer be trusted:
    /// they stay ours, but entitle to nothing.
    pub(super) fn outdate(&mut self) {
        for write in &mut self.sent {
            write.sent_at = Instant::ZERO;
        }
    }
}

/// Until when a write that succeeded entitles its sender to lead.
pub(super) fn leader_until(write: &SentWrite, renew_deadline: Duration) -> Instant {
    write.sent_at + renew_deadline
}
