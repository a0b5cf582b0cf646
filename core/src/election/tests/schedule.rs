//! What happens to many candidates, in the order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::clock::Instant;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Happens {
    Hears,
    Lands,
    IsAnswered,
    IsDue,
}

/// What is to come, to `Who`.
pub(super) struct Schedule<Who>(BinaryHeap<Reverse<(Instant, Happens, Who)>>);

impl<Who: Ord> Schedule<Who> {
    pub(super) fn new() -> Self {
        Self(BinaryHeap::new())
    }

    pub(super) fn push(&mut self, at: Instant, happens: Happens, to: Who) {
        self.0.push(Reverse((at, happens, to)));
    }

    pub(super) fn pop(&mut self) -> Option<(Instant, Happens, Who)> {
        self.0.pop().map(|Reverse(next)| next)
    }
}
