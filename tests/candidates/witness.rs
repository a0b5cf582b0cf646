//! Who says when a candidate leads that does not say so itself.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::log::Log;
use super::sidecar::{Sidecar, SidecarAnswer};
use super::timeline::{Answer, Moment, now};

/// What is said on the socket when no further job can come.
const END: &str = "END";

/// Hears the jobs of `leasehold run`. Each writes on the socket, every millisecond that it runs, when it
/// does: so it led from the first of these moments to the last, however it ended.
#[derive(Debug)]
pub(crate) struct JobWitness {
    folder: TempDir,
}

impl JobWitness {
    pub(crate) fn listen(answers: Sender<(Answer, Moment)>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let listener = UnixListener::bind(socket_in(folder.path())).context("a socket for jobs")?;
        thread::spawn(move || {
            // One after another: of two that run at once the second is heard late, with its own times.
            for job in listener.incoming().map_while(Result::ok) {
                if hear(job, &answers) {
                    break;
                }
            }
        });
        Ok(Self { folder })
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket_in(self.folder.path())
    }
}

impl Drop for JobWitness {
    /// For when no further job can come: those that have are heard to their end.
    fn drop(&mut self) {
        // It listens as long as nothing else has gone wrong.
        if let Ok(mut stream) = UnixStream::connect(self.socket()) {
            let _ = writeln!(stream, "{END}");
        }
    }
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join("jobs")
}

/// Returns whether no further job can come.
fn hear(job: UnixStream, answers: &Sender<(Answer, Moment)>) -> bool {
    let mut last = None;
    for line in BufReader::new(job).lines().map_while(Result::ok) {
        if line == END {
            return true;
        }
        // One that was killed may have left half a line.
        let Ok(moment) = line.parse() else { continue };
        if last.is_none() {
            let _ = answers.send((Answer::Leader, moment));
        }
        last = Some(moment);
    }
    if let Some(moment) = last {
        let _ = answers.send((Answer::Follower, moment));
    }
    false
}

/// The application beside a sidecar, which acts only upon an answer that is true. Says when the first
/// of these was asked for, and when the first that was not; and in `log` why the sidecar does not lead.
pub(crate) fn ask_on(
    address: &str,
    answers: Sender<(Answer, Moment)>,
    log: Log,
    has_ended: Arc<AtomicBool>,
) {
    let sidecar = Sidecar::at(address);
    thread::spawn(move || {
        let mut led = false;
        let mut said = String::new();
        loop {
            let is_over = has_ended.load(Ordering::Relaxed);
            let asked_at = now();
            let answer = sidecar.ask();
            let leads = matches!(answer, Ok(SidecarAnswer::Leads(_)));
            if leads != led {
                let change = if leads {
                    Answer::Leader
                } else {
                    Answer::Follower
                };
                let _ = answers.send((change, asked_at));
                led = leads;
            }
            if let Ok(SidecarAnswer::DoesNotLead(why)) = answer {
                let mut essence = why.clone();
                essence.retain(|it| !it.is_ascii_digit());
                if essence != said && !why.is_empty() {
                    log.push(&format!("not leading: {why}"));
                }
                said = essence;
            }
            if is_over {
                break;
            }
            thread::sleep(Sidecar::POLL_PERIOD);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_job_led_from_the_first_to_the_last_moment_of_which_it_told() {
        let (sender, answers) = channel();
        let witness = JobWitness::listen(sender).unwrap();
        for lines in ["3\n5\n", "8\n9\n1"] {
            let mut job = UnixStream::connect(witness.socket()).unwrap();
            job.write_all(lines.as_bytes()).unwrap();
        }
        drop(witness);
        let heard: Vec<_> = answers.iter().collect();
        let first = [(Answer::Leader, 3), (Answer::Follower, 5)];
        assert_eq!(heard[..2], first);
        assert_eq!(heard[2], (Answer::Leader, 8));
    }
}
