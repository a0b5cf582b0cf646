//! A signal ends it at once, whatever it waits for.

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{exit_code, leasehold};
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
