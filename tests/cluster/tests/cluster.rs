//! The cluster does what other tests rely on.

mod common;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use common::{LEASES, LIMIT, expect_ended, lease, pids};
use leasehold_test_cluster::{Api, Credentials, Result, TestCluster, User, binaries};

#[test]
fn the_server_reports_the_version_that_go_mod_pins() -> Result<()> {
    let cluster = TestCluster::start()?;
    let version = cluster.api().get("/version")?;
    if env::var_os("KUBEBUILDER_ASSETS").is_none() {
        assert_eq!(version["gitVersion"], binaries::kubernetes_version());
        assert_eq!(version["major"], "1");
    }
    Ok(())
}

#[test]
fn a_candidate_may_use_only_the_lease_it_was_granted() -> Result<()> {
    let cluster = TestCluster::start()?;
    let candidate = Api::from_kubeconfig(&cluster.kubeconfig_for(User::Candidate, None)?)?;
    let status = |name| {
        candidate
            .get(&format!("{LEASES}/{name}"))
            .unwrap_err()
            .status()
    };
    assert_eq!(status("ours"), Some(403));

    cluster.grant("ours")?;
    cluster.grant("ours")?; // once more changes nothing
    assert_eq!(status("ours"), Some(404));
    candidate.post(LEASES, &lease("ours"))?;
    let mut ours = candidate.get(&format!("{LEASES}/ours"))?;
    ours["spec"]["holderIdentity"] = "me".into();
    candidate.put(&format!("{LEASES}/ours"), &ours)?;

    assert_eq!(status("theirs"), Some(403));
    Ok(())
}

#[test]
fn an_existing_cluster_serves_as_well() -> Result<()> {
    let owner = TestCluster::start()?;
    let cluster = TestCluster::connect(&owner.admin_kubeconfig())?;
    let candidate = Api::from_kubeconfig(&cluster.kubeconfig_for(User::Candidate, None)?)?;
    assert_eq!(candidate.get(LEASES).unwrap_err().status(), Some(403));
    cluster.grant("ours")?;
    candidate.post(LEASES, &lease("ours"))?;

    let error = cluster.pause_apiserver().unwrap_err().to_string();
    assert!(error.contains("LEASEHOLD_TEST_KUBECONFIG"), "{error}");
    cluster.stop()?;
    owner.api().get("/readyz")?;
    Ok(())
}

#[test]
fn a_restart_keeps_address_and_data() -> Result<()> {
    let cluster = TestCluster::start()?;
    let created = cluster.api().post(LEASES, &lease("kept"))?;
    let get = || cluster.api().get(&format!("{LEASES}/kept"));

    cluster.kill_apiserver()?;
    assert_eq!(get().unwrap_err().status(), None);
    assert!(
        cluster
            .kill_apiserver()
            .unwrap_err()
            .to_string()
            .contains("not running")
    );
    cluster.restart_apiserver()?;
    assert_eq!(get()?["metadata"], created["metadata"]);

    cluster.restart_etcd()?;
    cluster.restart_apiserver()?;
    assert_eq!(get()?["metadata"], created["metadata"]);
    Ok(())
}

#[test]
fn a_paused_server_answers_when_it_goes_on() -> Result<()> {
    let cluster = TestCluster::start()?;
    cluster.pause_apiserver()?;
    thread::scope(|scope| {
        let answer = scope.spawn(|| cluster.api().get("/version"));
        thread::sleep(Duration::from_millis(500));
        assert!(!answer.is_finished());
        cluster.resume_apiserver()?;
        answer.join().expect("the request does not panic")?;
        Ok(())
    })
}

#[test]
fn a_token_can_be_replaced() -> Result<()> {
    let cluster = TestCluster::start()?;
    let token_file = cluster.admin_kubeconfig().with_file_name("token");
    let kubeconfig = cluster.write_kubeconfig(Credentials::TokenFile(token_file.clone()), None)?;
    let status = |token: &str| {
        std::fs::write(&token_file, token)?;
        let answer = Api::from_kubeconfig(&kubeconfig)?.get(LEASES);
        Result::<_>::Ok(answer.unwrap_err().status())
    };
    let old = cluster.candidate_token()?;
    assert_eq!(status(old)?, Some(403));
    assert_eq!(status("new-token")?, Some(401));

    cluster.set_candidate_token("new-token")?;
    cluster.restart_apiserver()?;
    assert_eq!(status(old)?, Some(401));
    assert_eq!(status("new-token")?, Some(403));
    Ok(())
}

#[test]
fn stop_leaves_neither_process_nor_folder() -> Result<()> {
    let cluster = TestCluster::start()?;
    let folder = cluster
        .admin_kubeconfig()
        .parent()
        .expect("a file has a folder")
        .to_owned();
    let pids = pids(&folder);
    cluster.stop()?;
    expect_ended(&pids, Duration::ZERO);
    assert!(!folder.exists());
    Ok(())
}

/// Starts this test again as a process of its own, to kill that.
#[test]
fn a_killed_process_leaves_neither_process_nor_folder() -> Result<()> {
    const STARTER: &str = "LEASEHOLD_TEST_STARTER";
    if env::var_os(STARTER).is_some() {
        let cluster = TestCluster::start()?;
        // Not `println!`, which the test harness holds back.
        writeln!(
            std::io::stdout(),
            "\nfolder of {}",
            cluster.admin_kubeconfig().display()
        )?;
        thread::sleep(Duration::MAX);
    }
    let mut starter = Command::new(env::current_exe()?)
        .args([
            "--exact",
            "a_killed_process_leaves_neither_process_nor_folder",
        ])
        .env(STARTER, "1")
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(starter.stdout.take().expect("it is piped"));
    let kubeconfig = output
        .lines()
        .find_map(|line| {
            line.ok()?
                .strip_prefix("folder of ")
                .map(std::path::PathBuf::from)
        })
        .expect("the starter says where its cluster is");
    let folder = kubeconfig.parent().expect("a file has a folder");
    let pids = pids(folder);
    starter.kill()?;
    starter.wait()?;
    expect_ended(&pids, LIMIT);
    common::wait_until(LIMIT, || !folder.exists());
    Ok(())
}
