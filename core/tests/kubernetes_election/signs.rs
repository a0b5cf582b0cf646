//! What a cluster is shown of who leads: Events, and the route to the leader.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use leasehold::{Config, ErrorKind, Event, LeaderElection, LostReason};
use leasehold_test_cluster::{ToxiProxy, User};
use serde_json::{Value, json};

use crate::common::{eventually, loss};
use crate::support::{RBAC, Scene, await_leadership, cluster, grant_all, patient};

const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";

fn create_slice(name: &str) {
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": { "name": name, "labels": { "kubernetes.io/service-name": name } },
        "addressType": "IPv4",
        "ports": [{ "port": 8080 }],
        "endpoints": [],
    });
    cluster().api().post(SLICES, &slice).unwrap();
}

fn slice(name: &str) -> Value {
    cluster().api().get(&format!("{SLICES}/{name}")).unwrap()
}

/// All addresses of the slice.
fn addresses(slice: &Value) -> Vec<String> {
    let endpoints = slice["endpoints"].as_array().into_iter().flatten();
    let addresses = endpoints.flat_map(|it| it["addresses"].as_array().unwrap());
    addresses
        .map(|it| it.as_str().unwrap().to_owned())
        .collect()
}

fn version(object: &Value) -> u64 {
    let version = object["metadata"]["resourceVersion"].as_str().unwrap();
    version.parse().unwrap()
}

fn token(slice: &Value) -> u64 {
    let token = &slice["metadata"]["annotations"]["leasehold.io/fencing-token"];
    token.as_str().unwrap_or("0").parse().unwrap()
}

/// The Events about this Lease.
fn events(namespace: &str, lease: &str) -> Vec<Value> {
    let path = format!(
        "/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.name%3D{lease}"
    );
    let events = cluster().api().get(&path).unwrap();
    events["items"].as_array().unwrap().clone()
}

/// What they say, each with its reason.
fn told(namespace: &str, lease: &str) -> Vec<String> {
    let mut told = events(namespace, lease);
    told.sort_by_key(|event| event["metadata"]["name"].to_string());
    let said = |event: Value| {
        assert_eq!(event["involvedObject"]["kind"], "Lease");
        assert_eq!(event["type"], "Normal");
        let text = |field: &str| event[field].as_str().unwrap().to_owned();
        format!("{}: {}", text("reason"), text("message"))
    };
    told.into_iter().map(said).collect()
}

#[test]
fn each_change_of_leader_is_an_event_about_the_lease() {
    let scene = Scene::new("told");
    let config = |identity: &str| patient(scene.config(identity)).kubernetes_events(true);
    grant_all("told", &config("a"));
    let first = config("a").start().unwrap();
    await_leadership(&first);
    let second = config("b").start().unwrap();
    first.stop().unwrap();
    await_leadership(&second);
    second.stop().unwrap();
    // The last one is waited for by `stop`.
    let mut told = told("default", "told");
    told.sort();
    assert_eq!(
        told,
        [
            "LeaderElection: a became leader",
            "LeaderElection: a stopped leading",
            "LeaderElection: b became leader",
            "LeaderElection: b stopped leading",
        ]
    );
}

#[test]
fn where_events_are_not_granted_there_are_none_and_nobody_is_bothered() {
    // Where no other test grants them.
    let namespace = json!({ "metadata": { "name": "not-told" } });
    cluster()
        .api()
        .post("/api/v1/namespaces", &namespace)
        .unwrap();
    cluster().grant_except("not-told", "not-told", &[]).unwrap();
    let config = patient(Scene::new("not-told").config("a")).namespace("not-told");
    let election = config.kubernetes_events(true).start().unwrap();
    let mut events = election.subscribe().unwrap();
    await_leadership(&election);
    election.step_down().unwrap();
    assert_eq!(loss(&mut events).reason, LostReason::SteppedDown);
    while let Ok(event) = events.recv_timeout(Duration::ZERO) {
        assert!(!matches!(event, Event::RenewalFailing(_)), "{event:?}");
    }
    drop(events);
    election.stop().unwrap();
    let path = "/apis/coordination.k8s.io/v1/namespaces/not-told/leases/not-told";
    let lease = cluster().api().get(path).unwrap();
    assert_eq!(lease["spec"]["holderIdentity"], "", "it is released");
    assert!(told("not-told", "not-told").is_empty());
}

/// A candidate's settings with the route to an address of its own.
fn routed(scene: &Scene, service: &str, number: u8) -> Config {
    let config = scene.config(&format!("candidate-{number}"));
    let config = config.leader_service(service);
    config.leader_address(format!("10.0.0.{number}"))
}

#[test]
fn the_route_leads_to_the_leader_when_it_leads_and_nowhere_when_the_lease_is_released() {
    let scene = Scene::new("routed");
    create_slice("routed");
    grant_all("routed", &routed(&scene, "routed", 1));

    let config = |number| patient(routed(&scene, "routed", number));
    let first = config(1).start().unwrap();
    eventually("it leads", || first.is_leader());
    // At once: it was changed before the answer turned true.
    let led = slice("routed");
    assert_eq!(addresses(&led), ["10.0.0.1"]);
    await_leadership(&first);
    assert_eq!(token(&led), first.term().unwrap().fencing_token());
    assert_eq!(led["ports"][0]["port"], 8080);

    first.stop().unwrap();
    let left = slice("routed");
    assert!(addresses(&left).is_empty(), "{left}");
    let lease = "/apis/coordination.k8s.io/v1/namespaces/default/leases/routed";
    let released = cluster().api().get(lease).unwrap();
    // One store counts the versions of all objects.
    assert!(version(&left) < version(&released), "{left} {released}");

    let second = config(2).start().unwrap();
    await_leadership(&second);
    let led = slice("routed");
    assert_eq!(addresses(&led), ["10.0.0.2"]);
    assert!(token(&led) > token(&left));

    let observer = config(3).observe().unwrap();
    let target = observer.route().unwrap().expect("a slice");
    assert_eq!(target.address.as_deref(), Some("10.0.0.2"));
    assert_eq!(target.holder.as_deref(), Some("candidate-2"));
}

#[test]
fn an_address_that_somebody_removes_is_put_back() {
    let scene = Scene::new("reapplied");
    create_slice("reapplied");
    grant_all("reapplied", &routed(&scene, "reapplied", 1));
    let election = routed(&scene, "reapplied", 1).start().unwrap();
    await_leadership(&election);
    let leads_here = || addresses(&slice("reapplied")) == ["10.0.0.1"];
    eventually("the route", leads_here);
    let path = format!("{SLICES}/reapplied");
    let emptied = json!({ "endpoints": [] });
    cluster().api().patch(&path, &emptied).unwrap();
    eventually("the address is back", leads_here);
}

#[test]
fn without_slice_or_rights_a_leader_leads_and_the_route_comes_later() {
    let scene = Scene::granted("routed-late");
    // The route is tried again each lease duration.
    let election = routed(&scene, "routed-late", 1).start().unwrap();
    await_leadership(&election);
    create_slice("routed-late");
    scene.await_renewals(2);
    assert!(addresses(&slice("routed-late")).is_empty());
    assert!(election.is_leader());
    // The Role with another name than that of the test cluster.
    let rules = json!([{
        "apiGroups": ["discovery.k8s.io"],
        "resources": ["endpointslices"],
        "resourceNames": ["routed-late"],
        "verbs": ["get", "update"],
    }]);
    let review = patient(routed(&scene, "routed-late", 1)).observe().unwrap();
    let user = review.review_access(None).unwrap().unwrap().user.unwrap();
    let role = json!({ "metadata": { "name": "slice-late" }, "rules": rules });
    let binding = json!({
        "metadata": { "name": "slice-late" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "slice-late" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
    });
    cluster()
        .api()
        .post(&format!("{RBAC}/roles"), &role)
        .unwrap();
    cluster()
        .api()
        .post(&format!("{RBAC}/rolebindings"), &binding)
        .unwrap();
    eventually("the route", || {
        addresses(&slice("routed-late")) == ["10.0.0.1"]
    });
}

#[test]
fn a_candidate_without_an_address_is_told_what_to_set() {
    let scene = Scene::granted("no-address");
    let config = scene.config("a").leader_service("no-address");
    let error = config.start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.message().starts_with("leader_address = (none): "),
        "{error}"
    );
}

/// A network between one candidate and the API server.
fn through(proxy: &leasehold_test_cluster::Proxy, config: Config) -> Config {
    let url = proxy.url();
    config.kubeconfig(
        cluster()
            .kubeconfig_for(User::Candidate, Some(&url))
            .unwrap(),
    )
}

#[test]
fn a_slow_api_server_delays_the_route_and_not_the_leader() {
    let scene = Scene::new("slow-route");
    create_slice("slow-route");
    let config = routed(&scene, "slow-route", 1).kubernetes_events(true);
    grant_all("slow-route", &config);
    let server = ToxiProxy::start().unwrap();
    let proxy = server.create("slow", cluster().server_address()).unwrap();
    let timed = |config: Config| {
        let config = config.lease_duration(Duration::from_secs(30));
        config.renew_deadline(Duration::from_secs(20))
    };
    let first = timed(scene.config("first")).start().unwrap();
    await_leadership(&first);
    let election = timed(through(&proxy, config)).start().unwrap();
    eventually("it watches", || election.status().watching);
    // An answer takes longer than a term waits for its route, and is in time for a renewal.
    proxy
        .add_latency(Duration::from_secs(3), Duration::ZERO)
        .unwrap();
    first.stop().unwrap();
    await_leadership(&election);
    let leads_here = || addresses(&slice("slow-route")) == ["10.0.0.1"];
    eventually("the route", leads_here);
    let led = slice("slow-route");
    let told = || {
        let mut events = events("default", "slow-route").into_iter();
        events.find(|it| it["message"] == "candidate-1 became leader")
    };
    eventually("the Event", || told().is_some());
    // Only answers are slow: what was sent first was stored first.
    let told = told().unwrap();
    assert!(
        version(&told) < version(&led),
        "it has waited: {told} {led}"
    );
    assert!(election.is_leader());
}

/// Looks at a slice until told to stop, and says if it ever had two addresses.
fn never_two(service: &'static str) -> impl FnOnce() {
    let ends = Arc::new(AtomicBool::default());
    let end = Arc::clone(&ends);
    let sampler = thread::spawn(move || {
        while !ends.load(Ordering::Relaxed) {
            let slice = slice(service);
            assert!(addresses(&slice).len() <= 1, "{slice}");
        }
    });
    move || {
        end.store(true, Ordering::Relaxed);
        sampler.join().unwrap();
    }
}

#[test]
fn under_partition_the_route_goes_to_the_successor_and_stays_there() {
    let scene = Scene::new("cut-route");
    create_slice("cut-route");
    grant_all("cut-route", &routed(&scene, "cut-route", 1));
    let stop_sampling = never_two("cut-route");
    let server = ToxiProxy::start().unwrap();
    let proxy = server.create("cut", cluster().server_address()).unwrap();
    let old = through(&proxy, routed(&scene, "cut-route", 1))
        .start()
        .unwrap();
    await_leadership(&old);
    eventually("the route", || {
        addresses(&slice("cut-route")) == ["10.0.0.1"]
    });
    let before = slice("cut-route");

    // So that the old leader never comes back.
    let new = patient(routed(&scene, "cut-route", 2)).start().unwrap();
    eventually("it knows the leader", || new.leader().is_some());
    proxy.go_silent().unwrap();
    await_leadership(&new);
    assert!(!old.is_leader());
    eventually("the route", || {
        addresses(&slice("cut-route")) == ["10.0.0.2"]
    });

    // What the old leader had read before is refused now, if it comes late.
    let late = cluster().api().put(&format!("{SLICES}/cut-route"), &before);
    assert_eq!(late.unwrap_err().status(), Some(409));
    // And once it can, it looks, and leaves the successor's address.
    proxy.heal().unwrap();
    eventually("the old leader knows the new one", || {
        old.leader().as_deref() == Some("candidate-2")
    });
    scene.await_renewals(5);
    assert_eq!(addresses(&slice("cut-route")), ["10.0.0.2"]);
    stop_sampling();
    drop::<LeaderElection>(new);
}
