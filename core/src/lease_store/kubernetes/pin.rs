//! What an election stands on, so that it goes on in the cluster it was started for and as the user
//! it was started as, no matter what becomes of the configuration.

use std::collections::HashMap;
use std::fmt;

use http::Uri;
use kube::config::AuthInfo;
use rustls::pki_types::CertificateDer;

use super::tls::Trust;

/// A cluster, and who we are in it. Credentials and trust may change; this may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    /// None in a pod.
    context: Option<Names>,
    way: Way,
    authorities: Vec<CertificateDer<'static>>,
}

/// What a context refers to, and whom its user acts as.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Names {
    context: String,
    cluster: String,
    user: String,
    acts_as: ActsAs,
}

/// Where a cluster's requests are sent, and through what. Private addresses are the same in many
/// networks, each behind a proxy of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Way {
    pub(super) server: Uri,
    pub(super) server_name: Option<String>,
    pub(super) proxy: Option<Uri>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ActsAs {
    name: Option<String>,
    uid: Option<String>,
    groups: Option<Vec<String>>,
    extra: Option<HashMap<String, Vec<String>>>,
}

impl ActsAs {
    fn of(user: &AuthInfo) -> Self {
        let name = user.impersonate.as_ref().or(user.username.as_ref());
        Self {
            name: name.cloned(),
            uid: user.impersonate_uid.clone(),
            groups: user.impersonate_groups.clone(),
            extra: user.impersonate_user_extra.clone(),
        }
    }
}

impl Pin {
    pub(super) fn service_account(server: &Uri, trust: &Trust) -> Self {
        let way = Way {
            server: server.clone(),
            ..Way::default()
        };
        Self {
            context: None,
            way,
            authorities: authorities(trust),
        }
    }

    pub(super) fn context(
        [context, cluster, user]: [&str; 3],
        way: Way,
        trust: &Trust,
        credentials: &AuthInfo,
    ) -> Self {
        Self {
            context: Some(Names {
                context: context.to_owned(),
                cluster: cluster.to_owned(),
                user: user.to_owned(),
                acts_as: ActsAs::of(credentials),
            }),
            way,
            authorities: authorities(trust),
        }
    }

    /// The context that was chosen, by the setting or as the current one.
    pub(super) fn context_name(&self) -> Option<&str> {
        self.context.as_ref().map(|names| names.context.as_str())
    }

    /// Whether an election that starts by `other` stands on the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.context == other.context && self.conflict(other).is_none()
    }

    /// Why `now` is another cluster or another user, if it is.
    ///
    /// A server that has another address is the same cluster's under the same name if one of its
    /// authorities vouches for it and its path is the same, by which one front tells several clusters
    /// apart. At the same address, reached in the same way, authorities may be replaced. If both
    /// differ at once, nothing tells that it is the same.
    pub(super) fn conflict(&self, now: &Self) -> Option<String> {
        if let (Some(pinned), Some(found)) = (&self.context, &now.context) {
            if pinned.user != found.user {
                return Some(format!(
                    "context {} now means the user {}, and was {} when the election started",
                    pinned.context, found.user, pinned.user
                ));
            }
            if pinned.acts_as != found.acts_as {
                return Some(format!(
                    "the user {} now impersonates another user than when the election started",
                    pinned.user
                ));
            }
        }
        let same_name = match (&self.context, &now.context) {
            (Some(pinned), Some(found)) => pinned.cluster == found.cluster,
            _ => true,
        };
        let same_authority = self
            .authorities
            .iter()
            .any(|authority| now.authorities.contains(authority));
        let path = |pin: &Self| pin.way.server.path().trim_end_matches('/').to_owned();
        let same_path = path(self) == path(now);
        if self.way == now.way || (same_name && same_authority && same_path) {
            return None;
        }
        Some(format!(
            "{} now means another cluster ({}, and {} when the election started)",
            match self.context_name() {
                Some(context) => format!("context {context}"),
                None => "the environment".to_owned(),
            },
            now.way,
            self.way
        ))
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.server)?;
        if let Some(name) = &self.server_name {
            write!(f, " as {name}")?;
        }
        match &self.proxy {
            Some(proxy) => write!(f, " through {proxy}"),
            None => Ok(()),
        }
    }
}

fn authorities(trust: &Trust) -> Vec<CertificateDer<'static>> {
    match trust {
        Trust::Authorities { certificates, .. } => certificates.clone(),
        // They vouch for anybody.
        Trust::System | Trust::Nobody => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(server: &str) -> Way {
        Way {
            server: server.parse().expect("an address"),
            ..Way::default()
        }
    }

    fn pin(names: [&str; 3], way: Way, authorities: &[u8]) -> Pin {
        let trust = Trust::Authorities {
            certificates: authorities
                .iter()
                .map(|number| CertificateDer::from(vec![*number]))
                .collect(),
            origin: String::new(),
        };
        Pin::context(names, way, &trust, &AuthInfo::default())
    }

    #[test]
    fn a_cluster_is_known_by_its_address_or_by_its_name_and_authority() {
        let names = ["work", "c1", "me"];
        let pinned = pin(names, way("https://a"), &[1]);
        let same = [
            pin(names, way("https://a"), &[2]),
            pin(names, way("https://b"), &[1]),
            pin(names, way("https://b"), &[2, 1]),
            pin(["work", "renamed", "me"], way("https://a"), &[1]),
        ];
        for now in same {
            assert_eq!(pinned.conflict(&now), None, "{now:?}");
        }
        let others = [
            pin(names, way("https://b"), &[2]),
            pin(names, way("https://b"), &[]),
            pin(["work", "c2", "me"], way("https://b"), &[1]),
            pin(["work", "c1", "you"], way("https://a"), &[1]),
        ];
        for now in others {
            assert!(pinned.conflict(&now).is_some(), "{now:?}");
        }
    }

    #[test]
    fn one_address_behind_another_proxy_or_with_another_name_is_another_cluster() {
        let names = ["work", "c1", "me"];
        let behind = |proxy: &str| Way {
            proxy: Some(proxy.parse().expect("an address")),
            ..way("https://10.0.0.1")
        };
        let with_server_name = |name: &str| Way {
            server_name: Some(name.to_owned()),
            ..way("https://10.0.0.1")
        };
        let pinned = pin(names, behind("http://one"), &[1]);
        assert!(
            pinned
                .conflict(&pin(names, behind("http://one"), &[2]))
                .is_none()
        );
        for other in [
            behind("http://two"),
            with_server_name("one"),
            way("https://10.0.0.1"),
        ] {
            let now = pin(names, other, &[2]);
            assert!(pinned.conflict(&now).is_some(), "{now:?}");
        }
        // As with another address, its authority vouches for it.
        let now = pin(names, behind("http://two"), &[1]);
        assert!(pinned.conflict(&now).is_none());
    }

    #[test]
    fn clusters_behind_one_front_differ_in_their_path() {
        let names = ["work", "c1", "me"];
        let pinned = pin(names, way("https://front/clusters/a"), &[1]);
        let moved = pin(names, way("https://other/clusters/a/"), &[1]);
        assert!(pinned.conflict(&moved).is_none());
        let another = pin(names, way("https://front/clusters/b"), &[1]);
        assert!(pinned.conflict(&another).is_some());
    }

    #[test]
    fn a_user_who_acts_as_somebody_stays_with_the_groups_of_that() {
        let acting = |change: fn(&mut AuthInfo)| {
            let mut user = AuthInfo {
                impersonate: Some("somebody".into()),
                ..AuthInfo::default()
            };
            change(&mut user);
            let names = ["work", "c1", "me"];
            Pin::context(names, way("https://a"), &Trust::System, &user)
        };
        let pinned = acting(|_| ());
        assert!(pinned.conflict(&acting(|_| ())).is_none());
        for change in [
            (|user| user.impersonate = Some("another".into())) as fn(&mut AuthInfo),
            |user| user.impersonate_uid = Some("1".into()),
            |user| user.impersonate_groups = Some(vec!["admins".into()]),
            |user| {
                user.impersonate_user_extra = Some([("scope".into(), vec!["all".into()])].into());
            },
        ] {
            assert!(pinned.conflict(&acting(change)).is_some());
        }
    }

    #[test]
    fn what_the_system_trusts_makes_no_two_servers_one_cluster() {
        let names = ["work", "c1", "me"];
        let at =
            |server: &str| Pin::context(names, way(server), &Trust::System, &AuthInfo::default());
        assert!(at("https://a").conflict(&at("https://b")).is_some());
        assert!(at("https://a").conflict(&at("https://a")).is_none());
    }
}
