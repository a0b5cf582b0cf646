//! The check finds what differs: some of the sources as they are is changed, and it is named.

use leasehold_parity::{Sources, findings};

const CORE: &str = "core/src/leader_election.rs";
const ELECTION: &str = "bindings-java/leasehold/src/main/java/io/leasehold/LeaderElection.java";
const LISTENER: &str = "bindings-java/leasehold/src/main/java/io/leasehold/LeadershipListener.java";
const SPRING: &str = "bindings-java/leasehold-spring-boot-starter/src/main/java/io/leasehold/spring/\
                      LeaseholdProperties.java";
const NODE: &str = "bindings-node/lib/election.ts";
const NODE_EVENTS: &str = "bindings-node/lib/events.ts";
const OPTIONS: &str = "bindings-node/lib/options.ts";
const PYTHON: &str = "bindings-python/python/leasehold/_candidate.py";
const TYPES: &str = "bindings-python/python/leasehold/types.py";
const SETTINGS: &str = "docs/src/operations/settings.md";
const DIFFERENCES: &str = "tests/parity/differences.toml";

/// In a file, an old text and the new one in its place.
type Change<'a> = (&'a str, &'a str, &'a str);

fn findings_with(changes: &[Change<'_>]) -> Vec<String> {
    let sources = changes.iter().try_fold(
        Sources::of_checkout().unwrap(),
        |sources, (file, old, new)| sources.with(file, old, new),
    );
    findings(&sources.unwrap()).unwrap()
}

/// With these changes, there is a finding with all these parts.
#[track_caller]
fn assert_found(changes: &[Change<'_>], parts: &[&str]) {
    assert_all_found(changes, &[parts]);
}

/// With these changes, there is one with all parts of each.
#[track_caller]
fn assert_all_found(changes: &[Change<'_>], each: &[&[&str]]) {
    let findings = findings_with(changes);
    for parts in each {
        let mut found = findings.iter();
        let is_found = found.any(|finding| parts.iter().all(|part| finding.contains(part)));
        assert!(is_found, "none has {parts:?}: {findings:#?}");
    }
}

#[test]
fn nothing_differs_as_it_is() {
    let findings = findings_with(&[]);
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn a_method_that_a_language_has_not_is_named_with_the_language() {
    assert_all_found(
        &[
            (ELECTION, "stepDown()", "resign()"),
            (NODE, "get isLeader()", "get leads()"),
            (
                "bindings-python/python/leasehold/_leasehold.pyi",
                "time_left",
                "left",
            ),
            (
                "bindings-python/python/leasehold/aio.py",
                "wait_for_leadership(",
                "wait(",
            ),
        ],
        &[
            &[
                "`LeaderElection.step_down` (core/src/leader_election.rs:",
                "is not in Java:",
                DIFFERENCES,
            ],
            &["`LeaderElection.is_leader`", "is not in Node:"],
            &["`Loss.time_left`", "is not in Python:"],
            &["`LeaderElection.wait_for_leadership`", "is not in asyncio:"],
        ],
    );
}

#[test]
fn a_name_that_is_in_one_language_only_is_named_with_its_place() {
    let new = "pub fn leads(&self) -> bool { true }\n    pub fn is_leader(&self) -> bool {";
    let getter = "get isOver(): boolean { return true; }\n  get isValid()";
    assert_all_found(
        &[
            (CORE, "pub fn is_leader(&self) -> bool {", new),
            ("bindings-node/lib/term.ts", "get isValid()", getter),
        ],
        &[
            &[
                "`LeaderElection.leads` (core/src/leader_election.rs:",
                "is not in Java, Node, Python, asyncio:",
            ],
            &[
                "`Term.isOver` (bindings-node/lib/term.ts:",
                "is not in Java, Python, Rust:",
                "add `Term.is_over`",
            ],
        ],
    );
}

#[test]
fn an_event_that_is_called_otherwise_is_found() {
    let changes = [
        (LISTENER, "void renewalFailing(", "void failing("),
        (NODE_EVENTS, "leaderChanged: [", "holderChanged: ["),
        (TYPES, "RenewalFailing | Stopped", "RenewalFailing"),
    ];
    assert_all_found(
        &changes,
        &[
            &["`Event.RenewalFailing`", "is not in Java:"],
            &["`Event.LeaderChanged`", "is not in Node:"],
            &["`Event.Stopped`", "is not in Python:"],
        ],
    );
}

#[test]
fn an_exported_name_that_would_be_compared_with_nothing_is_an_error() {
    for (file, old, new) in [
        (
            "bindings-node/lib/term.ts",
            "export class Term",
            "export const Term = class",
        ),
        (
            "core/src/lib.rs",
            "events::{Event,",
            "events::{self as told, Event,",
        ),
        (
            "bindings-python/python/leasehold/__init__.py",
            "\"Acquired\",",
            "\"Gained\",",
        ),
    ] {
        let sources = Sources::of_checkout().unwrap().with(file, old, new);
        let error = findings(&sources.unwrap()).unwrap_err().to_string();
        assert!(error.contains("does not read"), "{error}");
    }
}

#[test]
fn a_kind_of_error_without_a_name_or_an_exception_is_found() {
    let java = "bindings-java/leasehold/src/main/java/io/leasehold/";
    let exception = format!("{java}CorruptException.java");
    assert_all_found(
        &[
            (
                &exception,
                "class CorruptException",
                "class SpoiltException",
            ),
            (&format!("{java}ErrorKind.java"), "GONE(", "LEFT("),
            ("bindings-node/lib/index.ts", "  ConflictError,", ""),
            (
                "bindings-python/python/leasehold/__init__.py",
                "\"ForkedError\",",
                "",
            ),
        ],
        &[
            &[
                "`ErrorKind.corrupt` (core/src/error.rs:",
                "is not in Java:",
                "add `CorruptError`",
            ],
            &[
                "`ErrorKind.gone`",
                "is not in Java:",
                "add `ErrorKind.gone`",
            ],
            &["is not in Node:", "add `ConflictError`"],
            &["is not in Python:", "add `ForkedError`"],
        ],
    );
}

#[test]
fn a_reason_a_role_and_a_mode_that_are_missing_are_found() {
    let role = "bindings-java/leasehold/src/main/java/io/leasehold/Role.java";
    assert_all_found(
        &[
            (
                "bindings-node/lib/engine.ts",
                "'emptied'",
                "'emptied_by_hand'",
            ),
            (role, "DRAINING", "STOPPING"),
            (TYPES, "\"always\", ", ""),
        ],
        &[
            &["`LostReason.emptied`", "is not in Node:"],
            &["`Role.draining`", "is not in Java:"],
            &["`Mode.always`", "is not in Python:"],
        ],
    );
}

#[test]
fn a_setting_that_a_place_has_not_is_found() {
    assert_found(
        &[
            (ELECTION, "Builder retryPeriod(", "Builder retry("),
            (OPTIONS, "retryPeriodMs?:", "retryMs?:"),
            (PYTHON, "retry_period: Duration", "retry: Duration"),
            (TYPES, "retry_period: Duration", "retry: Duration"),
            (SPRING, "Duration retryPeriod,", "Duration retry,"),
            (
                "cli/src/settings.rs",
                "    retry_period: Option",
                "    retry: Option",
            ),
            (
                "core/src/config/text.rs",
                "    retry_period: duration",
                "    retry: duration",
            ),
            (SETTINGS, "| `retry_period` |", "| `retry` |"),
        ],
        &[
            "`Config.retry_period` (core/src/config.rs:",
            "is not in Config::set, Java, Node, Python, Spring, leasehold run, \
             leasehold.types, settings.md:",
        ],
    );
}

#[test]
fn a_default_that_is_told_otherwise_is_found() {
    let changes = [
        (ELECTION, "Default: 10 s.", "Default: 11 s."),
        (OPTIONS, "Default: 10,000.", "Default: 11,000."),
        (PYTHON, "renewal. Default: 10.", "renewal. Default: 11."),
        (SPRING, "Default: 10s.", "Default: 11s."),
        ("core/src/config.rs", "Default: 10 s.", "Default: 11 s."),
        (
            SETTINGS,
            "| `renew_deadline` | 10 s |",
            "| `renew_deadline` | 11 s |",
        ),
    ];
    let says = "says that the default is \"11\", the core \"10\"";
    let expected = changes.map(|(file, _, _)| [file, says]);
    let expected = expected.each_ref().map(<[_; 2]>::as_slice);
    assert_all_found(&changes, &expected);
}

#[test]
fn a_default_that_is_changed_in_words_or_constants_or_not_told_at_all_is_found() {
    let table = "\n\n| setting | default |\n|---|---|\n| `candidates` | 12 |\n\n";
    assert_all_found(
        &[
            (OPTIONS, "Default: `~/.leasehold`.", "Default: `/tmp`."),
            (OPTIONS, "Default: 10,000.", "As you like."),
            (
                "core/src/config.rs",
                "RECLAIM: bool = false",
                "RECLAIM: bool = true",
            ),
            ("core/src/config.rs", "Default: its current one.", ""),
            ("ARCHITECTURE.md", "\n\n", table),
        ],
        &[
            &["directory", "\"/tmp\"", "\"~/.leasehold\""],
            &["renewDeadlineMs", "\"nothing\""],
            &["settings.md:", "reclaim", "is \"false\", the core \"true\""],
            &["`Config.context`", "has no default"],
            &["ARCHITECTURE.md:", "candidates", "\"12\""],
        ],
    );
}

#[test]
fn a_difference_that_is_no_more_is_found() {
    let of_node = "in = [\"Node\"]\nnames = [\"LeaderElection.lead\"";
    assert_all_found(
        &[
            (NODE, "unref()", "letGo()"),
            (
                LISTENER,
                "interface LeadershipListener",
                "interface Listener",
            ),
            (
                DIFFERENCES,
                "why = \"two functions in Python\"",
                "why = \"\"",
            ),
            (DIFFERENCES, of_node, &of_node.replace("Node", "Java")),
        ],
        &[
            &[
                DIFFERENCES,
                "`LeaderElection.unref` is everywhere or nowhere",
            ],
            &[DIFFERENCES, "Java has no `LeadershipListener` any more"],
            &[DIFFERENCES, "say why", "SingletonService"],
            &["`Term.signal` is in Java only, but it is in Node"],
        ],
    );
}

#[test]
fn a_variable_that_is_no_setting_is_found() {
    let change = (
        "bindings-node/README.md",
        "LEASEHOLD_LEASE_DURATION",
        "LEASEHOLD_LEASE_LENGTH",
    );
    assert_all_found(
        &[
            change,
            (DIFFERENCES, "LEASEHOLD_SIM_SEED", "LEASEHOLD_SIMULATION"),
        ],
        &[
            &[
                "`LEASEHOLD_LEASE_LENGTH` (bindings-node/README.md:",
                "is no setting",
            ],
            &["`LEASEHOLD_SIM_SEED` (CONTRIBUTING.md:", "is no setting"],
            &[
                DIFFERENCES,
                "nobody speaks of the variable `LEASEHOLD_SIMULATION`",
            ],
        ],
    );
}

#[test]
fn another_version_is_found_wherever_it_is_named() {
    let version = env!("CARGO_PKG_VERSION");
    let xml = format!("<version>{version}</version>");
    let json = format!("\"version\": \"{version}\"");
    let changes = [
        (
            "bindings-java/leasehold-test/pom.xml",
            xml.as_str(),
            "<version>9.8.7</version>",
        ),
        (
            "examples/spring-scheduled-jobs/pom.xml",
            &xml,
            "<version>9.8.7</version>",
        ),
        ("bindings-java/README.md", &xml, "<version>9.8.7</version>"),
        (
            "bindings-node/package.json",
            &json,
            "\"version\": \"9.8.7\"",
        ),
        (
            "bindings-node/package-lock.json",
            &json,
            "\"version\": \"9.8.7\"",
        ),
        (
            "examples/node-worker/package.json",
            "file:../../bindings-node",
            "9.8.7",
        ),
        (
            "examples/python-worker/requirements.txt",
            "leasehold\n",
            "leasehold==9.8.7\n",
        ),
        (
            "bindings-python/pyproject.toml",
            "dynamic = [\"version\"]",
            "version = \"9.8.7\"",
        ),
        (
            "cli/Cargo.toml",
            "version.workspace = true",
            "version = \"9.8.7\"",
        ),
        (
            "README.md",
            "npm install leasehold`",
            "npm install leasehold@9.8.7`",
        ),
    ];
    let expected = changes.map(|(file, _, _)| [file, "9.8.7", version]);
    let expected = expected.each_ref().map(<[_; 3]>::as_slice);
    assert_all_found(&changes, &expected);
}
