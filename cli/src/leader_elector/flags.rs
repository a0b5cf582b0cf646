//! Flags as Go programs read them, since manifests of the old sidecar have them: one dash or two,
//! `--name=value` or `--name value`, and switches that need no value.

use std::time::Duration;

use jiff::SignedDuration;
use leasehold::{Error, Result};

/// The arguments not read yet.
pub(crate) struct Arguments<I>(I);

/// A flag, and the value after its `=`.
pub(crate) struct Flag {
    pub(crate) name: String,
    attached: Option<String>,
}

impl<I: Iterator<Item = String>> Arguments<I> {
    pub(crate) fn new(arguments: I) -> Self {
        Self(arguments)
    }

    /// The next flag; `None` after the last.
    pub(crate) fn next_flag(&mut self) -> Result<Option<Flag>> {
        let Some(argument) = self.0.next() else {
            return Ok(None);
        };
        let Some(flag) = argument.strip_prefix('-') else {
            let fix = "is not a flag: all settings are flags, such as --election=NAME";
            return Err(Error::config("argument", quoted(&argument), fix));
        };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        Ok(Some(match flag.split_once('=') {
            Some((name, value)) => Flag {
                name: name.to_owned(),
                attached: Some(value.to_owned()),
            },
            None => Flag {
                name: flag.to_owned(),
                attached: None,
            },
        }))
    }

    /// The flag's value, which may be the next argument.
    pub(crate) fn value(&mut self, flag: Flag) -> Result<String> {
        let fix = "needs a value";
        flag.attached
            .or_else(|| self.0.next())
            .ok_or_else(|| Error::config(&format!("--{}", flag.name), "(none)", fix))
    }

    /// The flag's value as a duration such as `10s`.
    pub(crate) fn duration(&mut self, flag: Flag) -> Result<Duration> {
        let name = format!("--{}", flag.name);
        let value = self.value(flag)?;
        let duration = value.parse::<SignedDuration>().ok();
        duration
            .and_then(|duration| Duration::try_from(duration).ok())
            .ok_or_else(|| {
                let fix = "use a number with a unit, such as `10s` or `1m30s`";
                Error::config(&name, quoted(&value), fix)
            })
    }
}

impl Flag {
    /// Whether the switch is on. As in Go, its value must be attached.
    pub(crate) fn switch(self) -> Result<bool> {
        match self.attached.as_deref() {
            None | Some("true" | "TRUE" | "True" | "t" | "T" | "1") => Ok(true),
            Some("false" | "FALSE" | "False" | "f" | "F" | "0") => Ok(false),
            Some(other) => Err(Error::config(
                &format!("--{}", self.name),
                quoted(other),
                "use `true` or `false`",
            )),
        }
    }
}

/// A value as messages show it.
pub(crate) fn quoted(value: &str) -> String {
    format!("`{}`", value.escape_debug())
}
