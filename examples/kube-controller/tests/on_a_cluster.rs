//! Two controllers on a real API server: one reconciles, and the other goes on after it.

use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use leasehold_test_cluster::{Api, Result, TestCluster};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(60);
const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases/greeter";

/// A controller's process, which ends with the test.
struct Controller(Child);

impl Drop for Controller {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(kubeconfig: &Path, identity: &str) -> Result<Controller> {
    let process = Command::new(env!("CARGO_BIN_EXE_kube-controller"))
        .env("KUBECONFIG", kubeconfig)
        .env("LEASEHOLD_MODE", "kubernetes")
        .env("LEASEHOLD_NAMESPACE", "default")
        .env("LEASEHOLD_IDENTITY", identity)
        .spawn()?;
    Ok(Controller(process))
}

fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "never happened: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn holder(api: &Api) -> Option<String> {
    let lease = api.get(LEASE).ok()?;
    Some(lease["spec"]["holderIdentity"].as_str()?.to_owned())
}

/// The token under which a new `ConfigMap` was greeted.
fn token_of_greeting(api: &Api, name: &str) -> Result<u64> {
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": name, "labels": { "greeting": "wanted" } },
    });
    api.post(CONFIG_MAPS, &object)?;
    let token = eventually("it is greeted", || {
        let object = api.get(&format!("{CONFIG_MAPS}/{name}")).ok()?;
        Some(object["data"]["token"].as_str()?.to_owned())
    });
    Ok(token.parse()?)
}

#[test]
fn one_controller_reconciles_and_releases_the_lease_when_it_ends() -> Result<()> {
    let cluster = TestCluster::start()?;
    let (api, kubeconfig) = (cluster.api(), cluster.admin_kubeconfig());
    let mut first = start(&kubeconfig, "first")?;
    eventually("the first leads", || holder(api).filter(|it| it == "first"));
    let _second = start(&kubeconfig, "second")?;
    let token = token_of_greeting(api, "one")?;

    let process = Pid::from_child(&first.0);
    kill_process(process, Signal::TERM)?;
    assert!(first.0.wait()?.success());
    eventually("the second leads", || {
        holder(api).filter(|it| it == "second")
    });
    assert!(token_of_greeting(api, "two")? > token);
    Ok(())
}
