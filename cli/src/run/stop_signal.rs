//! The signal that asks a command to stop.

use std::fmt;
use std::str::FromStr;

use rustix::process::Signal;

/// Those that programs take as such.
const NAMES: [(&str, Signal); 9] = [
    ("SIGTERM", Signal::TERM),
    ("SIGINT", Signal::INT),
    ("SIGQUIT", Signal::QUIT),
    ("SIGHUP", Signal::HUP),
    ("SIGUSR1", Signal::USR1),
    ("SIGUSR2", Signal::USR2),
    ("SIGWINCH", Signal::WINCH),
    ("SIGALRM", Signal::ALARM),
    ("SIGKILL", Signal::KILL),
];

#[derive(Clone, Copy)]
pub(super) struct StopSignal(pub(super) Signal);

impl FromStr for StopSignal {
    type Err = String;

    /// Reads `SIGINT`, `INT`, in capitals or not, or `2`, as Dockerfiles have it.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.to_uppercase();
        let found = NAMES.iter().find(|(full, signal)| {
            *full == name || full[3..] == name || signal.as_raw().to_string() == name
        });
        found.map(|(_, signal)| Self(*signal)).ok_or_else(|| {
            let names = NAMES.map(|(name, _)| name);
            format!("use one of {}", names.join(", "))
        })
    }
}

impl fmt::Display for StopSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, signal)| *signal == self.0);
        f.write_str(name.map_or("a signal", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_known_by_its_name_with_or_without_sig_and_by_its_number() {
        for text in ["SIGINT", "INT", "sigint", "2"] {
            assert_eq!(text.parse::<StopSignal>().unwrap().0, Signal::INT, "{text}");
        }
    }

    #[test]
    fn what_does_not_ask_a_program_to_stop_is_refused_with_what_does() {
        for text in ["SIGSTOP", "0", "", "TERMINATE"] {
            let refused = text.parse::<StopSignal>().err().unwrap();
            assert!(refused.contains("SIGTERM, SIGINT"), "{refused}");
        }
    }
}
