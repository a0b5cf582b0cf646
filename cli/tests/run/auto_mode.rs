//! Mode `auto`, where no cluster is in reach: a private election is for a host on which a person
//! works, and for nothing else.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::common::{LEASEHOLD, leasehold};

fn run_in(folder: &Path, command: &mut Command, flags: &[&str]) -> Output {
    command
        .env("HOME", folder)
        // Of the machine that runs the tests.
        .env_remove("XDG_CURRENT_DESKTOP")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .args(["run", "--election=jobs"])
        .args(flags)
        .args(["--", "echo", "done"])
        .output()
        .expect("it can be run")
}

fn assert_refuses(output: &Output, sign: &str) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(output.stdout.is_empty(), "the command ran: {message}");
    assert!(message.contains("mode = `auto`"), "{message}");
    assert!(message.contains(sign), "{message}");
}

/// Makes a root that has nothing but the program and its libraries, and runs it there.
const IN_A_CONTAINER: &str = r#"
root=$1; program=$2; shift 2
mount -t tmpfs none "$root"
for folder in usr lib lib64 proc home; do
    [ -e "/$folder" ] && mkdir "$root/$folder"
done
for folder in usr lib lib64; do
    [ -e "/$folder" ] && mount --rbind "/$folder" "$root/$folder"
done
mount -t proc none "$root/proc"
touch "$root/program"
mount --bind "$program" "$root/program"
HOME=/home exec chroot "$root" /program "$@"
"#;

/// `leasehold` as process 1 of a container that bears no sign of an engine.
fn in_a_container(root: &Path) -> Command {
    let mut container = Command::new("unshare");
    let namespaces = ["--map-root-user", "--mount", "--pid", "--fork"];
    container
        .args(namespaces)
        .args(["sh", "-euc", IN_A_CONTAINER, "sh"])
        .args([root, LEASEHOLD.as_ref()]);
    container
}

#[test]
fn a_container_that_shows_no_sign_is_refused_though_its_directory_is_set() {
    let folder = tempfile::tempdir().unwrap();
    for flags in [&[][..], &["--directory=/home"]] {
        let output = run_in(folder.path(), &mut in_a_container(folder.path()), flags);
        assert_refuses(&output, "not the machine's own");
    }
}

#[test]
fn a_machine_without_a_person_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    // A session of its own has no terminal.
    let mut session = Command::new("setsid");
    session.arg("--wait").arg(LEASEHOLD);
    let output = run_in(folder.path(), &mut session, &[]);
    assert_refuses(&output, "mode = `auto`");
}

#[test]
fn the_mode_that_was_chosen_is_run_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let output = run_in(folder.path(), &mut leasehold(), &["--mode=file"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"done\n");
}

/// Puts the files of a service account where a pod has them.
const IN_A_POD: &str = r#"
mount -t tmpfs none /run
folder=/run/secrets/kubernetes.io/serviceaccount
mkdir -p "$folder"
echo token > "$folder/token"
echo shop > "$folder/namespace"
exec "$@"
"#;

/// What `leasehold` says in a pod until it takes part, of whose API server nothing is needed for that.
fn said_in_a_pod(kubeconfig: &str) -> String {
    let mut pod = Command::new("unshare");
    pod.args(["--map-root-user", "--mount", "sh", "-euc", IN_A_POD, "sh"])
        .args([LEASEHOLD, "run", "--election=jobs", "--", "true"])
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", "1")
        .env("KUBECONFIG", kubeconfig)
        .stderr(Stdio::piped());
    let mut pod = pod.spawn().expect("it can be run");
    let stderr = BufReader::new(pod.stderr.take().expect("it is piped"));
    let mut said = String::new();
    for line in stderr.lines() {
        said += &line.expect("UTF-8");
        said += "\n";
        if said.contains("taking part") {
            break;
        }
    }
    pod.kill().expect("it runs");
    pod.wait().expect("it has ended");
    said
}

#[test]
fn a_pod_says_that_it_does_not_use_the_kubeconfig_that_kubectl_would() {
    let warning = "KUBECONFIG is set but not used";
    let said = said_in_a_pod("/etc/kubeconfig");
    assert!(said.contains("service account"), "{said}");
    assert!(said.contains(warning), "{said}");
    let said = said_in_a_pod("");
    assert!(said.contains("taking part"), "{said}");
    assert!(!said.contains(warning), "{said}");
}
