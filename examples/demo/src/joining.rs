//! Which programs take part. The sidecars are there from the start; of programs that are
//! still being built, standard input tells, one JSON object a line.

use std::env;
use std::io::{self, BufRead};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

const SIDECAR: &str = "sidecar";

/// A program that takes part.
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) command: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Has its part of the demo in it.
    Application,
    /// `leasehold serve`, with an application beside it.
    Sidecar,
}

impl Program {
    /// A sidecar, which was built with this program; each has its number.
    pub(crate) fn sidecar(number: usize) -> Result<Self> {
        let program = env::current_exe()?.with_file_name("leasehold");
        let program = program.to_str().context("a path in UTF-8")?.to_owned();
        Ok(Self {
            name: match number {
                1 => SIDECAR.to_owned(),
                _ => format!("{SIDECAR}-{number}"),
            },
            kind: Kind::Sidecar,
            command: vec![program],
        })
    }
}

/// A line of standard input.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// How far its build is.
    Building { name: String, how_far: String },
    /// It can be run, by this command line.
    Ready { name: String, command: Vec<String> },
    /// It cannot be built here.
    LeftOut { name: String, why: String },
}

/// A program that is not there yet.
pub(crate) struct Pending {
    pub(crate) name: String,
    pub(crate) how_far: String,
}

/// What has become known of a program that is to join.
pub(crate) enum News {
    Joins(Program),
    Tells(String),
}

/// The programs that are to join.
pub(crate) struct Joining {
    pending: Vec<Pending>,
    /// Whether all of them must.
    all: bool,
    lines: Option<Receiver<io::Result<String>>>,
}

impl Joining {
    /// Reads standard input if there are any.
    pub(crate) fn new(names: Vec<String>, all: bool) -> Self {
        let lines = (!names.is_empty()).then(|| {
            let (sender, lines) = channel();
            thread::spawn(move || {
                let mut input = io::stdin().lock().lines();
                input.try_for_each(|line| sender.send(line))
            });
            lines
        });
        let pending = names.into_iter().map(|name| Pending {
            name,
            how_far: "waits to be built".to_owned(),
        });
        Self {
            pending: pending.collect(),
            all,
            lines,
        }
    }

    /// Those that are neither there nor left out.
    pub(crate) fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// What has become known since it was asked last.
    pub(crate) fn news(&mut self) -> Result<Vec<News>> {
        let Some(lines) = &self.lines else {
            return Ok(Vec::new());
        };
        let mut told = Vec::new();
        loop {
            match lines.try_recv() {
                Ok(line) => told.push(line?),
                Err(TryRecvError::Empty) => break,
                // Who starts the demo keeps the input open, so this is that one's end.
                Err(TryRecvError::Disconnected) => bail!("interrupted"),
            }
        }
        let news = told.iter().map(|line| self.note(line));
        news.filter_map(Result::transpose).collect()
    }

    fn note(&mut self, line: &str) -> Result<Option<News>> {
        let line: Line =
            serde_json::from_str(line).with_context(|| format!("standard input: `{line}`"))?;
        Ok(Some(match line {
            Line::Building { name, how_far } => {
                let mut pending = self.pending.iter_mut();
                let pending = pending.find(|it| it.name == name);
                let pending = pending.with_context(|| format!("`{name}` is not to join"))?;
                pending.how_far = how_far;
                return Ok(None);
            }
            Line::Ready { name, command } => {
                self.pending.retain(|pending| pending.name != name);
                News::Joins(Program {
                    name,
                    kind: Kind::Application,
                    command,
                })
            }
            Line::LeftOut { name, why } if self.all => bail!("{name}: {why}"),
            Line::LeftOut { name, why } => {
                self.pending.retain(|pending| pending.name != name);
                News::Tells(format!("{name} is left out: {why}"))
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joining(all: bool) -> Joining {
        Joining {
            pending: vec![Pending {
                name: "node".to_owned(),
                how_far: String::new(),
            }],
            all,
            lines: None,
        }
    }

    #[test]
    fn a_program_joins_when_it_is_built() {
        let mut joining = joining(false);
        joining
            .note(r#"{"building":{"name":"node","how_far":"3 of 7"}}"#)
            .unwrap();
        assert_eq!(joining.pending()[0].how_far, "3 of 7");
        let news = joining
            .note(r#"{"ready":{"name":"node","command":["node","service.mjs"]}}"#)
            .unwrap();
        assert!(matches!(news, Some(News::Joins(it)) if it.command == ["node", "service.mjs"]));
        assert!(joining.pending().is_empty());
    }

    #[test]
    fn a_program_that_cannot_be_built_is_left_out_unless_all_must_join() {
        let line = r#"{"left_out":{"name":"node","why":"install Node"}}"#;
        let mut some = joining(false);
        let news = some.note(line).unwrap();
        assert!(matches!(news, Some(News::Tells(it)) if it == "node is left out: install Node"));
        assert!(some.pending().is_empty());
        let error = joining(true).note(line).err().unwrap();
        assert_eq!(error.to_string(), "node: install Node");
    }

    #[test]
    fn what_is_not_understood_is_an_error_that_shows_it() {
        let error = joining(false).note("hello").err().unwrap();
        assert_eq!(error.to_string(), "standard input: `hello`");
    }
}
