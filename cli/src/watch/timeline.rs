//! Who held a Lease in the last minute: one column for each second, one letter for each holder.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use console::{Color, style};
use leasehold::{LeaseState, Sighting};

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
    pub(crate) fn see(&mut self, sighting: &Sighting) {
        let record = sighting.lease.as_ref().map(|lease| &lease.record);
        let mark = match (sighting.state, record) {
            (LeaseState::Unknown, _) => return,
            (LeaseState::Held | LeaseState::Expired, Some(record)) => Mark::Holder {
                number: self.number(&record.holder),
                expired: sighting.state == LeaseState::Expired,
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
        number.map_or(String::new(), |number| in_colour(number))
    }

    /// The last seconds, newest last, in at most `width` columns.
    pub(crate) fn draw(&mut self, width: usize) -> String {
        let columns = width.min(LONGEST);
        let now = Instant::now();
        let oldest = now.checked_sub(COLUMN * u32::try_from(columns).unwrap_or(u32::MAX));
        while let (Some((next, _)), Some(oldest)) = (self.marks.get(1), oldest)
            && *next < oldest
        {
            self.marks.pop_front();
        }
        (0..columns)
            .rev()
            .map(|ago| {
                let at = now.checked_sub(COLUMN * u32::try_from(ago).unwrap_or(u32::MAX));
                at.map_or(String::from(" "), |at| self.cell(at))
            })
            .collect()
    }

    fn cell(&self, at: Instant) -> String {
        let mark = self.marks.iter().rev().find(|(since, _)| *since <= at);
        match mark {
            None => " ".to_owned(),
            Some((_, Mark::Nobody)) => style("·").dim().to_string(),
            Some((_, Mark::Holder { expired: true, .. })) => style("!").red().to_string(),
            Some((_, Mark::Holder { number, .. })) => in_colour(*number),
        }
    }
}

fn in_colour(number: usize) -> String {
    let letter = char::from(LETTERS[number % LETTERS.len()]);
    let colour = COLOURS[number % COLOURS.len()];
    style(letter).fg(colour).to_string()
}
