//! The line that leaves an election to pod 0.

use std::process::Command;

#[test]
fn only_pod_0_takes_part() {
    assert_eq!(says("web-0"), "web-0 takes part: yes\n");
    assert_eq!(says("web-1"), "web-1 takes part: never\n");
    assert_eq!(says("web-10"), "web-10 takes part: never\n");
}

fn says(pod: &str) -> String {
    let mut shell = Command::new("sh");
    shell.args([
        "-eu",
        concat!(env!("CARGO_MANIFEST_DIR"), "/listings/stateful-set/mode.sh"),
    ]);
    shell.env("HOSTNAME", pod).env_remove("LEASEHOLD_MODE");
    String::from_utf8(shell.output().expect("a shell").stdout).expect("text")
}
