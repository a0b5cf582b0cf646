//! What an election stands on, so that it goes on in the cluster it was started for and as the user
//! it was started as, whatever becomes of the configuration.

use http::Uri;
use kube::config::AuthInfo;
use rustls::pki_types::CertificateDer;

use super::tls::Trust;

/// A cluster, and who we are in it. Credentials and trust may change; this may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    /// None in a pod.
    context: Option<Names>,
    server: String,
    authorities: Vec<CertificateDer<'static>>,
}

/// What a context refers to, and whom its user acts as.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Names {
    context: String,
    cluster: String,
    user: String,
    acts_as: Option<String>,
}

impl Pin {
    pub(super) fn service_account(server: &Uri, trust: &Trust) -> Self {
        Self {
            context: None,
            server: server.to_string(),
            authorities: authorities(trust),
        }
    }

    pub(super) fn context(
        [context, cluster, user]: [&str; 3],
        server: &Uri,
        trust: &Trust,
        credentials: &AuthInfo,
    ) -> Self {
        Self {
            context: Some(Names {
                context: context.to_owned(),
                cluster: cluster.to_owned(),
                user: user.to_owned(),
                acts_as: credentials
                    .impersonate
                    .clone()
                    .or_else(|| credentials.username.clone()),
            }),
            ..Self::service_account(server, trust)
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
    /// authorities vouches for it; and at the same address authorities may be replaced. If both
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
                    "the user {} now acts as another one than when the election started",
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
        if self.server == now.server || (same_name && same_authority) {
            return None;
        }
        Some(format!(
            "{} now means another cluster ({}, and {} when the election started)",
            match self.context_name() {
                Some(context) => format!("context {context}"),
                None => "the environment".to_owned(),
            },
            now.server,
            self.server
        ))
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

    fn pin(names: [&str; 3], server: &str, authorities: &[u8]) -> Pin {
        let trust = Trust::Authorities {
            certificates: authorities
                .iter()
                .map(|number| CertificateDer::from(vec![*number]))
                .collect(),
            origin: String::new(),
        };
        let server = server.parse().expect("an address");
        Pin::context(names, &server, &trust, &AuthInfo::default())
    }

    #[test]
    fn a_cluster_is_known_by_its_address_or_by_its_name_and_authority() {
        let names = ["work", "c1", "me"];
        let pinned = pin(names, "https://a", &[1]);
        let same = [
            pin(names, "https://a", &[2]),
            pin(names, "https://b", &[1]),
            pin(names, "https://b", &[2, 1]),
            pin(["work", "renamed", "me"], "https://a", &[1]),
        ];
        for now in same {
            assert_eq!(pinned.conflict(&now), None, "{now:?}");
        }
        let others = [
            pin(names, "https://b", &[2]),
            pin(names, "https://b", &[]),
            pin(["work", "c2", "me"], "https://b", &[1]),
            pin(["work", "c1", "you"], "https://a", &[1]),
        ];
        for now in others {
            assert!(pinned.conflict(&now).is_some(), "{now:?}");
        }
    }

    #[test]
    fn what_the_system_trusts_makes_no_two_servers_one_cluster() {
        let names = ["work", "c1", "me"];
        let at = |server: &str| {
            let server = server.parse().expect("an address");
            Pin::context(names, &server, &Trust::System, &AuthInfo::default())
        };
        assert!(at("https://a").conflict(&at("https://b")).is_some());
        assert!(at("https://a").conflict(&at("https://a")).is_none());
    }
}
