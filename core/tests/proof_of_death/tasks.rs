//! What other processes of these tests do.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use leasehold::ProofOfDeath;

use crate::worker::{self, report};
use crate::{LIMIT, config, config_of};

#[test]
#[ignore = "the other process of the tests beside it"]
fn main() {
    let Some((task, directory)) = worker::task() else {
        return;
    };
    if task == "lead in 65 folders" {
        return lead_in_65_folders(&directory);
    }
    let mut config = config(&directory);
    if task == "lead without proof" {
        config = config.proof_of_death(ProofOfDeath::None);
    }
    let election = config.start().unwrap();
    election.wait_for_leadership(LIMIT).unwrap();
    report("leading");
    match task.as_str() {
        "lead" | "lead without proof" => {}
        "lead and start a program" => {
            #[expect(clippy::zombie_processes, reason = "it outlives this process")]
            let program = Command::new("sleep").arg("600").spawn().unwrap();
            report(&program.id().to_string());
        }
        "lead and close all files" => {
            close_all_files();
            report("closed");
        }
        task => panic!("unknown task {task}"),
    }
    loop {
        thread::park();
    }
}

fn lead_in_65_folders(directory: &Path) {
    let leases = (0..65).map(|number| format!("job-{number}"));
    let elections: Vec<_> = leases
        .map(|lease| config_of(&lease, directory).start().unwrap())
        .collect();
    for election in &elections {
        election.wait_for_leadership(LIMIT).unwrap();
    }
    report("leading");
    loop {
        thread::park();
    }
}

/// As a program does that turns into a daemon; but only those of files. Without the others, the runtime's
/// poll, no leader can go on: it would stop and release its Lease, rightly.
#[expect(unsafe_code, reason = "closes what others have opened")]
fn close_all_files() {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap();
    let files: Vec<_> = descriptors
        .filter_map(|descriptor| {
            let descriptor = descriptor.unwrap();
            let opened = fs::read_link(descriptor.path()).ok()?;
            let number: i32 = descriptor.file_name().to_str()?.parse().ok()?;
            (number > 2 && opened.is_absolute()).then_some(number)
        })
        .collect();
    for descriptor in files {
        // SAFETY: this process does nothing with them any more.
        unsafe { libc::close(descriptor) };
    }
}
