//! Settings as text: from the environment, from configuration files, and from other languages.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::table::Kind;
use super::table::{self, Value};
use super::{Mode, ProofOfDeath};
use crate::error::{Error, Result};

impl Value for String {
    const KIND: Kind = Kind::Text;

    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Value for PathBuf {
    const KIND: Kind = Kind::Path;

    fn read(text: &str) -> Result<Self, String> {
        Ok(text.into())
    }
}

impl Value for u32 {
    const KIND: Kind = Kind::Number;

    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| "use a whole number, zero or more".to_owned())
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Switch;

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "use `true` or `false`".to_owned())
    }
}

/// Words are read by their names.
macro_rules! words {
    ($($List:ident)+) => {
        $(impl Value for $List {
            const KIND: Kind = Kind::Word($List::WORDS.name);

            fn read(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|word| word.name() == text);
                found.copied().ok_or_else(|| {
                    let names: Vec<_> = Self::ALL.iter().map(|word| word.name()).collect();
                    format!("use one of `{}`", names.join("`, `"))
                })
            }
        })+
    };
}

words! { Mode ProofOfDeath }

impl Value for Duration {
    const KIND: Kind = Kind::Duration;

    /// `15`, `15s`, `500ms`, `1m 30s`, `PT15S`: plain numbers are seconds.
    fn read(text: &str) -> Result<Self, String> {
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
}

impl Value for BTreeMap<String, String> {
    const KIND: Kind = Kind::Map;

    /// `key=value,key=value`; a JSON object where a value has a comma, and from other languages.
    fn read(text: &str) -> Result<Self, String> {
        if text.trim_start().starts_with('{') {
            return serde_json::from_str(text)
                .map_err(|error| format!("use a JSON object of strings ({error})"));
        }
        let mut map = Self::new();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                return Err("use the form `key=value,key=value`, or a JSON object".to_owned());
            };
            let (key, value) = (key.trim(), value.trim());
            if map.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(format!("has `{key}` twice: name each key once"));
            }
        }
        Ok(map)
    }
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        table::read("mode", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
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
        assert!(refused("mode", "auto\n").starts_with("mode = `auto\\n`: use one of `auto`, "));
    }

    #[test]
    fn a_map_is_pairs_or_a_json_object() {
        let map = |pairs: &[(&str, &str)]| {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            Ok(pairs.iter().map(owned).collect::<BTreeMap<_, _>>())
        };
        let cases: [(&str, &[(&str, &str)]); 5] = [
            ("", &[]),
            ("team=payments", &[("team", "payments")]),
            (" a=1, b=x=y ,", &[("a", "1"), ("b", "x=y")]),
            ("team=", &[("team", "")]),
            (
                r#" {"note": "one, two", "team": "payments"}"#,
                &[("note", "one, two"), ("team", "payments")],
            ),
        ];
        for (text, pairs) in cases {
            assert_eq!(BTreeMap::read(text), map(pairs), "{text}");
        }
        for (text, fix) in [
            ("team", "use the form `key=value,key=value`"),
            ("a=1,a=2", "has `a` twice"),
            ("{", "use a JSON object of strings ("),
            (r#"{"a": 1}"#, "use a JSON object of strings ("),
            (r#"{"a": null}"#, "use a JSON object of strings ("),
        ] {
            let message = refused("labels", text);
            assert!(message.contains(fix), "{message}");
        }
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
            let read = Duration::read(text);
            assert_eq!(read, Ok(Duration::from_millis(millis)), "{text}");
        }
    }
}
