//! What others write, given to the code that reads it: each target is a function of any bytes that panics
//! if something does not hold. The fuzzer in `core/fuzz` runs them for hours, guided by coverage; the test
//! here runs them over its corpus and some thousand inputs made from that.
//!
//! Only in tests and in the fuzzer (`--cfg fuzzing`): nobody's program has any of this.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::clock::{Instant, WallTime};
use crate::config;
use crate::election::{Election, Observation, Operation, Reply};
use crate::lease_record;
use crate::lease_record::{ResourceVersion, StoredLease};
use crate::lease_store::{file, kubernetes};
use crate::validation;

/// Something that others write, and what must hold of all that can be written.
pub struct Target {
    /// Its name, and that of the folder with its corpus.
    pub name: &'static str,
    /// Reads `input`; panics if something does not hold.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("annotations", lease_record::fuzzing::annotations),
    target("election", election),
    target("exec_credential", kubernetes::fuzzing::exec_credential),
    target("kubeconfig", kubernetes::fuzzing::kubeconfig),
    target("lease_folder", file::fuzzing::lease_folder),
    target("lease_object", kubernetes::fuzzing::lease_object),
    target("names", names),
    target("plugin_words", kubernetes::fuzzing::plugin_words),
    target("proxy", kubernetes::fuzzing::proxy_variables),
    target("refusal", kubernetes::fuzzing::refused),
    target("settings", config::fuzzing::settings),
    target("token_file", kubernetes::fuzzing::token),
    target("watch", kubernetes::fuzzing::watched),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// Leases of others, as lines of JSON that begin with the seconds before each: nobody leads who has not
/// written, and no write comes before the lease duration of the present holder.
fn election(input: &[u8]) {
    let settings = config::Config::new("jobs").check_for_test();
    let settings = settings.expect("defaults").election();
    let mut now = Instant::from_nanos(1 << 40);
    let mut election = Election::new("me".to_owned(), settings, 7, now);
    let mut seen: Option<(StoredLease, Instant)> = None;
    let mut newest = ResourceVersion::default();
    for line in input.split(|byte| *byte == b'\n').take(20) {
        let split = line.iter().position(|byte| *byte == b' ').unwrap_or(0);
        let (wait, object) = line.split_at(split);
        let wait = str::from_utf8(wait).ok().and_then(|it| it.parse().ok());
        now = now + Duration::from_millis(wait.unwrap_or(0));
        let lease = serde_json::from_slice::<Value>(object.trim_ascii())
            .ok()
            .and_then(kubernetes::fuzzing::understood)
            .filter(|lease| lease.record.holder != "me");
        let asked = election.poll_request(now, WallTime::from_micros(0));
        let is_write = asked
            .as_ref()
            .is_some_and(|request| !matches!(request.operation, Operation::Read));
        if let Some((held, since)) = &seen
            && held.record.is_held()
            && let Some(duration) = held.record.lease_duration()
        {
            assert!(
                !is_write || now >= *since + duration,
                "writes too early: {held:?}"
            );
        }
        let sight = lease.clone();
        match asked {
            Some(request) if matches!(request.operation, Operation::Read) => {
                election.handle_reply(now, Reply::Read(Ok(lease)));
            }
            Some(_) => {
                election.handle_reply(now, Reply::Conflict("somebody else".to_owned()));
                continue;
            }
            None => match lease {
                Some(lease) => {
                    let changed = Observation::Changed {
                        lease,
                        complete: false,
                    };
                    election.handle_observation(now, changed);
                }
                None => election.handle_observation(now, Observation::Watching),
            },
        }
        if let Some(lease) = sight {
            // A Lease that comes late, or twice, is not news.
            let is_later = lease.version > newest;
            newest = newest.max(lease.version);
            let is_same =
                |(known, _): &(StoredLease, Instant)| known.record.is_same_write(&lease.record);
            if is_later && !seen.as_ref().is_some_and(is_same) {
                seen = Some((lease, now));
            }
        }
        assert!(election.active_term().is_none(), "leads without a write");
        let _ = (election.why_not_leading(now), election.lease_snapshot(now));
        let _ = (
            election.poll_timeout(),
            election.record_age_and_duration(now),
        );
        while election.poll_event().is_some() {}
    }
}

/// Names from settings and other languages, which become parts of URLs and of paths.
fn names(input: &[u8]) {
    let Ok(name) = str::from_utf8(input) else {
        return;
    };
    let plain = |error: crate::error::Result<()>| {
        let message = error.err().map(|error| error.message().to_owned());
        let message = message.unwrap_or_default();
        assert!(!message.contains(char::is_control), "{message:?}");
        message.is_empty()
    };
    let of_one_folder = || {
        let folder = PathBuf::from("/folder");
        let path = folder.join(name);
        assert_eq!(path.parent(), Some(folder.as_path()), "{name:?}");
        assert!(path.components().count() == 3 && !name.contains(['%', '?', '#', '\\']));
    };
    if plain(validation::check_lease("lease", name)) {
        of_one_folder();
    }
    if plain(validation::check_namespace("namespace", name)) {
        of_one_folder();
    }
    if plain(validation::check_service("leader_service", name)) {
        of_one_folder();
    }
    if plain(validation::check_identity("identity", name)) {
        assert!(!name.contains(char::is_control) && name.len() <= 253);
    }
    if plain(validation::check_work_key("key", name)) {
        assert!(name.is_ascii() && !name.contains(char::is_whitespace));
    }
    let _ = plain(validation::check_address("leader_address", name).map(drop));
}

/// A folder of its own, removed in the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (process, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = format!("leasehold-fuzzing-{process}-{number}");
        // In memory if possible: files are written through to the disk, thousands of times.
        let memory = PathBuf::from("/dev/shm");
        let within = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        let folder = within.join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left there is the system's to remove.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests;
