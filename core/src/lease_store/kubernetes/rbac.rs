//! What an election must be allowed: the verbs, and the `Role` and `RoleBinding` that allow them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use crate::named::named;

named! {
    /// What an election does with a Lease, in the words of a Role.
    pub enum Verb {
        /// To read it.
        Get = "get",
        /// To acquire, renew and release it.
        Update = "update",
        /// To learn of changes at once; without it, candidates poll.
        Watch = "watch",
        /// To make it where it is missing.
        Create = "create",
    }
}

impl Verb {
    /// Whether it can be limited to Leases by their names. What is yet to be created has none, so
    /// that `create` under `resourceNames` never matches.
    pub(super) fn is_by_name(self) -> bool {
        self != Self::Create
    }
}

/// What an election does beside what it does with its Lease, if its settings say so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Permission {
    /// The API's group; empty for the core.
    pub group: &'static str,
    /// The kind of objects, as the API calls it.
    pub resource: &'static str,
    /// The one object that it is about.
    pub name: Option<String>,
    /// What is done with it.
    pub verb: &'static str,
    /// What for, in words that follow the verb.
    pub purpose: &'static str,
}

impl Permission {
    /// For Events about who leads.
    pub(crate) fn for_events() -> Vec<Self> {
        vec![Self {
            group: "",
            resource: "events",
            name: None,
            verb: "create",
            purpose: "to write an Event at each change of leader",
        }]
    }

    /// For proofs by the status of pods. Of those of a Deployment nobody knows the names beforehand.
    pub(crate) fn for_pods() -> Vec<Self> {
        let permission = |verb, purpose| Self {
            group: "",
            resource: "pods",
            name: None,
            verb,
            purpose,
        };
        vec![
            permission("get", "to learn what this container is called"),
            permission("watch", "to see that the container of a leader has ended"),
        ]
    }

    /// For the route to the leader. Its slice has to be there: `create` cannot be limited by name.
    pub(crate) fn for_route(slice: &str) -> Vec<Self> {
        let permission = |verb, purpose| Self {
            group: "discovery.k8s.io",
            resource: "endpointslices",
            name: Some(slice.to_owned()),
            verb,
            purpose,
        };
        vec![
            permission("get", "to read where the Service points"),
            permission("update", "to point it at the leader"),
        ]
    }
}

/// The `Role` that grants all that elections for `leases` need, and what is `beside`, and the
/// `RoleBinding` that gives it to `user`, as the API server names him: two documents of YAML to be
/// applied. Without a user it is the `Role` alone. Applied for other Leases or another user, they
/// take nothing away.
pub fn role_and_binding(
    namespace: &str,
    leases: &[&str],
    beside: &[Permission],
    user: Option<&str>,
) -> String {
    let mut documents = role(namespace, leases, beside);
    if let Some(user) = user {
        // Writing into a String cannot fail.
        let _ = write!(documents, "\n---\n{}", binding(namespace, leases, user));
    }
    documents
}

pub(super) fn role(namespace: &str, leases: &[&str], beside: &[Permission]) -> String {
    let verbs = |by_name| {
        let verbs = Verb::ALL.iter().filter(|verb| verb.is_by_name() == by_name);
        list(verbs.map(|verb| verb.name()))
    };
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {name}
  namespace: {namespace}
rules:
  - apiGroups: [\"coordination.k8s.io\"]
    resources: [\"leases\"]
    resourceNames: {names}
    verbs: {by_name}
  - apiGroups: [\"coordination.k8s.io\"]
    resources: [\"leases\"]
    verbs: {by_kind}{beside}",
        name = quoted(&role_name(leases)),
        namespace = quoted(namespace),
        names = list(leases.iter().copied()),
        by_name = verbs(true),
        by_kind = verbs(false),
        beside = rules(beside),
    )
}

/// A rule for each kind of objects, and for each of those that are named.
fn rules(permissions: &[Permission]) -> String {
    let mut verbs = BTreeMap::<_, Vec<_>>::new();
    for permission in permissions {
        let Permission {
            group,
            resource,
            name,
            verb,
            ..
        } = permission;
        let of_rule = verbs.entry((*group, *resource, name)).or_default();
        if !of_rule.contains(verb) {
            of_rule.push(*verb);
        }
    }
    let rule = |((group, resource, name), verbs): ((&str, &str, &Option<String>), Vec<&str>)| {
        let names = name.as_deref().map_or(String::new(), |name| {
            format!("\n    resourceNames: {}", list([name].into_iter()))
        });
        format!(
            "
  - apiGroups: {}
    resources: {}{names}
    verbs: {}",
            list([group].into_iter()),
            list([resource].into_iter()),
            list(verbs.into_iter())
        )
    };
    verbs.into_iter().map(rule).collect()
}

fn binding(namespace: &str, leases: &[&str], user: &str) -> String {
    let role = role_name(leases);
    let subject = match service_account(user) {
        Some((namespace, name)) => format!(
            "kind: ServiceAccount\n    name: {}\n    namespace: {}",
            quoted(name),
            quoted(namespace)
        ),
        None => format!(
            "kind: User\n    apiGroup: rbac.authorization.k8s.io\n    name: {}",
            quoted(user)
        ),
    };
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {name}
  namespace: {namespace}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {role}
subjects:
  - {subject}",
        name = quoted(&format!("{role}@{}", as_name(user))),
        namespace = quoted(namespace),
        role = quoted(&role),
    )
}

/// The namespace and the name of a service account, by its name as a user.
pub(super) fn service_account(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

/// One Role for each set of Leases, so that one does not take the place of another: a colon, which
/// the name of a Role may have, and that of a Lease may not.
fn role_name(leases: &[&str]) -> String {
    format!("leasehold-{}", leases.join(":"))
}

/// A user as part of an object's name, one for each: users may have any name, and objects of this
/// kind none with `/` or `%`.
fn as_name(user: &str) -> String {
    user.chars().fold(String::new(), |mut name, letter| {
        if letter.is_ascii_alphanumeric() || "-.:@".contains(letter) {
            name.push(letter);
        } else {
            // Writing into a String cannot fail.
            let _ = write!(name, "_{:x}_", u32::from(letter));
        }
        name
    })
}

/// A list of texts, as YAML.
fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let texts: Vec<_> = texts.map(quoted).collect();
    format!("[{}]", texts.join(", "))
}

/// A text, and never the number or `true` that it may look like. What is JSON is YAML too.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn documents(namespace: &str, leases: &[&str], user: &str) -> [Value; 2] {
        let text = role_and_binding(namespace, leases, &[], Some(user));
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
        documents.try_into().expect("a Role and a RoleBinding")
    }

    #[test]
    fn what_looks_like_something_else_is_still_a_text() {
        for name in ["0", "1e3", "true", "null", "off"] {
            let user = format!("system:serviceaccount:{name}:{name}");
            let [role, binding] = documents(name, &[name], &user);
            for object in [&role, &binding] {
                assert_eq!(object["metadata"]["namespace"], name);
            }
            assert_eq!(role["rules"][0]["resourceNames"][0], name);
            assert_eq!(binding["subjects"][0]["name"], name);
            assert_eq!(binding["subjects"][0]["namespace"], name);
        }
        let [_, binding] = documents("shop", &["jobs"], "\"1\"\n# /O=shop");
        assert_eq!(binding["subjects"][0]["name"], "\"1\"\n# /O=shop");
    }

    #[test]
    fn each_verb_is_granted_and_by_name_where_that_can_be() {
        let [role, _] = documents("shop", &["jobs"], "alice");
        let rules = role["rules"].as_array().expect("rules");
        let verbs = |rule: &Value| -> BTreeSet<_> {
            let verbs = rule["verbs"].as_array().expect("verbs").iter();
            verbs
                .map(|verb| verb.as_str().unwrap().to_owned())
                .collect()
        };
        let [by_name, by_kind] = &rules[..] else {
            panic!("two rules: {role}")
        };
        assert_eq!(by_name["resourceNames"], json!(["jobs"]));
        assert!(by_kind.get("resourceNames").is_none(), "{role}");
        assert_eq!(verbs(by_kind), BTreeSet::from(["create".to_owned()]));
        assert_eq!(
            &verbs(by_name) | &verbs(by_kind),
            Verb::ALL.iter().map(ToString::to_string).collect()
        );
    }

    #[test]
    fn what_is_beside_has_a_rule_for_each_object() {
        let mut beside = Permission::for_events();
        beside.extend(Permission::for_route("shop"));
        beside.extend(Permission::for_pods());
        let text = role("default", &["jobs"], &beside);
        let role: Value = serde_saphyr::from_str(&text).expect("YAML");
        assert_eq!(
            role["rules"].as_array().expect("rules")[2..],
            [
                json!({ "apiGroups": [""], "resources": ["events"], "verbs": ["create"] }),
                json!({ "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "watch"] }),
                json!({
                    "apiGroups": ["discovery.k8s.io"],
                    "resources": ["endpointslices"],
                    "resourceNames": ["shop"],
                    "verbs": ["get", "update"],
                }),
            ]
        );
    }

    #[test]
    fn no_other_leases_or_users_have_a_role_or_a_binding_of_the_same_name() {
        let sets: [&[&str]; 4] = [&["a", "b"], &["a-b"], &["a.b"], &["a"]];
        let roles: BTreeSet<_> = sets.iter().map(|leases| role_name(leases)).collect();
        assert_eq!(roles.len(), sets.len(), "{roles:?}");

        let users = [
            "a",
            "b",
            "/a",
            "%a",
            "_2f_a",
            "ä",
            "system:serviceaccount:shop:a",
            "system:serviceaccount:a:shop",
        ];
        let name = |leases: &[&str], user: &str| {
            let [_, binding] = documents("shop", leases, user);
            let name = binding["metadata"]["name"].as_str().expect("a name");
            assert!(!name.contains(['/', '%']), "{name}");
            name.to_owned()
        };
        let all = sets
            .iter()
            .flat_map(|leases| users.map(|user| (leases, user)));
        let bindings: BTreeSet<_> = all.map(|(leases, user)| name(leases, user)).collect();
        assert_eq!(bindings.len(), sets.len() * users.len(), "{bindings:?}");
    }
}
