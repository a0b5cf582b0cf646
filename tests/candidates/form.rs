//! How a program is told what to take part in, and who says when it leads: by the last of its words.

use std::path::Path;

use super::candidate::Timing;
use super::intervals::Intervals;
use super::sidecar::Sidecar;

/// What a candidate's program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// It takes five arguments and says itself when it leads: the contract in `lib.rs`.
    Agent,
    /// `… leasehold run -- JOB …`: the job, which is given the path of a socket as its last argument,
    /// says there when it runs.
    Run,
    /// `… leasehold serve`: an application beside it asks it over HTTP.
    Serve,
}

/// Which words of a command line are the job's.
const JOB: &str = "--";

impl Form {
    pub(crate) fn of(words: &[String]) -> Self {
        let program = words.split(|word| word == JOB).next().unwrap_or_default();
        match program.last().map(String::as_str) {
            Some("run") if program.len() < words.len() => Self::Run,
            Some("serve") => Self::Serve,
            _ => Self::Agent,
        }
    }

    /// Those of a candidate of this kind that is called `name`.
    pub(crate) fn intervals(self, name: &str) -> Intervals {
        match self {
            Self::Agent => Intervals::new(name),
            Self::Run | Self::Serve => Intervals::told_by_another(name),
        }
    }

    /// The program and all of its arguments. The job, if there is one, speaks on `socket`.
    pub(crate) fn command_line(
        self,
        words: &[String],
        lease: &str,
        identity: &str,
        timing: Timing,
        socket: &Path,
    ) -> Vec<String> {
        let Timing(lease_duration, renew_deadline, retry_period) = timing;
        let timing = [lease_duration, renew_deadline, retry_period].map(|s| s.to_string());
        let mut line = words.to_owned();
        if self == Self::Agent {
            line.extend([lease.to_owned(), identity.to_owned()]);
            line.extend(timing);
            return line;
        }
        let [lease_duration, renew_deadline, retry_period] = timing;
        let flags = [
            ("--election", lease),
            ("--identity", identity),
            ("--lease-duration", &lease_duration),
            ("--renew-deadline", &renew_deadline),
            ("--retry-period", &retry_period),
        ];
        let of_serve = [
            ("--http", "127.0.0.1:0"),
            ("--release-delay", Sidecar::RELEASE_DELAY),
        ];
        let own = if self == Self::Serve {
            &of_serve[..]
        } else {
            &[]
        };
        let flags = flags.iter().chain(own);
        let flags = flags.flat_map(|(flag, value)| [*flag, *value].map(str::to_owned));
        let end = line.iter().position(|word| word == JOB);
        let end = end.unwrap_or(line.len());
        line.splice(end..end, flags);
        if self == Self::Run {
            line.push(socket.display().to_string());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str) -> String {
        let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
        let socket = Path::new("socket");
        let line = Form::of(&words).command_line(&words, "a", "b", Timing(3.0, 2.0, 0.5), socket);
        line.join(" ")
    }

    #[test]
    fn an_agent_has_five_arguments() {
        assert_eq!(line("java -jar run.jar"), "java -jar run.jar a b 3 2 0.5");
    }

    #[test]
    fn the_command_line_program_has_flags_before_its_job() {
        let flags = "--election a --identity b --lease-duration 3 --renew-deadline 2 \
            --retry-period 0.5";
        assert_eq!(
            line("env A=1 leasehold run -- job now"),
            format!("env A=1 leasehold run {flags} -- job now socket")
        );
        assert_eq!(
            line("leasehold serve"),
            format!("leasehold serve {flags} --http 127.0.0.1:0 --release-delay 1s")
        );
    }
}
