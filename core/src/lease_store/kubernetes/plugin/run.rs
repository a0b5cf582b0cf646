//! One run of a program, with a limit.

use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kube::config::{ExecConfig, ExecInteractiveMode};
use serde_json::json;
use tokio::task::spawn_blocking;
use tokio::time::{interval, sleep, timeout};
use tracing::warn;

use crate::system::programs::{Pipe, Program};

/// More than any credential has.
const LONGEST_OUTPUT: usize = 1 << 20;
/// What is kept of what a program says to people: its end.
const KEPT_OF_STDERR: usize = 2048;
/// How often to look whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// When to say that somebody waits for it.
const SLOW: Duration = Duration::from_secs(5);

/// Why there is no output.
pub(super) enum Failure {
    NotStarted(io::Error),
    Ended(ExitStatus),
    TooLong,
    TooMuch,
}

/// A run under way, for those who wait for it.
pub(super) struct Running {
    since: Instant,
    stderr: Mutex<Vec<u8>>,
}

impl Running {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            stderr: Mutex::default(),
        }
    }

    pub(super) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// What it has said to people so far, as the end of a sentence.
    pub(super) fn said(&self) -> String {
        let stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        match presentable(&stderr).as_str() {
            "" => String::new(),
            said => format!(": {said}"),
        }
    }

    /// Runs the program to its end, and returns what it has printed.
    pub(super) async fn output(
        &self,
        exec: &ExecConfig,
        limit: Duration,
    ) -> Result<Vec<u8>, Failure> {
        let (command, group) = command(exec);
        let mut program = spawn_blocking(move || Program::start(command, group))
            .await
            .unwrap_or_else(|panic| Err(io::Error::other(panic)))
            .map_err(Failure::NotStarted)?;
        let name = exec.command.as_deref().unwrap_or_default();
        let running = async {
            let mut output = std::pin::pin!(self.read_to_the_end(&mut program));
            tokio::select! {
                output = &mut output => return output,
                () = sleep(SLOW) => {}
            }
            warn!(
                plugin = name,
                "waiting for a credential plugin{}",
                self.said()
            );
            output.await
        };
        let outcome = timeout(limit, running).await;
        match outcome {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::TooLong),
        }
    }

    async fn read_to_the_end(&self, program: &mut Program) -> Result<Vec<u8>, Failure> {
        let (mut stdout, mut stderr) = program.pipes().map_err(Failure::NotStarted)?;
        let mut output = Vec::new();
        let mut ticks = interval(LOOK_EVERY);
        let status = loop {
            let (mut printed, mut said) = ([0; 8192], [0; 1024]);
            tokio::select! {
                length = read(&mut stdout, &mut printed) => output.extend(&printed[..length]),
                length = read(&mut stderr, &mut said) => self.hear(&said[..length]),
                _ = ticks.tick() => {}
            }
            if output.len() > LONGEST_OUTPUT {
                return Err(Failure::TooMuch);
            }
            if let Some(status) = program.ended().map_err(Failure::NotStarted)? {
                break status;
            }
        };
        if let Some(stdout) = &mut stdout {
            stdout.read_rest(|printed| output.extend(printed)).await;
        }
        if let Some(stderr) = &mut stderr {
            stderr.read_rest(|said| self.hear(said)).await;
        }
        if status.success() {
            Ok(output)
        } else {
            Err(Failure::Ended(status))
        }
    }

    fn hear(&self, said: &[u8]) {
        let mut stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        stderr.extend(said);
        let superfluous = stderr.len().saturating_sub(KEPT_OF_STDERR);
        stderr.drain(..superfluous);
    }
}

/// Does not end when there is nothing more to read.
async fn read(pipe: &mut Option<Pipe>, buffer: &mut [u8]) -> usize {
    if let Some(open) = pipe {
        match open.read(buffer).await {
            Ok(length @ 1..) => return length,
            _ => *pipe = None,
        }
    }
    std::future::pending().await
}

/// The command as client-go runs it, and whether it is in a group of its own.
///
/// It must not read the application's standard input, nor write into its output, unless it insists.
fn command(exec: &ExecConfig) -> (Command, bool) {
    let interactive = exec.interactive_mode == Some(ExecInteractiveMode::Always);
    let mut command = Command::new(exec.command.as_deref().unwrap_or_default());
    command.args(exec.args.iter().flatten());
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let mut spec = json!({ "interactive": interactive });
    if exec.provide_cluster_info {
        spec["cluster"] = json!(exec.cluster);
    }
    let asked = json!({
        "apiVersion": exec.api_version,
        "kind": "ExecCredential",
        "spec": spec,
    });
    command.env("KUBERNETES_EXEC_INFO", asked.to_string());
    command.stdout(Stdio::piped());
    if interactive {
        // In the terminal's own group, or it could not read from it.
        (command, false)
    } else {
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        (command, true)
    }
}

/// What a program has said, without what may be a secret and without a terminal's control characters.
pub(in super::super) fn presentable(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let on_one_line = said
        .trim()
        .replace(['\n', '\t'], " ")
        .replace(char::is_control, "");
    let mut before = String::new();
    let mut presentable = Vec::new();
    for word in on_one_line.split(' ') {
        let secret_follows = end_of_name(&before).is_some_and(|end| end == before.len());
        presentable.push(match end_of_name(word) {
            _ if secret_follows && !word.is_empty() => "…".to_owned(),
            Some(end) if end < word.len() => format!("{}…", &word[..end]),
            _ => without_tokens(word),
        });
        match word {
            "" => {}
            ":" | "=" => before.push_str(word),
            _ => word.clone_into(&mut before),
        }
    }
    presentable.join(" ")
}

/// The end of the part of `word` that calls what follows a secret, such as `token=`.
fn end_of_name(word: &str) -> Option<usize> {
    let lower_case = word.to_ascii_lowercase();
    let separators = lower_case.match_indices([':', '=']);
    let mut ends = separators.map(|(at, _)| at).filter(|at| {
        let name = lower_case[..*at].trim_end_matches(['"', '\'']);
        let names = ["password", "secret", "token"];
        names.iter().any(|known| name.ends_with(known))
    });
    ends.next().map(|at| at + 1)
}

fn without_tokens(word: &str) -> String {
    let is_address = word.contains("://");
    let of_none = |character: char| {
        let of_one = character.is_ascii_alphanumeric()
            || "-_=+~".contains(character)
            || (character == '/' && !is_address);
        !of_one
    };
    let parts = word.split_inclusive(of_none).map(|part| {
        let (may_be_one, end) = part.split_at(part.trim_end_matches(of_none).len());
        let shown = if may_be_secret(may_be_one) {
            "…"
        } else {
            may_be_one
        };
        format!("{shown}{end}")
    });
    parts.collect()
}

/// Longer than what people call things, and of letters and digits. With slashes it may be a path,
/// unless it has capital and small letters, as base64 has.
fn may_be_secret(word: &str) -> bool {
    const SHORTEST_SECRET: usize = 20;
    let has = |text: &str, of: fn(char) -> bool| text.contains(of);
    let is_long = |text: &str| {
        text.len() >= SHORTEST_SECRET
            && has(text, |character| character.is_ascii_digit())
            && has(text, |character| character.is_ascii_alphabetic())
    };
    let has_both_cases = has(word, |character| character.is_ascii_uppercase())
        && has(word, |character| character.is_ascii_lowercase());
    word.split('/').any(is_long) || (has_both_cases && is_long(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_token_is_not_repeated() {
        let token =
            "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJzeXN0ZW0ifQ2x.c2lnbmF0dXJlMDA5OQ==";
        let said = format!("got {token} from https://login.example.com/tenant\n");
        assert_eq!(
            presentable(said.as_bytes()),
            "got ….….… from https://login.example.com/tenant"
        );
        for (said, presented) in [
            ("5f4dcc3b5aa765d61d8327deb882cf99", "…"),
            ("/home/me/5f4dcc3b5aa765d61d8327deb882cf99", "…"),
            ("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY.", "key …."),
            ("password=hunter2", "password=…"),
            ("password = hunter2", "password = …"),
            ("Password:  hunter2 of me", "Password:  … of me"),
            (
                r#"{"token": "abc", "client_secret":"s3cret!"}"#,
                r#"{"token": … "client_secret":…"#,
            ),
        ] {
            assert_eq!(presentable(said.as_bytes()), presented);
        }
        for harmless in [
            "no token for this secret; set AWS_PROFILE=shop",
            "cannot open /usr/local/lib/python3.12/site-packages/aws",
        ] {
            assert_eq!(presentable(harmless.as_bytes()), harmless);
        }
    }

    #[test]
    fn colours_and_lines_of_a_terminal_are_taken_out() {
        assert_eq!(
            presentable(b"\x1b[31mplease\nlog in\x1b[0m\r\n"),
            "[31mplease log in[0m"
        );
    }

    #[test]
    fn a_plugin_is_kept_from_the_terminal_unless_it_insists() {
        for (asked, in_a_group) in [
            (None, true),
            (Some(ExecInteractiveMode::IfAvailable), true),
            (Some(ExecInteractiveMode::Never), true),
            (Some(ExecInteractiveMode::Always), false),
        ] {
            let exec = ExecConfig {
                interactive_mode: asked,
                ..ExecConfig::default()
            };
            assert_eq!(command(&exec).1, in_a_group);
        }
    }
}
