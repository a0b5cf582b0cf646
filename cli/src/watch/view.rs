//! What `leasehold watch` shows: what happened, and below it, redrawn on a terminal, how things stand.

use std::io;
use std::iter;

use console::{StyledObject, Term, measure_text_width, style, truncate_str};
use jiff::Timestamp;
use leasehold::clock::Clock;
use leasehold::lease_store::Location;
use leasehold::{Error, LeaseSnapshot, LeaseState};
use serde::Serialize;

use super::history::{Change, Event, History};
use super::text::text;
use super::timeline::Timeline;
use crate::output::{Failure, coloured, complain, now, printable, readable, say, time_of_day};

pub(crate) struct View {
    terminal: Term,
    json: bool,
    rows: Vec<Row>,
    /// How many lines of the present state stand on the terminal.
    drawn: usize,
}

/// One Lease.
struct Row {
    lease: String,
    location: Location,
    history: History,
    timeline: Timeline,
    last: Option<LeaseSnapshot>,
}

/// One event in JSON.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    time: Timestamp,
    lease: &'a str,
    namespace: Option<&'a str>,
    event: &'static str,
    state: &'static str,
    holder: Option<&'a str>,
    previous_holder: Option<&'a str>,
    transitions: Option<i32>,
    resource_version: Option<u64>,
    error: Option<Failure>,
}

impl View {
    /// Of Leases, each by its name and location.
    pub(crate) fn new<'a>(
        leases: impl Iterator<Item = (&'a String, &'a Location)>,
        json: bool,
    ) -> Self {
        let rows = leases.map(|(lease, location)| Row {
            lease: lease.clone(),
            location: location.clone(),
            history: History::default(),
            timeline: Timeline::default(),
            last: None,
        });
        Self {
            terminal: Term::stdout(),
            json,
            rows: rows.collect(),
            drawn: 0,
        }
    }

    /// Whether there is anything to be redrawn.
    pub(crate) fn is_live(&self) -> bool {
        !self.json && self.terminal.is_term()
    }

    /// Tells what has happened to the Lease of this number.
    pub(crate) fn see(&mut self, number: usize, snapshot: LeaseSnapshot) -> io::Result<()> {
        let now = now();
        let row = &mut self.rows[number];
        row.timeline.see(&snapshot);
        let lines: Vec<_> = row
            .history
            .observe(&snapshot)
            .iter()
            .map(|change| {
                if self.json {
                    return serde_json::to_string(&row.line(change, &snapshot, now));
                }
                let time = style(time_of_day(now)).dim();
                let name = row.name();
                Ok(format!(
                    "{time}  {name}  {}",
                    text(change, &snapshot, &row.location, now)
                ))
            })
            .collect::<Result<_, _>>()?;
        row.last = Some(snapshot);
        self.tell(&lines)
    }

    /// Tells what the library warns of.
    pub(crate) fn warn(&mut self, message: &str) -> io::Result<()> {
        self.erase()?;
        complain(message);
        self.draw()
    }

    pub(crate) fn redraw(&mut self) -> io::Result<()> {
        self.erase()?;
        self.draw()
    }

    /// Leaves what happened on the terminal, and nothing else.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        self.erase()
    }

    fn tell(&mut self, lines: &[String]) -> io::Result<()> {
        self.erase()?;
        lines.iter().try_for_each(say)?;
        self.draw()
    }

    fn draw(&mut self) -> io::Result<()> {
        if !self.is_live() {
            return Ok(());
        }
        let (height, width) = self.terminal.size();
        let width = usize::from(width);
        // What has scrolled away could not be erased.
        let lines: Vec<_> = self
            .rows
            .iter_mut()
            .flat_map(|row| row.draw(width))
            .take(usize::from(height).saturating_sub(1))
            .collect();
        for line in &lines {
            self.terminal.write_line(&truncate_str(line, width, "…"))?;
        }
        self.drawn = lines.len();
        Ok(())
    }

    fn erase(&mut self) -> io::Result<()> {
        self.terminal
            .clear_last_lines(std::mem::take(&mut self.drawn))
    }
}

impl<'a> Line<'a> {
    /// Not even where the Lease is was found out.
    pub(crate) fn of_failure(lease: &'a str, error: &Error) -> Self {
        Self {
            time: now(),
            lease,
            namespace: None,
            event: Event::Failing.name(),
            state: LeaseState::Unknown.name(),
            holder: None,
            previous_holder: None,
            transitions: None,
            resource_version: None,
            error: Some(error.into()),
        }
    }
}

impl Row {
    fn name(&self) -> StyledObject<String> {
        style(format!("{}/{}", self.location.namespace, self.lease)).bold()
    }

    fn line<'a>(&'a self, told: &'a Change, seen: &LeaseSnapshot, now: Timestamp) -> Line<'a> {
        Line {
            time: now,
            lease: &self.lease,
            namespace: Some(&self.location.namespace),
            event: told.event.name(),
            state: seen.state.name(),
            holder: told.holder.as_deref(),
            previous_holder: told.previous_holder.as_deref(),
            transitions: seen.lease.as_ref().map(|lease| lease.record.transitions),
            resource_version: seen.lease.as_ref().map(|lease| lease.version.0),
            error: told.error.as_ref().map(Failure::from),
        }
    }

    /// How it stands, and its time line.
    fn draw(&mut self, width: usize) -> Vec<String> {
        const INDENT: usize = 2;
        let room = width.saturating_sub(INDENT);
        let name = self.name().to_string();
        let lines = match &self.last {
            None => vec![format!("{name}  {}", style("reading").dim())],
            Some(snapshot) => self.status(snapshot).below(name, room),
        };
        let line = self.timeline.draw(room);
        let lines = lines
            .into_iter()
            .chain([line])
            .chain(self.timeline.legend());
        let indented = lines.map(|line| format!("{:INDENT$}{line}", ""));
        iter::once(String::new()).chain(indented).collect()
    }

    fn status(&self, snapshot: &LeaseSnapshot) -> Standing {
        let now = Clock::suspend_aware().now();
        let state = coloured(snapshot.state);
        let (mut state, mut holder) = (state.to_string(), String::new());
        // Empty, so that there is a dot before the first as well.
        let mut parts = vec![String::new()];
        if let Some(lease) = &snapshot.lease
            && lease.record.is_held()
        {
            holder = printable(&lease.record.holder);
            let letter = self.timeline.letter(&lease.record.holder);
            state = format!("{state} by {letter} ");
            let unchanged = snapshot.unchanged_for(now).map(readable);
            parts.extend(unchanged.map(|time| format!("unchanged for {time}")));
            let left = snapshot.expires_in(now).filter(|left| !left.is_zero());
            parts.extend(left.map(|left| format!("expires in {}", readable(left))));
        }
        if !snapshot.watching {
            parts.push("polling".to_owned());
        }
        if snapshot.failing.is_some() {
            parts.push(style("cannot be read now").red().to_string());
        }
        let rest = parts.join(" · ");
        Standing {
            state,
            holder,
            rest,
        }
    }
}

/// How a Lease stands, in a line.
struct Standing {
    state: String,
    /// Empty if nobody holds it.
    holder: String,
    rest: String,
}

impl Standing {
    /// On the line of the name if there is room, else on the next, where a holder's name that is too long is
    /// cut short, and nothing that comes after it.
    fn below(&self, name: String, room: usize) -> Vec<String> {
        let Self {
            state,
            holder,
            rest,
        } = self;
        let in_one = format!("{name}  {state}{holder}{rest}");
        if measure_text_width(&in_one) <= room {
            return vec![in_one];
        }
        let left = room.saturating_sub(measure_text_width(state) + measure_text_width(rest));
        let holder = truncate_str(holder, left, "…");
        vec![name, format!("{state}{holder}{rest}")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_of_a_lease_or_holder_hides_nothing_else() {
        let standing = Standing {
            state: "held by A ".to_owned(),
            holder: "web-1".repeat(30),
            rest: " · expires in 14 s".to_owned(),
        };
        let lines = standing.below("shop/jobs".to_owned(), 40);
        assert_eq!(lines[0], "shop/jobs");
        assert_eq!(lines[1], "held by A web-1web-1w… · expires in 14 s");
        assert_eq!(measure_text_width(&lines[1]), 40);

        let standing = Standing {
            holder: "web-1".to_owned(),
            ..standing
        };
        let lines = standing.below("shop/jobs".to_owned(), 80);
        assert_eq!(lines, ["shop/jobs  held by A web-1 · expires in 14 s"]);
    }
}
