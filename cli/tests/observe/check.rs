//! May an election run here?

use std::time::Instant;

use leasehold_test_cluster::Credentials;
use serde_json::{Value, json};

use crate::common::LIMIT;
use crate::location::{CLUSTER, Location};

const VERBS: [&str; 4] = ["get", "update", "watch", "create"];

/// Somebody who may grant rights applies what was printed; what is there already is replaced.
fn apply(manifest: &str, namespace: &str) {
    let objects = serde_saphyr::from_multiple::<Value>(manifest).expect("YAML");
    assert_eq!(objects.len(), 2, "a Role and a RoleBinding: {manifest}");
    for object in objects {
        let kind = object["kind"].as_str().expect("a kind").to_lowercase();
        let name = object["metadata"]["name"].as_str().expect("a name");
        let path =
            format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/{kind}s/{name}");
        CLUSTER.api().put(&path, &object).expect("it is accepted");
    }
}

/// The API server learns of Roles by a watch of its own.
fn passes_in_the_end(location: &Location, leases: &[&str]) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let said = location.output(&[&["check"], leases].concat());
        if said.code == Some(0) {
            assert!(said.text.contains("Nothing is missing"), "{said:?}");
            return;
        }
        assert!(Instant::now() < deadline, "never passes: {said:?}");
    }
}

#[test]
fn each_missing_verb_is_named() {
    for missing in VERBS {
        let location = Location::namespace(&format!("without-{missing}"));
        location.grant_except("jobs", &[missing]);
        let said = location.output(&["check", "jobs"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        for verb in VERBS {
            let mark = if verb == missing {
                "✗ missing"
            } else {
                "✓ granted"
            };
            let row = format!("{mark}  {verb} ");
            assert!(said.text.contains(&row), "no {row:?} in {said:?}");
        }
    }
}

#[test]
fn where_all_is_granted_it_says_so_and_where_it_looked() {
    let location = Location::namespace("all-granted");
    location.grant_except("jobs", &[]);
    let said = location.output(&["check", "jobs"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let server = CLUSTER.server_url();
    for part in [
        server,
        "namespace  all-granted (from --namespace or LEASEHOLD_NAMESPACE)",
        "user       candidate",
        "Nothing is missing",
    ] {
        assert!(said.text.contains(part), "no {part:?} in {said:?}");
    }
    assert!(!said.text.contains("kind: Role"));
}

#[test]
fn what_it_prints_suffices_for_an_election_once_it_is_applied() {
    let location = Location::namespace("pasted");
    let said = location.output(&["check", "jobs", "mails"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let start = said.text.find("apiVersion:").expect("a Role");
    apply(&said.text[start..], "pasted");
    passes_in_the_end(&location, &["jobs", "mails"]);
    location.leader("jobs", "a").stop().unwrap();
    location.leader("mails", "a").stop().unwrap();
}

#[test]
fn a_service_account_is_bound_as_such() {
    let Location::Namespace { name, .. } = Location::namespace("accounts") else {
        unreachable!()
    };
    let api = CLUSTER.api();
    let accounts = format!("/api/v1/namespaces/{name}/serviceaccounts");
    let account = json!({ "metadata": { "name": "jobs" } });
    api.post(&accounts, &account).unwrap();
    let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest" });
    let token = api
        .post(&format!("{accounts}/jobs/token"), &request)
        .unwrap();
    let token = token["status"]["token"].as_str().expect("a token");
    let credentials = Credentials::Token(token.to_owned());
    let kubeconfig = CLUSTER.write_kubeconfig(credentials, None).unwrap();
    let location = Location::Namespace { name, kubeconfig };

    let said = location.output(&["check", "--json", "nightly"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let report = said.objects().remove(0);
    assert_eq!(report["user"], "system:serviceaccount:accounts:jobs");
    assert_eq!(report["ready"], false);
    assert_eq!(report["leases"][0]["verbs"]["update"], false);
    let manifest = report["manifest"].as_str().expect("a manifest");
    assert!(manifest.contains("kind: ServiceAccount"), "{manifest}");
    apply(manifest, "accounts");
    passes_in_the_end(&location, &["nightly"]);
    location.leader("nightly", "a").stop().unwrap();
}

#[test]
fn an_administrator_asks_about_the_service_account_that_the_candidates_will_have() {
    let location = Location::administered("asked");
    assert_eq!(location.output(&["check", "jobs"]).code, Some(0));
    let asked = ["check", "jobs", "--as=system:serviceaccount:asked:jobs"];
    let said = location.output(&asked);
    assert_eq!(said.code, Some(1), "{said:?}");
    let start = said.text.find("apiVersion:").expect("a Role");
    apply(&said.text[start..], "asked");
    passes_in_the_end(&location, &asked[1..]);

    let candidate = Location::namespace("asking");
    let said = candidate.output(&asked);
    assert_eq!(said.code, Some(2), "not everybody may ask");
    assert!(
        said.errors.contains("cannot ask what may be done"),
        "{said:?}"
    );
}

#[test]
fn what_is_granted_to_one_account_stays_granted_when_another_gets_it_too() {
    let location = Location::administered("two-accounts");
    let accounts = ["monolith", "worker"];
    let asked =
        accounts.map(|account| format!("--as=system:serviceaccount:two-accounts:{account}"));
    for account in &asked {
        let said = location.output(&["check", "jobs", "mails", account]);
        assert_eq!(said.code, Some(1), "{said:?}");
        let start = said.text.find("apiVersion:").expect("a Role");
        apply(&said.text[start..], location.name());
        passes_in_the_end(&location, &["jobs", "mails", account]);
    }
    let said = location.output(&["check", "jobs", "mails", &asked[0]]);
    assert_eq!(said.code, Some(0), "taken away again: {said:?}");
}

#[test]
fn a_namespace_that_does_not_exist_is_a_failure() {
    let location = Location::Namespace {
        name: "nowhere".into(),
        kubeconfig: CLUSTER.admin_kubeconfig(),
    };
    let about_another = ["check", "jobs", "--as=system:masters"];
    for arguments in [&about_another[..2], &about_another] {
        let said = location.output(arguments);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(
            said.errors.contains("there is no such namespace"),
            "{said:?}"
        );
    }
}

#[test]
fn trying_it_out_leaves_no_lease_behind() {
    let location = Location::administered("tried");
    assert_eq!(location.output(&["check", "jobs"]).code, Some(0));
    assert!(location.output(&["status", "jobs"]).text.contains("absent"));
}

#[test]
fn without_a_cluster_nobody_can_be_asked_about_another_user() {
    let location = Location::folder();
    let said = location.output(&["check", "jobs", "--as=system:serviceaccount:shop:web"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.text.is_empty(), "{said:?}");
    for part in [
        "--as = system:serviceaccount:shop:web: ",
        "add --mode kubernetes",
    ] {
        assert!(said.errors.contains(part), "no {part:?} in {said:?}");
    }
}

#[test]
fn refused_credentials_are_a_failure() {
    let kubeconfig = CLUSTER.write_kubeconfig(Credentials::Token("wrong".into()), None);
    let location = Location::Namespace {
        name: "default".into(),
        kubeconfig: kubeconfig.unwrap(),
    };
    let said = location.output(&["check", "jobs"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.errors.contains("does not accept these credentials"),
        "{said:?}"
    );
}

#[test]
fn what_a_credential_plugin_says_does_not_command_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::with_plugin(folder.path(), "printf 'no\\033[2J\\007' >&2; exit 1");
    let said = location.output(&["check", "jobs"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.errors.contains("[2J"), "{said:?}");
    let obeyed = |letter: char| letter.is_control() && letter != '\n';
    assert!(!said.errors.contains(obeyed), "{said:?}");
}

#[test]
fn a_folder_is_checked_and_not_made() {
    let location = Location::folder();
    let said = location.output(&["check", "--json", "jobs"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let report = said.objects().remove(0);
    assert_eq!(report["mode"], "file");
    assert_eq!(report["ready"], true);
    assert_eq!(report["leases"][0]["verbs"], json!(null));
    let Location::Folder(folder) = &location else {
        unreachable!()
    };
    assert!(folder.path().read_dir().unwrap().next().is_none());
}

#[test]
fn a_folder_that_others_may_write_to_is_a_failure_with_its_fix() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let location = Location::folder();
    let Location::Folder(folder) = &location else {
        unreachable!()
    };
    location.leader("jobs", "web-1").stop().unwrap();
    set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    let said = location.output(&["check", "jobs"]);
    assert_eq!(said.code, Some(2));
    assert!(said.errors.contains("chmod go-w"), "{said:?}");
}
