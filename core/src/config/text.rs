//! Settings as text: from the environment, from configuration files, and from other languages.

use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use super::{Config, Mode};
use crate::error::{Error, Result};

/// Every field, and how its text is read.
macro_rules! fields {
    ($($field:ident: $read:expr),* $(,)?) => {
        impl Config {
            /// The names of all settings: for [`set`](Self::set), and in capitals, after
            /// `LEASEHOLD_`, in the environment.
            pub const SETTINGS: &[&str] = &[$(stringify!($field)),*];

            fn is_given(&self, field: &str) -> bool {
                match field {
                    $(stringify!($field) => self.$field.is_some(),)*
                    _ => false,
                }
            }

            /// Reads `field` from `text`; an error calls it `name`.
            fn read(&mut self, field: &str, text: &str, name: &str) -> Result<()> {
                let read = match field {
                    $(stringify!($field) => $read(text).map(|value| self.$field = Some(value)),)*
                    _ => Err(format!("no such setting: use one of `{}`", Self::SETTINGS.join("`, `"))),
                };
                read.map_err(|fix| {
                    Error::config(name, format_args!("`{}`", text.escape_debug()), fix)
                })
            }
        }
    };
}

fields! {
    lease: owned,
    namespace: owned,
    identity: owned,
    mode: mode,
    lease_duration: duration,
    renew_deadline: duration,
    retry_period: duration,
    drain_timeout: duration,
    stall_timeout: duration,
    release_on_stop: switch,
    reclaim: switch,
    candidates: count,
    kubeconfig: owned,
    context: owned,
    directory: owned,
}

impl Config {
    /// Sets a field by its name, from text as the environment has it: durations as `15`, `1.5s` or
    /// `PT15S`, switches as `true` or `false`. For configuration files, and for other languages.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) names the field, the text and the fix.
    pub fn set(mut self, field: &str, text: &str) -> Result<Self> {
        self.read(field, text, field)?;
        Ok(self)
    }

    /// Takes what was left out from the environment: `LEASEHOLD_` and the field's name in capitals.
    /// An empty variable counts as left out, as an unset value of a Helm chart or Compose file does.
    pub(super) fn completed_from(
        mut self,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        for field in Self::SETTINGS {
            let name = format!("LEASEHOLD_{}", field.to_uppercase());
            if !self.is_given(field)
                && let Some(text) = environment(&name).filter(|text| !text.is_empty())
            {
                self.read(field, &text, &name)?;
            }
        }
        Ok(self)
    }
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        mode(text).map_err(|fix| Error::config("mode", format_args!("`{text}`"), fix))
    }
}

// ---- each reads a text, or says what to write instead -------------------------------------------

fn owned<T: FromStr<Err = Infallible>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|never| match never {})
}

fn switch(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "use `true` or `false`".to_owned())
}

fn count(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| "use a whole number, such as 3".to_owned())
}

fn mode(text: &str) -> Result<Mode, String> {
    let found = Mode::ALL.iter().find(|mode| mode.name() == text);
    found.copied().ok_or_else(|| {
        let names: Vec<_> = Mode::ALL.iter().map(|mode| mode.name()).collect();
        format!("use one of `{}`", names.join("`, `"))
    })
}

/// `15`, `15s`, `500ms`, `1m 30s`, `PT15S`: plain numbers are seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok();
    seconds
        .map(Duration::try_from_secs_f64)
        .and_then(Result::ok)
        .or_else(|| {
            let duration = text.parse::<jiff::SignedDuration>().ok()?;
            Duration::try_from(duration).ok()
        })
        .ok_or_else(|| "use seconds, or a form such as `15s`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn refused(field: &str, text: &str) -> String {
        let error = Config::default().set(field, text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.message().to_owned()
    }

    #[test]
    fn a_setting_is_set_by_its_name() {
        let config = Config::new("a").set("lease", "b").unwrap();
        let config = config.set("lease_duration", "PT1.5S").unwrap();
        let config = config.set("retry_period", "0.25s").unwrap();
        let config = config.set("reclaim", "true").unwrap();
        assert_eq!(config.lease.as_deref(), Some("b"));
        assert_eq!(config.lease_duration, Some(Duration::from_millis(1500)));
        assert_eq!(config.retry_period, Some(Duration::from_millis(250)));
        assert_eq!(config.reclaim, Some(true));
    }

    #[test]
    fn a_setting_that_nobody_knows_is_refused_with_those_there_are() {
        let message = refused("lease_length", "3");
        assert!(message.starts_with("lease_length = `3`: no such setting: use one of `lease`, "));
    }

    #[test]
    fn a_wrong_text_is_refused_with_field_text_and_fix() {
        let advice = "use seconds, or a form such as `15s`";
        for text in ["", "-1", "PT-1S", "NaN", "inf", "1e300", "soon"] {
            let message = refused("drain_timeout", text);
            assert_eq!(message, format!("drain_timeout = `{text}`: {advice}"));
        }
        assert!(refused("candidates", "-1").starts_with("candidates = `-1`: "));
        assert!(refused("mode", "auto\n").starts_with("mode = `auto\\n`: use one of `auto`, "));
    }

    #[test]
    fn durations_are_seconds_or_carry_their_unit() {
        let cases = [
            ("15", 15_000),
            ("0.5", 500),
            ("15s", 15_000),
            ("500ms", 500),
            ("1m 30s", 90_000),
            ("PT1.5S", 1_500),
        ];
        for (text, millis) in cases {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }
}
