//! Three replicas of `leasehold once` at their start, on a real API server, one of which is killed, frozen
//! or cut off: in each step that it goes through.
//!
//! The work holds a lock, so that it would fail beside another. Before its effect it compares its fencing
//! token with the last one, as work must that may have been frozen. No case depends on how long a thing takes:
//! Leases last an hour, but for those that are to expire, where a machine that stands still costs attempts.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::sync::OnceLock;

use leasehold_test_cluster::{Direction, Proxy, TestCluster, ToxiProxy, User};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::election::{Election, Instance};
use crate::processes::wait_for;

const WORK: &str = "
    token=$LEASEHOLD_FENCING_TOKEN
    echo $token > fence
    say \"begins $token $$\"
    flock --shared gate true
    [ $(cat fence) = $token ] && say \"ends $token $$\"
";
const KEY: &str = "1";
const DONE: &str = "leasehold.io/done";
const ATTEMPTS: &str = "leasehold.io/attempts";
/// What the API server answers where it refuses an annotation.
const REFUSAL: &str = "not as long as the test forbids it";

/// Lease duration, renew deadline and retry period, in seconds.
type Timing = [&'static str; 3];

/// Nothing expires.
const LONG: Timing = ["3600", "2400", "0.5"];
/// Nor is anything renewed.
const UNRENEWED: Timing = ["3600", "2400", "1200"];
const SHORT: Timing = ["10", "8", "0.5"];

struct Servers {
    cluster: TestCluster,
    proxies: ToxiProxy,
}

fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(|| Servers {
        cluster: TestCluster::start().expect("a cluster"),
        proxies: ToxiProxy::start().expect("toxiproxy"),
    })
}

/// Replicas of one application, whose Lease is in a namespace of its own.
struct Application {
    namespace: &'static str,
    election: Election,
    timing: Timing,
    /// Held as long as the work is not to end.
    gate: Option<File>,
    replicas: Vec<Replica>,
    /// All that the work has said.
    said: Vec<Said>,
}

struct Replica {
    name: &'static str,
    instance: Instance,
    proxy: Proxy,
}

#[derive(Clone, Debug)]
struct Said {
    by: String,
    what: String,
    token: u64,
    group: i32,
}

impl Application {
    /// Without replicas.
    fn new(namespace: &'static str, timing: Timing) -> Self {
        let cluster = &servers().cluster;
        let object = json!({ "metadata": { "name": namespace } });
        let created = cluster.api().post("/api/v1/namespaces", &object);
        created.expect("a namespace");
        let granted = cluster.grant_except(namespace, "jobs", &[]);
        granted.expect("a Role");
        let election = Election::new();
        let gate = File::create(election.path().join("gate")).expect("a file");
        gate.lock().expect("nobody has it");
        Self {
            namespace,
            election,
            timing,
            gate: Some(gate),
            replicas: Vec::new(),
            said: Vec::new(),
        }
    }

    /// With three that are started at once.
    fn start(namespace: &'static str, timing: Timing) -> Self {
        let mut this = Self::new(namespace, timing);
        this.start_three();
        this
    }

    fn start_three(&mut self) {
        for name in ["first", "second", "third"] {
            self.start_one(name, WORK);
        }
    }

    fn start_one(&mut self, name: &'static str, work: &str) {
        let Servers { cluster, proxies } = servers();
        let proxy = format!("{}-{name}", self.namespace);
        let proxy = proxies.create(&proxy, cluster.server_address());
        let proxy = proxy.expect("a proxy");
        let kubeconfig = cluster.kubeconfig_for(User::Candidate, Some(&proxy.url()));
        let [lease_duration, renew_deadline, retry_period] = self.timing;
        // More than a machine that stands still could cost.
        let flags = ["--attempts=100"];
        let mut command = self.election.once_script(&flags, name, work);
        command
            .env("LEASEHOLD_MODE", "kubernetes")
            .env_remove("LEASEHOLD_DIRECTORY")
            .env("KUBECONFIG", kubeconfig.expect("a file"))
            .env("LEASEHOLD_NAMESPACE", self.namespace)
            .env("LEASEHOLD_IDENTITY", name)
            .env("LEASEHOLD_LEASE_DURATION", lease_duration)
            .env("LEASEHOLD_RENEW_DEADLINE", renew_deadline)
            .env("LEASEHOLD_RETRY_PERIOD", retry_period);
        self.replicas.push(Replica {
            name,
            instance: Instance::start(&mut command),
            proxy,
        });
    }

    // ---- what the work says --------------------------------------------------------------------

    /// The next thing that it says, which is no longer said under a token before the last.
    fn next(&mut self) -> Option<Said> {
        let line = self.election.next_line();
        let words: Vec<_> = line.split(' ').collect();
        let [by, what, token, group] = words[..] else {
            return None;
        };
        let said = Said {
            by: by.to_owned(),
            what: what.to_owned(),
            token: token.parse().expect("a token"),
            group: group.parse().expect("a process"),
        };
        let last = self.said.last().map_or(0, |last| last.token);
        assert!(said.token >= last, "{said:?} after {:?}", self.said);
        self.said.push(said.clone());
        Some(said)
    }

    /// Waits until it says this, at another replica than `old`.
    fn says(&mut self, what: &str, old: &str) -> Said {
        loop {
            let said = self.next().expect("what work says");
            if said.what == what && said.by != old {
                return said;
            }
        }
    }

    /// How often it has said this.
    fn count(&self, what: &str) -> usize {
        let all = self.said.iter().filter(|said| said.what == what);
        all.count()
    }

    /// Work may end from now on.
    fn open_gate(&mut self) {
        self.gate = None;
    }

    // ---- what is done to replicas --------------------------------------------------------------

    fn replica(&self, name: &str) -> &Replica {
        let mut all = self.replicas.iter();
        all.find(|it| it.name == name).expect("a replica")
    }

    /// Kills one, and waits until it is dead.
    fn kill(&mut self, name: &str) {
        let index = self.replicas.iter().position(|it| it.name == name);
        let mut killed = self.replicas.remove(index.expect("a replica"));
        killed.instance.signal(Signal::KILL);
        assert_eq!(killed.instance.exit_code(), None, "a signal has ended it");
    }

    // ---- the Lease -----------------------------------------------------------------------------

    fn lease(&self) -> Option<Value> {
        let leases = "/apis/coordination.k8s.io/v1/namespaces";
        let path = format!("{leases}/{}/leases/jobs", self.namespace);
        servers().cluster.api().get(&path).ok()
    }

    /// Waits until somebody has the Lease.
    fn holder(&self) -> String {
        wait_for("somebody has the Lease", || {
            let holder = self.lease()?["spec"]["holderIdentity"].as_str()?.to_owned();
            Some(holder)
        })
    }

    fn annotation(&self, name: &str) -> Option<String> {
        let lease = self.lease()?;
        let text = lease["metadata"]["annotations"][name].as_str();
        text.map(str::to_owned)
    }

    /// From now on, the API server refuses writes that have this annotation.
    fn forbid(&self, annotation: &str) {
        let api = servers().cluster.api();
        let policy = json!({
            "metadata": { "name": self.namespace },
            "spec": {
                "matchConstraints": {
                    "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": self.namespace } },
                    "resourceRules": [{
                        "apiGroups": ["coordination.k8s.io"], "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"], "resources": ["leases"],
                    }],
                },
                "validations": [{
                    "expression": format!("!('{annotation}' in object.metadata.?annotations.orValue({{}}))"),
                    "message": REFUSAL,
                }],
            },
        });
        api.post(&policies("validatingadmissionpolicies"), &policy)
            .expect("a policy");
        let binding = json!({
            "metadata": { "name": self.namespace },
            "spec": { "policyName": self.namespace, "validationActions": ["Deny"] },
        });
        api.post(&policies("validatingadmissionpolicybindings"), &binding)
            .expect("a binding");
        eventually("it is forbidden", || self.is_forbidden(annotation));
    }

    fn permit(&self, annotation: &str) {
        let bindings = policies("validatingadmissionpolicybindings");
        let deleted = servers()
            .cluster
            .api()
            .delete(&format!("{bindings}/{}", self.namespace));
        deleted.expect("a binding");
        eventually("it is permitted", || !self.is_forbidden(annotation));
    }

    fn is_forbidden(&self, annotation: &str) -> bool {
        let path = format!(
            "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
            self.namespace
        );
        let lease = json!({ "metadata": { "name": "try", "annotations": { annotation: "[]" } } });
        let outcome = servers().cluster.api().would_create(&path, &lease);
        outcome.is_err_and(|error| error.to_string().contains(REFUSAL))
    }

    // ---- the end -------------------------------------------------------------------------------

    /// All that live find the work done, and so does one that is started later. It is recorded, once, and
    /// was the last thing to be done.
    fn finish(mut self) -> Self {
        for replica in &mut self.replicas {
            let code = replica.instance.exit_code();
            assert_eq!(
                code,
                Some(0),
                "{}:\n{}",
                replica.name,
                replica.instance.says()
            );
        }
        assert_eq!(self.annotation(DONE), Some(json!([KEY]).to_string()));
        assert_eq!(self.annotation(ATTEMPTS), None);
        self.start_one("later", "say 'begins 0 0'");
        let later = self.replicas.last_mut().expect("it was started");
        assert_eq!(later.instance.exit_code(), Some(0));

        let pipe = OpenOptions::new()
            .write(true)
            .open(self.election.path().join("said"));
        writeln!(pipe.expect("a pipe"), "that is all").expect("somebody reads");
        while self.next().is_some() {}
        let last = self.said.last().expect("the work was done");
        assert_eq!(last.what, "ends", "{:?}", self.said);
        self
    }
}

fn policies(kind: &str) -> String {
    format!("/apis/admissionregistration.k8s.io/v1/{kind}")
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(what, || is_so().then_some(()));
}

#[test]
fn one_that_is_killed_while_it_waits_changes_nothing_for_the_others() {
    let mut application = Application::start("killed-waiting", LONG);
    let begun = application.says("begins", "");
    let waits = if begun.by == "first" {
        "second"
    } else {
        "first"
    };
    application.replica(waits).instance.line("is running it");
    application.kill(waits);
    application.open_gate();
    let all = application.finish();
    assert_eq!((all.count("begins"), all.count("ends")), (1, 1));
}

/// It has acquired the Lease, and that the work begins is not recorded yet.
#[test]
fn one_that_is_killed_when_it_has_the_lease_and_has_not_begun_is_succeeded() {
    let mut application = Application::new("killed-before", LONG);
    application.forbid(ATTEMPTS);
    application.start_three();
    let holder = application.holder();
    application.replica(&holder).instance.line(REFUSAL);
    application.kill(&holder);
    application.permit(ATTEMPTS);
    application.says("begins", &holder);
    application.open_gate();
    let all = application.finish();
    assert_eq!((all.count("begins"), all.count("ends")), (1, 1));
}

#[test]
fn one_that_is_killed_in_the_middle_of_the_work_is_succeeded() {
    let mut application = Application::start("killed-within", LONG);
    let killed = application.says("begins", "").by;
    application.kill(&killed);
    application.says("begins", &killed);
    application.open_gate();
    let all = application.finish();
    assert_eq!((all.count("begins"), all.count("ends")), (2, 1));
}

#[test]
fn what_is_done_and_not_recorded_when_its_replica_is_killed_is_done_again() {
    let mut application = Application::new("killed-after", LONG);
    application.forbid(DONE);
    application.start_three();
    application.open_gate();
    let killed = application.says("ends", "").by;
    application.replica(&killed).instance.line(REFUSAL);
    application.kill(&killed);
    application.says("ends", &killed);
    application.permit(DONE);
    let all = application.finish();
    assert_eq!((all.count("begins"), all.count("ends")), (2, 2));
}

/// Nor has it heard that the record was written. There is no renewal whose answer it could wait for.
#[test]
fn what_is_recorded_when_its_replica_is_killed_is_not_done_again() {
    let mut application = Application::new("killed-recorded", UNRENEWED);
    application.start_one("first", WORK);
    let killed = application.says("begins", "").by;
    application.timing = LONG;
    application.start_one("second", WORK);
    application.start_one("third", WORK);
    let proxy = &application.replica(&killed).proxy;
    proxy.silence(Direction::Answers).expect("toxiproxy");
    application.open_gate();
    eventually("it is recorded", || application.annotation(DONE).is_some());
    application.kill(&killed);
    let all = application.finish();
    assert_eq!((all.count("begins"), all.count("ends")), (1, 1));
}

/// As its node or container may be, with all that runs there: longer than its Lease lasts.
#[test]
fn one_that_is_frozen_in_the_middle_of_the_work_is_succeeded_and_goes_on_with_nothing() {
    let mut application = Application::start("frozen", SHORT);
    let frozen = application.says("begins", "");
    let group = Pid::from_raw(frozen.group).expect("a group");
    application
        .replica(&frozen.by)
        .instance
        .signal(Signal::STOP);
    let _ = kill_process_group(group, Signal::STOP);
    // On another node nobody would see the lock.
    fs::remove_file(application.election.path().join("lock")).expect("a lock");
    application.says("begins", &frozen.by);
    application.open_gate();
    application.says("ends", &frozen.by);
    // The work first: it must not have its effect although it is not killed yet.
    let _ = kill_process_group(group, Signal::CONT);
    application
        .replica(&frozen.by)
        .instance
        .signal(Signal::CONT);
    application.finish();
}

#[test]
fn one_that_is_cut_off_in_the_middle_of_the_work_is_succeeded_when_its_work_is_dead() {
    let mut application = Application::start("cut-off", SHORT);
    let cut_off = application.says("begins", "").by;
    let proxy = &application.replica(&cut_off).proxy;
    proxy.go_silent().expect("toxiproxy");
    application.says("begins", &cut_off);
    application.open_gate();
    application.says("ends", &cut_off);
    let proxy = &application.replica(&cut_off).proxy;
    proxy.heal().expect("toxiproxy");
    application.finish();
}
