//! What a Lease remembers from term to term, no matter who leads: which work has been done once and for all, how
//! often it was begun, and which firings of scheduled jobs were. It is in annotations of its own, which people
//! can read and mend.
//!
//! Invariant: what cannot be understood is never written over, and nothing is begun on it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::firings::{FIRINGS, Firings};
use crate::clock::WallTime;

/// The annotation with the keys of the work that has been done: a JSON list, oldest first.
pub const DONE: &str = "leasehold.io/done";
/// The annotation with the work that was begun and is not done: a JSON list, oldest first.
pub const ATTEMPTS: &str = "leasehold.io/attempts";

/// So many keys of work that was done are remembered; of more the oldest are forgotten.
pub const MOST_DONE: usize = 32;
/// The same of work that was begun and is not done.
const MOST_BEGUN: usize = 8;
/// So much is remembered of what an attempt failed with, in characters.
const LONGEST_FAILURE: usize = 256;

/// What a Lease remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The keys of the work that has been done, oldest first.
    pub done: Vec<String>,
    /// The work that was begun and is not done, oldest first.
    pub begun: Vec<Begun>,
    /// The firings of scheduled jobs that were begun.
    pub firings: Firings,
    /// Which annotation cannot be understood, and why.
    pub unreadable: Option<String>,
}

/// Work that was begun and is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Begun {
    /// Its key.
    pub key: String,
    /// How often it was begun.
    pub attempts: u32,
    /// Who began it last, by its identity.
    pub by: String,
    /// What the last attempt has failed with; `None` while it goes on, or where it ended without a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A change of what a Lease remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MemoryChange {
    /// The work of `key` is begun, for at most the `most`th time.
    Begin { key: String, by: String, most: u32 },
    /// The work of `key` is done, and never begun again.
    Done { key: String },
    /// The work of `key` has failed.
    Fail { key: String, failure: String },
    /// The firing of `job` that is due then is begun, and none of the job before it any more.
    Fire { job: String, due: WallTime },
}

impl Memory {
    /// What a Lease remembers that nothing was done under.
    pub(crate) const fn nothing() -> Self {
        Self {
            done: Vec::new(),
            begun: Vec::new(),
            firings: Firings::nothing(),
            unreadable: None,
        }
    }

    /// Whether the work of `key` has been done.
    pub fn is_done(&self, key: &str) -> bool {
        self.done.iter().any(|done| done == key)
    }

    /// What is known of the attempts at the work of `key`, if it was begun and is not done.
    pub fn begun(&self, key: &str) -> Option<&Begun> {
        self.begun.iter().find(|begun| begun.key == key)
    }

    /// Makes `change`, and returns whether there was anything to change: work that is done is not begun
    /// again, nor more often than it may be; nor is a firing.
    pub(crate) fn make(&mut self, change: &MemoryChange) -> bool {
        if self.unreadable.is_some() {
            return false;
        }
        match change {
            MemoryChange::Begin { key, .. }
            | MemoryChange::Done { key }
            | MemoryChange::Fail { key, .. }
                if self.is_done(key) =>
            {
                return false;
            }
            MemoryChange::Fire { job, due } => return self.firings.begin(job, *due),
            MemoryChange::Begin { key, by, most } => {
                let attempts = self.begun(key).map_or(0, |begun| begun.attempts);
                if attempts >= *most {
                    return false;
                }
                self.note(Begun {
                    key: key.clone(),
                    attempts: attempts + 1,
                    by: by.clone(),
                    failure: None,
                });
            }
            MemoryChange::Done { key } => {
                self.begun.retain(|begun| begun.key != *key);
                self.done.push(key.clone());
                forget_oldest(&mut self.done, MOST_DONE);
            }
            MemoryChange::Fail { key, failure } => {
                let Some(begun) = self.begun(key).cloned() else {
                    return false;
                };
                self.note(Begun {
                    failure: Some(failure.chars().take(LONGEST_FAILURE).collect()),
                    ..begun
                });
            }
        }
        true
    }

    /// The latest news of work that is not done.
    fn note(&mut self, news: Begun) {
        self.begun.retain(|begun| begun.key != news.key);
        self.begun.push(news);
        forget_oldest(&mut self.begun, MOST_BEGUN);
    }

    /// Reads it from an object in the shape of a Kubernetes Lease.
    pub(crate) fn of(object: &Value) -> Self {
        let mut memory = Self::default();
        let annotations = &object["metadata"]["annotations"];
        let understood = (|| {
            memory.done = read(annotations, DONE)?;
            memory.begun = read(annotations, ATTEMPTS)?;
            memory.firings = read(annotations, FIRINGS)?;
            Ok(())
        })();
        memory.unreadable = understood.err();
        memory
    }

    /// Writes to such an object what in it is different.
    pub(crate) fn write_to(&self, object: &mut Value) {
        if *self == Self::of(object) {
            return;
        }
        annotate(object, DONE, &self.done, self.done.is_empty());
        annotate(object, ATTEMPTS, &self.begun, self.begun.is_empty());
        annotate(object, FIRINGS, &self.firings, self.firings.is_empty());
    }
}

fn forget_oldest<T>(list: &mut Vec<T>, most: usize) {
    list.drain(..list.len().saturating_sub(most));
}

fn read<T: Default + for<'a> Deserialize<'a>>(
    annotations: &Value,
    name: &str,
) -> Result<T, String> {
    match &annotations[name] {
        Value::Null => Ok(T::default()),
        Value::String(text) => {
            serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))
        }
        _ => Err(format!("{name}: not a text")),
    }
}

fn annotate<T: Serialize>(object: &mut Value, name: &str, value: &T, is_empty: bool) {
    if !is_empty {
        object["metadata"]["annotations"][name] = json!(value).to_string().into();
    } else if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        annotations.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(key: &str, by: &str) -> MemoryChange {
        MemoryChange::Begin {
            key: key.to_owned(),
            by: by.to_owned(),
            most: 2,
        }
    }

    fn done(key: &str) -> MemoryChange {
        MemoryChange::Done {
            key: key.to_owned(),
        }
    }

    fn fail(key: &str, failure: &str) -> MemoryChange {
        MemoryChange::Fail {
            key: key.to_owned(),
            failure: failure.to_owned(),
        }
    }

    fn fire(job: &str, second: i64) -> MemoryChange {
        MemoryChange::Fire {
            job: job.to_owned(),
            due: WallTime::from_micros(second * 1_000_000),
        }
    }

    fn after(changes: &[MemoryChange]) -> Memory {
        let mut memory = Memory::default();
        for change in changes {
            assert!(memory.make(change), "{change:?}");
        }
        memory
    }

    #[test]
    fn it_reads_as_it_was_written_beside_what_others_have_noted() {
        let memory = after(&[
            begin("1", "a"),
            done("1"),
            begin("2", "a"),
            fail("2", "exit status 3: \"no\""),
            begin("3", "b"),
            fire("bill", 1_790_000_000),
        ]);
        let mut object = json!({ "metadata": { "annotations": { "team": "payments" } } });
        memory.write_to(&mut object);
        assert_eq!(Memory::of(&object), memory);
        assert_eq!(object["metadata"]["annotations"]["team"], "payments");
        assert_eq!(object["metadata"]["annotations"][DONE], r#"["1"]"#);
        let firings = r#"{"jobs":{"bill":"2026-09-21T14:13:20Z"}}"#;
        assert_eq!(object["metadata"]["annotations"][FIRINGS], firings);

        let mut nowhere = json!({});
        memory.write_to(&mut nowhere);
        assert_eq!(Memory::of(&nowhere), memory);
        Memory::default().write_to(&mut object);
        assert_eq!(
            object,
            json!({ "metadata": { "annotations": { "team": "payments" } } })
        );
    }

    #[test]
    fn work_that_is_done_is_not_begun_again() {
        let mut memory = after(&[begin("1", "a"), done("1")]);
        assert!(memory.is_done("1"));
        assert_eq!(memory.begun("1"), None);
        for change in [begin("1", "b"), done("1"), fail("1", "late")] {
            assert!(!memory.make(&change), "{change:?}");
        }
        assert_eq!(memory, after(&[begin("1", "a"), done("1")]));
    }

    #[test]
    fn work_is_begun_as_often_as_it_may_be() {
        let mut memory = after(&[begin("1", "a"), fail("1", "no"), begin("1", "b")]);
        let begun = memory.begun("1").unwrap();
        assert_eq!((begun.attempts, begun.by.as_str()), (2, "b"));
        assert_eq!(begun.failure, None, "the second attempt goes on");
        assert!(!memory.make(&begin("1", "c")));
        assert!(memory.make(&begin("2", "c")), "each key by itself");
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut memory = Memory::default();
        for number in 0..=MOST_DONE {
            assert!(memory.make(&done(&number.to_string())));
        }
        assert!(!memory.is_done("0"));
        assert!(memory.is_done("1"));
        assert_eq!(memory.done.len(), MOST_DONE);
        for number in 0..=MOST_BEGUN {
            assert!(memory.make(&begin(&format!("b{number}"), "a")));
        }
        assert_eq!(memory.begun.len(), MOST_BEGUN);
        assert_eq!(memory.begun("b0"), None);
    }

    #[test]
    fn a_long_failure_is_cut() {
        let memory = after(&[begin("1", "a"), fail("1", &"ä".repeat(1000))]);
        let failure = memory.begun("1").unwrap().failure.clone().unwrap();
        assert_eq!(failure.chars().count(), LONGEST_FAILURE);
    }

    #[test]
    fn what_cannot_be_understood_stays_and_nothing_is_begun_on_it() {
        for (name, text) in [
            (DONE, json!("1, 2")),
            (DONE, json!(r#"{"1": true}"#)),
            (DONE, json!("[1]")),
            (DONE, json!(["1"])),
            (ATTEMPTS, json!(r#"["1"]"#)),
            (
                ATTEMPTS,
                json!(r#"[{"key":"1","attempts":1,"by":"a","more":1}]"#),
            ),
            (FIRINGS, json!(r#"{"jobs":{"bill":"yesterday"}}"#)),
            (FIRINGS, json!(r#"{"jobs":{},"more":1}"#)),
        ] {
            let mut object = json!({ "metadata": { "annotations": { name: text } } });
            let before = object.clone();
            let mut memory = Memory::of(&object);
            assert!(memory.unreadable.as_ref().unwrap().starts_with(name));
            assert!(!memory.make(&begin("2", "a")));
            assert!(!memory.make(&done("2")));
            assert!(!memory.make(&fire("bill", 1_790_000_000)));
            memory.write_to(&mut object);
            assert_eq!(object, before);
        }
    }
}
