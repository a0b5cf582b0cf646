//! What a value must be like: a literal, the fields of an object that matter, or a `$` rule.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

/// The values that a case has remembered, by name.
pub(crate) type Memory = BTreeMap<String, Value>;

/// What a value must be like, as the case has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Expectation(Value);

/// A rule about one value, such as `{"$contains": ["lease"]}`.
#[derive(Deserialize)]
enum Rule {
    /// Any value but null, kept under a name.
    #[serde(rename = "$remember")]
    Remember(String),
    /// What was kept under this name.
    #[serde(rename = "$same_as")]
    SameAs(String),
    /// Anything but what was kept under this name.
    #[serde(rename = "$other_than")]
    OtherThan(String),
    /// A number larger than the one kept under this name. Fencing tokens are strings of digits.
    #[serde(rename = "$greater_than")]
    GreaterThan(String),
    /// A number that is neither smaller nor larger.
    #[serde(rename = "$within")]
    Within(f64, f64),
    /// A text with all these parts.
    #[serde(rename = "$contains")]
    Contains(Vec<String>),
}

impl TryFrom<Value> for Expectation {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        check(&value)?;
        Ok(Self(value))
    }
}

impl Expectation {
    /// Fails by saying how `value` differs. What it has to remember it does, whether or not it matches.
    pub(crate) fn check(&self, value: &Value, memory: &mut Memory) -> Result<()> {
        compare(&self.0, value, memory, "")
    }
}

/// Finds misspelt rules when a case is loaded, not when it is run.
fn check(value: &Value) -> Result<(), String> {
    if let Some(rule) = rule(value) {
        return rule.map(drop).map_err(|error| format!("{value}: {error}"));
    }
    match value {
        Value::Object(fields) => fields.values().try_for_each(check),
        _ => Ok(()),
    }
}

fn rule(value: &Value) -> Option<serde_json::Result<Rule>> {
    let fields = value.as_object()?;
    let is_rule = fields.keys().any(|key| key.starts_with('$'));
    is_rule.then(|| Rule::deserialize(value))
}

fn compare(expected: &Value, value: &Value, memory: &mut Memory, path: &str) -> Result<()> {
    if let Some(rule) = rule(expected) {
        return rule?.apply(value, memory).with_context(|| at(path));
    }
    let Value::Object(fields) = expected else {
        ensure!(value == expected, "{}: {value} is not {expected}", at(path));
        return Ok(());
    };
    for (key, expected) in fields {
        let present = value.get(key).unwrap_or(&Value::Null);
        compare(expected, present, memory, &format!("{path}.{key}"))?;
    }
    Ok(())
}

fn at(path: &str) -> String {
    let path = path.trim_start_matches('.');
    if path.is_empty() { "it" } else { path }.to_owned()
}

impl Rule {
    fn apply(self, value: &Value, memory: &mut Memory) -> Result<()> {
        match self {
            Self::Remember(name) => {
                ensure!(!value.is_null(), "there is none to remember as {name}");
                memory.insert(name, value.clone());
            }
            Self::SameAs(name) => {
                let known = recall(memory, &name)?;
                ensure!(value == known, "{value} is not {name}, which is {known}");
            }
            Self::OtherThan(name) => {
                let known = recall(memory, &name)?;
                ensure!(value != known, "{value} is {name} still");
            }
            Self::GreaterThan(name) => {
                let known = recall(memory, &name)?;
                let grown = number(value)? > number(known)?;
                ensure!(
                    grown,
                    "{value} is not greater than {name}, which is {known}"
                );
            }
            Self::Within(least, most) => {
                let is_within = value
                    .as_f64()
                    .is_some_and(|it| (least..=most).contains(&it));
                ensure!(is_within, "{value} is not a number from {least} to {most}");
            }
            Self::Contains(parts) => {
                let Some(text) = value.as_str() else {
                    bail!("{value} is not a text");
                };
                for part in parts {
                    ensure!(text.contains(&part), "{text:?} does not contain {part:?}");
                }
            }
        }
        Ok(())
    }
}

fn recall<'a>(memory: &'a Memory, name: &str) -> Result<&'a Value> {
    let value = memory.get(name);
    value.with_context(|| format!("no step has remembered {name}"))
}

fn number(value: &Value) -> Result<u64> {
    let number = match value {
        Value::String(digits) => digits.parse().ok(),
        other => other.as_u64(),
    };
    number.with_context(|| format!("{value} is not a number"))
}
