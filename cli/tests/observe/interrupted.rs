//! A signal ends it at once, no matter what it waits for.

use std::fs;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{LIMIT, POLL_INTERVAL, exit_code, leasehold};
use crate::plugin::Plugin;

#[test]
fn a_credential_plugin_that_hangs_does_not_keep_it_from_ending() {
    for command in ["status", "check", "watch"] {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let plugin = Plugin::that_hangs();
            let mut looks = leasehold();
            looks.args([command, "jobs", "--mode=kubernetes", "--kubeconfig"]);
            let mut looks = looks.arg(plugin.kubeconfig()).spawn().unwrap();
            plugin.wait_until_it_runs();
            kill_process(Pid::from_child(&looks), signal).unwrap();
            assert_eq!(exit_code(&mut looks), Some(code), "{command}");
            plugin.wait_until_it_is_ended();
        }
    }
}

#[test]
fn a_plugin_that_has_outlived_the_thread_by_which_it_was_started_is_ended_too() {
    let plugin = Plugin::that_hangs();
    let mut looks = leasehold();
    looks.args(["status", "jobs", "--mode=kubernetes", "--kubeconfig"]);
    let mut looks = looks.arg(plugin.kubeconfig()).spawn().unwrap();
    plugin.wait_until_it_runs();
    let main_thread = format!("/proc/{0}/task/{0}/children", looks.id());
    let deadline = Instant::now() + LIMIT;
    while fs::read_to_string(&main_thread).unwrap().is_empty() {
        assert!(Instant::now() < deadline, "its thread never ends");
        thread::sleep(POLL_INTERVAL);
    }
    kill_process(Pid::from_child(&looks), Signal::TERM).unwrap();
    assert_eq!(exit_code(&mut looks), Some(143));
    plugin.wait_until_it_is_ended();
}
