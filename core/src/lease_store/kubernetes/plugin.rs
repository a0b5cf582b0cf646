//! Credential plugins: programs that print a token or a certificate.
//!
//! One run at a time, no matter who asks. What it gave is used for as long as it is valid, also
//! while the next run goes on or after that has failed. No run lasts longer than its limit: then
//! the program and all that it has started are killed.
//!
//! One that hangs while this process is killed outlives it. The kernel's signal at a parent's death
//! (`PR_SET_PDEATHSIG`) would prevent that, but it means the death of the *thread* by which the program
//! was started, which ends when it has been idle for a while, and it has to be asked for between a fork
//! and the start of the program, in a process that may be as large as a JVM.

mod run;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use kube::config::ExecConfig;
use rustls::sign::CertifiedKey;
use serde::Deserialize;
use tracing::warn;

use self::run::Running;
#[cfg(any(test, fuzzing))]
pub(super) use self::run::presentable;
use super::cluster_config::{Origin, comparable};
use super::shared_task::{self, SharedTask};
use super::shown::{Present, bearer};
use super::tls;
use crate::error::{Error, ErrorKind, Result};

/// How long before its end a credential is replaced, unless it lives too short for that.
const REFRESH_BEFORE: SignedDuration = SignedDuration::from_mins(1);

/// The plugin of one user of one kubeconfig.
pub(super) struct Plugin {
    exec: ExecConfig,
    origin: Origin,
    limits: Limits,
    state: Mutex<State>,
}

/// How long and how often it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The longest run.
    pub(super) run: Duration,
    /// How long a request waits for a run that others wait for as well.
    pub(super) wait: Duration,
    /// The time between two runs of which the first has failed, or has given what was refused.
    pub(super) retry: Duration,
}

/// What a run has given.
#[derive(Clone)]
struct Given {
    credentials: Present,
    since: Timestamp,
    expires: Option<Timestamp>,
}

#[derive(Default)]
struct State {
    given: Option<Given>,
    /// The API server does not take what was given.
    refused: bool,
    /// When a run was last asked for since what was given is refused.
    replaced: Option<Instant>,
    run: Option<Run>,
    failed: Option<(Instant, Error)>,
}

#[derive(Clone)]
struct Run {
    running: Arc<Running>,
    outcome: SharedTask<Present>,
}

impl Plugin {
    pub(super) fn new(exec: ExecConfig, origin: Origin, limits: Limits) -> Self {
        Self {
            exec,
            origin,
            limits,
            state: Mutex::default(),
        }
    }

    /// Whether this is the same program with the same arguments.
    pub(super) fn runs(&self, exec: &ExecConfig) -> bool {
        let all = |exec: &ExecConfig| (comparable(exec), comparable(&exec.cluster));
        all(&self.exec) == all(exec)
    }

    /// What it has given, if that is valid; otherwise runs it, and waits for as long as a request
    /// should.
    pub(super) async fn given(self: &Arc<Self>) -> Result<Present> {
        self.given_within(self.limits.wait).await
    }

    /// The same, for somebody who needs it now and waits to the end of the run.
    pub(super) async fn first_given(self: &Arc<Self>) -> Result<Present> {
        // The run has a limit of its own, which says more.
        self.given_within(self.limits.run * 2).await
    }

    async fn given_within(self: &Arc<Self>, wait: Duration) -> Result<Present> {
        let run = {
            let mut state = self.state();
            let valid = state.given.clone().filter(|_| !state.refused);
            match valid.map(|given| (given.lasts(), given)) {
                Some((Lasts::Long, given)) => return Ok(given.credentials),
                Some((Lasts::NotLong, given)) => {
                    // For those who come later.
                    let _ = self.run(&mut state);
                    return Ok(given.credentials);
                }
                Some((Lasts::NoMore, _)) | None => self.run(&mut state)?,
            }
        };
        match tokio::time::timeout(wait, run.outcome).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.failure(format_args!(
                "has been running for {:.0?}, and has not ended{}",
                run.running.age(),
                run.running.said()
            ))),
        }
    }

    /// The certificate that it has given last, valid or not.
    pub(super) fn certificate(&self) -> Option<Arc<CertifiedKey>> {
        let state = self.state();
        state.given.as_ref()?.credentials.certificate.clone()
    }

    /// The API server refuses what it gave: the next to ask runs it again, unless that was done a
    /// moment ago.
    pub(super) fn refuse(&self, shown: &Present) {
        let mut state = self.state();
        let is_last = state
            .given
            .as_ref()
            .is_some_and(|last| last.credentials == *shown);
        let just_replaced = state
            .replaced
            .is_some_and(|at| at.elapsed() < self.limits.retry);
        if is_last && !state.refused && !just_replaced {
            state.refused = true;
            state.replaced = Some(Instant::now());
        }
    }

    /// Joins the run under way, or starts one.
    fn run(self: &Arc<Self>, state: &mut State) -> Result<Run> {
        if let Some(run) = &state.run {
            return Ok(run.clone());
        }
        if let Some((at, error)) = &state.failed
            && at.elapsed() < self.limits.retry
        {
            return Err(error.clone());
        }
        let running = Arc::new(Running::new());
        let outcome = shared_task::start({
            let (plugin, running) = (Arc::clone(self), Arc::clone(&running));
            async move {
                let outcome = plugin.run_once(&running).await;
                plugin.ended(outcome)
            }
        });
        let run = Run { running, outcome };
        state.run = Some(run.clone());
        Ok(run)
    }

    fn ended(&self, outcome: Result<Given>) -> Result<Present> {
        let mut state = self.state();
        state.run = None;
        match outcome {
            Ok(given) => {
                let credentials = given.credentials.clone();
                state.given = Some(given);
                state.refused = false;
                state.failed = None;
                Ok(credentials)
            }
            Err(error) => {
                let still_valid = state.given.is_some() && !state.refused;
                if still_valid {
                    warn!(%error, "using the previous credentials for as long as they are valid");
                }
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn run_once(&self, running: &Running) -> Result<Given> {
        let output = running.output(&self.exec, self.limits.run).await;
        match output {
            Ok(output) => self.understood(&output, &running.said()),
            Err(run::Failure::NotStarted(error)) => Err(self.origin.wrong(format!(
                "its credential plugin {self} cannot be run ({error}); install it, or put it on PATH"
            ))),
            Err(run::Failure::Ended(status)) => {
                Err(self.failure(format_args!("ended with {status}{}", running.said())))
            }
            Err(run::Failure::TooLong) => Err(self.failure(format_args!(
                "did not end within {:?} and was killed{}",
                self.limits.run,
                running.said()
            ))),
            Err(run::Failure::TooMuch) => {
                Err(self.failure(format_args!("printed far more than a credential")))
            }
        }
    }

    /// Nothing of `output` may be in an error: it may be a secret, in any form. What it has `said` to
    /// people is: its exit status may be lost, and then this alone tells why there is no credential.
    fn understood(&self, output: &[u8], said: &str) -> Result<Given> {
        let printed = |what: &str| self.failure(format_args!("printed {what}{said}"));
        let credential: ExecCredential = serde_saphyr::from_slice(output)
            .map_err(|_| printed("something that is not an ExecCredential"))?;
        let status = credential
            .status
            .ok_or_else(|| printed("an ExecCredential without a status"))?;
        let expires = match &status.expiration_timestamp {
            Some(time) => Some(
                time.parse()
                    .map_err(|_| printed("an expirationTimestamp that is not a time"))?,
            ),
            None => None,
        };
        let some = |value: Option<String>| value.filter(|value| !value.is_empty());
        let authorization = match some(status.token) {
            Some(token) => Some(
                bearer(token.trim())
                    .ok_or_else(|| printed("a token that cannot be sent in a header"))?,
            ),
            None => None,
        };
        let pair = (
            some(status.client_certificate_data),
            some(status.client_key_data),
        );
        let certificate = match pair {
            (Some(certificate), Some(key)) => Some(Arc::new(
                tls::certified_key(certificate.as_bytes(), key.as_bytes())
                    .map_err(|why| printed(&format!("credentials that cannot be used: {why}")))?,
            )),
            (None, None) => None,
            _ => return Err(printed("only one of a certificate and its key")),
        };
        if authorization.is_none() && certificate.is_none() {
            return Err(printed("neither a token nor a certificate"));
        }
        Ok(Given {
            credentials: Present {
                authorization,
                certificate,
            },
            since: Timestamp::now(),
            expires,
        })
    }

    /// Whether a run that prints `output` gives credentials.
    #[cfg(any(test, fuzzing))]
    pub(super) fn understands(&self, output: &[u8]) -> Result<Present> {
        Ok(self.understood(output, "")?.credentials)
    }

    fn failure(&self, how: fmt::Arguments<'_>) -> Error {
        let message = format!(
            "the credential plugin {self} of {} {how}",
            self.origin.value
        );
        Error::new(ErrorKind::Unauthorized, message)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.exec.command.as_deref().unwrap_or("(no command)"))
    }
}

/// Whether something can be used.
enum Lasts {
    Long,
    /// It still can; get another one.
    NotLong,
    NoMore,
}

impl Given {
    fn lasts(&self) -> Lasts {
        let Some(expires) = self.expires else {
            return Lasts::Long;
        };
        let left = expires.duration_since(Timestamp::now());
        let whole = expires.duration_since(self.since);
        if !left.is_positive() {
            Lasts::NoMore
        } else if left < REFRESH_BEFORE.min(whole / 4) {
            Lasts::NotLong
        } else {
            Lasts::Long
        }
    }
}

#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    expiration_timestamp: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

#[cfg(test)]
mod tests {
    use kube::config::ExecInteractiveMode;
    use serde_json::json;

    use super::*;

    const SHORT_LIMITS: Limits = Limits {
        run: Duration::from_secs(4),
        wait: Duration::from_millis(100),
        retry: Duration::from_secs(600),
    };

    /// A plugin that does not end by itself, and that has given a token before.
    fn hanging(valid_for: SignedDuration) -> Arc<Plugin> {
        let (command, arguments): (_, &[&str]) = if cfg!(windows) {
            ("ping", &["-n", "1000", "127.0.0.1"])
        } else {
            ("sleep", &["1000"])
        };
        let exec = ExecConfig {
            command: Some(command.into()),
            args: Some(arguments.iter().map(ToString::to_string).collect()),
            interactive_mode: Some(ExecInteractiveMode::Never),
            ..ExecConfig::default()
        };
        let origin = Origin {
            field: "kubeconfig",
            value: "FILE".into(),
        };
        let plugin = Plugin::new(exec, origin, SHORT_LIMITS);
        let now = Timestamp::now();
        plugin.state().given = Some(Given {
            credentials: Present {
                authorization: bearer("old"),
                certificate: None,
            },
            since: now - SignedDuration::from_hours(1),
            expires: Some(now + valid_for),
        });
        Arc::new(plugin)
    }

    #[test]
    fn a_plugin_is_the_same_until_something_about_it_changes() {
        let read = |value: &str| -> ExecConfig {
            let exec = json!({
                "command": "plugin",
                "env": [{ "name": "ONE", "value": "1" }, { "name": "TWO", "value": value }],
            });
            serde_json::from_value(exec).expect("a plugin")
        };
        let origin = Origin {
            field: "kubeconfig",
            value: "FILE".into(),
        };
        let plugin = Plugin::new(read("2"), origin, SHORT_LIMITS);
        for _ in 0..20 {
            assert!(plugin.runs(&read("2")));
        }
        assert!(!plugin.runs(&read("3")));
    }

    async fn ended(plugin: &Plugin) {
        while plugin.state().run.is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn what_it_gave_is_used_while_it_is_valid_though_the_next_run_hangs_and_fails() {
        let plugin = hanging(SignedDuration::from_secs(50));
        for _ in 0..2 {
            let given = plugin.given().await.expect("the old token");
            assert_eq!(given.authorization, bearer("old"));
        }
        assert!(plugin.state().run.is_some(), "the next one is fetched");

        ended(&plugin).await;
        let given = plugin.given().await.expect("the old token");
        assert_eq!(given.authorization, bearer("old"));
        assert!(plugin.state().run.is_none(), "and not at once again");
    }

    #[tokio::test]
    async fn what_it_says_to_people_is_told_also_if_it_ends_well_without_a_credential() {
        let (shell, option) = if cfg!(windows) {
            ("cmd", "/c")
        } else {
            ("sh", "-c")
        };
        let exec = ExecConfig {
            command: Some(shell.into()),
            args: Some(vec![option.into(), "echo please log in>&2".into()]),
            interactive_mode: Some(ExecInteractiveMode::Never),
            ..ExecConfig::default()
        };
        let origin = Origin {
            field: "kubeconfig",
            value: "FILE".into(),
        };
        let limits = Limits {
            run: Duration::from_secs(60),
            ..SHORT_LIMITS
        };
        let plugin = Arc::new(Plugin::new(exec, origin, limits));
        let error = plugin.first_given().await.err().expect("no credential");
        assert!(error.message().ends_with(": please log in"), "{error}");
    }

    #[tokio::test]
    async fn what_is_no_longer_valid_or_refused_is_not_used() {
        let plugin = hanging(SignedDuration::from_secs(-1));
        let error = plugin.given().await.err().expect("nothing valid");
        assert!(error.message().contains("has not ended"), "{error}");
        ended(&plugin).await;

        let plugin = hanging(SignedDuration::from_hours(1));
        let shown = plugin.given().await.expect("the old token");
        assert!(plugin.state().run.is_none(), "it lasts for long");
        plugin.refuse(&shown);
        let error = plugin.given().await.err().expect("nothing valid");
        assert!(error.message().contains("has not ended"), "{error}");
        ended(&plugin).await;
        let error = plugin.given().await.err().expect("nothing valid");
        assert!(error.message().contains("did not end within"), "{error}");
    }
}
