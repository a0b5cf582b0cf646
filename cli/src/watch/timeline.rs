//! Who held a Lease in the last minute: one column for each second, one letter for each holder.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use console::{Color, style};
use leasehold::{LeaseSnapshot, LeaseState};

use crate::output::printable;

/// How far back it reaches, where the terminal is wide enough.
const LONGEST: usize = 60;
const COLUMN: Duration = Duration::from_secs(1);
/// Holders beyond these begin again.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const COLOURS: [Color; 5] = [
    Color::Green,
    Color::Cyan,
    Color::Magenta,
    Color::Yellow,
    Color::Blue,
];

/// What held true from an instant on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Nobody,
    /// A holder by its number, and whether it still renews.
    Holder {
        number: usize,
        expired: bool,
    },
}

#[derive(Default)]
pub(crate) struct Timeline {
    holders: Vec<String>,
    marks: VecDeque<(Instant, Mark)>,
}

impl Timeline {
    pub(crate) fn see(&mut self, snapshot: &LeaseSnapshot) {
        let record = snapshot.lease.as_ref().map(|lease| &lease.record);
        let mark = match (snapshot.state, record) {
            (LeaseState::Unknown, _) => return,
            (LeaseState::Held | LeaseState::Expired, Some(record)) => Mark::Holder {
                number: self.number(&record.holder),
                expired: snapshot.state == LeaseState::Expired,
            },
            _ => Mark::Nobody,
        };
        if self.marks.back().is_none_or(|(_, last)| *last != mark) {
            self.marks.push_back((Instant::now(), mark));
        }
    }

    fn number(&mut self, holder: &str) -> usize {
        let known = self.holders.iter().position(|known| known == holder);
        known.unwrap_or_else(|| {
            self.holders.push(holder.to_owned());
            self.holders.len() - 1
        })
    }

    /// The letter of a holder, in its colour.
    pub(crate) fn letter(&self, holder: &str) -> String {
        let number = self.holders.iter().position(|known| known == holder);
        number.map_or(String::new(), |number| letters(number, 1))
    }

    /// The last seconds, newest last, in at most `width` columns.
    pub(crate) fn draw(&mut self, width: usize) -> String {
        let columns = width.min(LONGEST);
        let now = Instant::now();
        let before = |columns| now.checked_sub(COLUMN * u32::try_from(columns).unwrap_or(u32::MAX));
        let oldest = before(columns);
        while self
            .marks
            .get(1)
            .is_some_and(|(next, _)| Some(*next) < oldest)
        {
            self.marks.pop_front();
        }
        let mut cells: Vec<(Option<Mark>, usize)> = Vec::new();
        for ago in (0..columns).rev() {
            let mark = before(ago).and_then(|at| self.mark_at(at));
            match cells.last_mut() {
                Some((last, length)) if *last == mark => *length += 1,
                _ => cells.push((mark, 1)),
            }
        }
        cells
            .iter()
            .map(|(mark, length)| cell(*mark, *length))
            .collect()
    }

    /// Whose the letters are, where there are several in sight.
    pub(crate) fn legend(&self) -> Option<String> {
        let number = |mark: &Mark| match mark {
            Mark::Holder { number, .. } => Some(*number),
            Mark::Nobody => None,
        };
        let numbers = self.marks.iter().filter_map(|(_, mark)| number(mark));
        let numbers: BTreeSet<_> = numbers.collect();
        let name = |number: &usize| printable(&self.holders[*number]);
        let entry = |number: &usize| format!("{} {}", letters(*number, 1), name(number));
        let entries: Vec<_> = numbers.iter().map(entry).collect();
        (entries.len() > 1).then(|| entries.join("  "))
    }

    fn mark_at(&self, at: Instant) -> Option<Mark> {
        let mut newest_first = self.marks.iter().rev();
        let found = newest_first.find(|(since, _)| *since <= at);
        found.map(|(_, mark)| *mark)
    }
}

/// As many columns of the same.
fn cell(mark: Option<Mark>, length: usize) -> String {
    match mark {
        None => " ".repeat(length),
        Some(Mark::Nobody) => style("·".repeat(length)).dim().to_string(),
        Some(Mark::Holder { expired: true, .. }) => style("!".repeat(length)).red().to_string(),
        Some(Mark::Holder { number, .. }) => letters(number, length),
    }
}

fn letters(number: usize, length: usize) -> String {
    let letter = char::from(LETTERS[number % LETTERS.len()]).to_string();
    let colour = COLOURS[number % COLOURS.len()];
    style(letter.repeat(length)).fg(colour).to_string()
}
