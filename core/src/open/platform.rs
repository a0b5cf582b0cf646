//! Where this process runs, as far as that decides what mode `auto` means.

use std::env;
use std::path::Path;

use crate::config::Mode;
use crate::error::{Error, Result};

/// Where a pod finds its credentials.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Files that container engines leave in their containers.
const CONTAINER_FILES: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

/// Variables by which orchestrators and platforms make themselves known.
const ORCHESTRATOR_VARIABLES: [&str; 7] = [
    "KUBERNETES_SERVICE_HOST",
    "ECS_CONTAINER_METADATA_URI_V4",
    "NOMAD_ALLOC_ID",
    "K_SERVICE",
    "FLY_ALLOC_ID",
    "DYNO",
    "CONTAINER_APP_NAME",
];

/// How this module looks at the system.
pub(super) struct Platform<'a> {
    pub(super) has_variable: &'a dyn Fn(&str) -> bool,
    pub(super) has_file: &'a dyn Fn(&str) -> bool,
}

impl Platform<'static> {
    pub(super) const HERE: Self = Self {
        has_variable: &|name| env::var_os(name).is_some_and(|value| !value.is_empty()),
        has_file: &|path| Path::new(path).exists(),
    };
}

impl Platform<'_> {
    /// Whether this is a pod with a service account.
    pub(super) fn is_in_cluster(&self) -> bool {
        (self.has_variable)("KUBERNETES_SERVICE_HOST") && (self.has_file)(SERVICE_ACCOUNT_TOKEN)
    }

    /// What mode `auto` means here. Among several instances of an orchestrator a private election
    /// would make each of them the leader, so that is never the answer there.
    pub(super) fn resolve_auto(&self) -> Result<Mode> {
        if self.is_in_cluster() {
            return Ok(Mode::Kubernetes);
        }
        let variable = ORCHESTRATOR_VARIABLES
            .iter()
            .find(|name| (self.has_variable)(name));
        let file = CONTAINER_FILES.iter().find(|path| (self.has_file)(path));
        match variable.or(file) {
            None => Ok(Mode::File),
            Some(sign) => Err(Error::config(
                "mode",
                "`auto`",
                format_args!(
                    "this is a container ({sign}) without a Kubernetes service account, where an \
                     election among local processes would elect every instance. In a pod, mount \
                     the token (automountServiceAccountToken). Elsewhere set the mode, or \
                     LEASEHOLD_MODE: `kubernetes` to reach a cluster by kubeconfig, `file` for \
                     processes of this container only, `always` for a single instance"
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(variables: &[&str], files: &[&str]) -> Result<Mode> {
        let platform = Platform {
            has_variable: &|name| variables.contains(&name),
            has_file: &|path| files.contains(&path),
        };
        platform.resolve_auto()
    }

    #[test]
    fn a_pod_with_a_service_account_uses_its_cluster() {
        let mode = resolve(
            &["KUBERNETES_SERVICE_HOST"],
            &[SERVICE_ACCOUNT_TOKEN, "/.dockerenv"],
        );
        assert_eq!(mode.unwrap(), Mode::Kubernetes);
    }

    #[test]
    fn a_plain_host_uses_a_folder() {
        assert_eq!(resolve(&[], &[]).unwrap(), Mode::File);
    }

    #[test]
    fn a_container_without_credentials_is_an_error_and_never_a_private_election() {
        let cases: [(&[&str], &[&str]); 3] = [
            (&["KUBERNETES_SERVICE_HOST"], &[]),
            (&["NOMAD_ALLOC_ID"], &[]),
            (&[], &["/run/.containerenv"]),
        ];
        for (variables, files) in cases {
            let message = resolve(variables, files).unwrap_err().to_string();
            let sign = variables.first().or(files.first()).unwrap();
            assert!(message.starts_with("mode = `auto`: "), "{message}");
            assert!(message.contains(sign), "{message}");
            assert!(message.contains("`kubernetes`"), "{message}");
        }
    }
}
