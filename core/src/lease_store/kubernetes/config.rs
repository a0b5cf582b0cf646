//! Where the cluster is and who we are: the service account's files or a kubeconfig, checked so
//! that each mistake in them has an error naming the setting, its value and the fix.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use http::Uri;
use kube::config::AuthInfo;

use super::cluster_config::{ClusterConfig, Origin, fingerprint};
use super::kubeconfig;
use super::options::ClusterSource;
use super::pin::Pin;
use super::proxy::ProxyVariables;
use super::tls::{self, Trust};
use super::token_file;
use crate::error::Result;

/// A [`ClusterSource`] that means the same no matter what becomes of the environment, the working
/// directory and a file's current context.
#[derive(Clone)]
pub(super) enum Source {
    InCluster {
        host: Option<String>,
        port: Option<String>,
    },
    Kubeconfig {
        paths: Vec<PathBuf>,
        context: Option<String>,
        proxies: ProxyVariables,
    },
}

impl Source {
    pub(super) fn of(source: &ClusterSource) -> Result<Self> {
        Ok(match source {
            ClusterSource::InCluster => Self::InCluster {
                host: env::var("KUBERNETES_SERVICE_HOST").ok(),
                port: env::var("KUBERNETES_SERVICE_PORT").ok(),
            },
            ClusterSource::Kubeconfig { path, context } => Self::Kubeconfig {
                paths: kubeconfig::paths(path.as_deref())?,
                context: context.clone(),
                proxies: ProxyVariables::now(),
            },
        })
    }

    pub(super) fn in_context(mut self, name: Option<&str>) -> Self {
        if let (Self::Kubeconfig { context, .. }, Some(name)) = (&mut self, name) {
            *context = Some(name.to_owned());
        }
        self
    }

    /// Reads files only, never the environment, which the application may change meanwhile. Exec plugins run when credentials are first needed.
    pub(super) fn load(&self) -> Result<ClusterConfig> {
        let mut config = match self {
            Self::InCluster { host, port } => in_cluster(
                Path::new("/var/run/secrets/kubernetes.io/serviceaccount"),
                host.clone(),
                port.clone(),
            ),
            Self::Kubeconfig {
                paths,
                context,
                proxies,
            } => kubeconfig::load(paths, context.as_deref(), proxies),
        }?;
        let path = config.user.token_file.as_ref();
        config.token = path.map(|path| token_file::read(Path::new(path)));
        Ok(config)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InCluster { .. } => f.write_str("the service account"),
            Self::Kubeconfig { paths, .. } => {
                let paths = env::join_paths(paths).unwrap_or_default();
                write!(f, "kubeconfig {}", paths.to_string_lossy())
            }
        }
    }
}

/// What a pod is given: the address in its environment, and the files of its service account.
fn in_cluster(
    service_account: &Path,
    host: Option<String>,
    port: Option<String>,
) -> Result<ClusterConfig> {
    let origin = Origin {
        field: "mode",
        value: "kubernetes".into(),
    };
    let set = |value: Option<String>| value.filter(|value| !value.is_empty());
    let (Some(host), Some(port)) = (set(host), set(port)) else {
        return Err(origin.wrong(
            "not inside a cluster, as KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not \
             set; name a kubeconfig, or choose another mode",
        ));
    };
    // Addresses of IPv6 are in brackets.
    let address = if host.contains(':') {
        format!("https://[{host}]:{port}")
    } else {
        format!("https://{host}:{port}")
    };
    let server: Uri = address.parse().map_err(|error| {
        origin.wrong(format!(
            "KUBERNETES_SERVICE_HOST {host} and KUBERNETES_SERVICE_PORT {port} are not an address \
             ({error})"
        ))
    })?;
    let token_file = service_account.join("token");
    if let Err(error) = fs::File::open(&token_file) {
        return Err(origin.wrong(format!(
            "the service account's files cannot be read ({}: {error}); is \
             automountServiceAccountToken set to false?",
            token_file.display()
        )));
    }
    // As client libraries do: without it, the system's certificates must do.
    let trust = match fs::read(service_account.join("ca.crt")) {
        Ok(pem) => Trust::Authorities {
            certificates: tls::certificates(&pem),
            origin: "the service account's ca.crt".into(),
        },
        Err(_) => Trust::System,
    };
    let namespace = fs::read_to_string(service_account.join("namespace")).ok();
    let user = AuthInfo {
        token_file: Some(token_file.to_string_lossy().into_owned()),
        ..AuthInfo::default()
    };
    Ok(ClusterConfig {
        fingerprint: fingerprint(&server, &trust, &user, None),
        pin: Pin::service_account(&server, &trust),
        server,
        server_name: None,
        trust,
        // As client libraries do: the API server's address inside a cluster is always direct.
        proxy: None,
        user,
        client: None,
        token: None,
        namespace: namespace
            .map(|namespace| namespace.trim().to_owned())
            .filter(|namespace| !namespace.is_empty()),
        origin,
    })
}

#[cfg(test)]
mod tests {
    use std::slice;

    use serde_json::json;

    use super::*;

    fn service_account() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("token"), "a token").expect("a file");
        folder
    }

    fn in_pod(folder: &Path) -> Result<ClusterConfig> {
        in_cluster(folder, Some("10.0.0.1".into()), Some("443".into()))
    }

    #[test]
    fn outside_a_cluster_the_modes_are_pointed_to() {
        let error = in_cluster(Path::new("/nowhere"), None, Some(String::new())).err();

        let message = error.expect("not in a cluster").message().to_owned();
        assert!(
            message.starts_with("mode = kubernetes: not inside a cluster"),
            "{message}"
        );
    }

    #[test]
    fn a_service_account_needs_no_file_but_its_token() {
        let folder = service_account();
        let config = in_pod(folder.path()).expect("a service account");
        assert_eq!(config.namespace, None);
        assert!(matches!(config.trust, Trust::System));

        fs::write(folder.path().join("namespace"), "shop\n").expect("a file");
        let config = in_pod(folder.path()).expect("a service account");
        assert_eq!(config.namespace.as_deref(), Some("shop"));

        let error = in_pod(Path::new("/nowhere")).err().expect("no token");
        assert!(
            error.message().contains("automountServiceAccountToken"),
            "{error}"
        );
    }

    #[test]
    fn an_unchanged_kubeconfig_has_one_fingerprint() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        let content = json!({
            "clusters": [{ "name": "c", "cluster": { "server": "https://api" } }],
            "users": [{ "name": "u", "user": {
                "as": "somebody",
                "as-user-extra": { "one": ["1"], "two": ["2"] },
                "exec": {
                    "command": "plugin",
                    "env": [{ "name": "ONE", "value": "1" }, { "name": "TWO", "value": "2" }],
                },
            } }],
            "contexts": [{ "name": "x", "context": { "cluster": "c", "user": "u" } }],
            "current-context": "x",
        });
        fs::write(&path, content.to_string()).expect("a file");
        let fingerprint = || {
            let config = kubeconfig::load(slice::from_ref(&path), None, &ProxyVariables::default());
            config.expect("a kubeconfig").fingerprint
        };
        let first = fingerprint();
        for _ in 0..20 {
            assert_eq!(fingerprint(), first);
        }
    }

    #[test]
    fn the_way_is_that_of_the_environment_at_the_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        let content = json!({
            "clusters": [{ "name": "c", "cluster": { "server": "https://api.example" } }],
            "contexts": [{ "name": "x", "context": { "cluster": "c" } }],
            "current-context": "x",
        });
        fs::write(&path, content.to_string()).expect("a file");
        // Unlike what it is now.
        let variable = |name: &str| (name == "HTTPS_PROXY").then(|| "http://proxy:3128".to_owned());
        let started = Source::Kubeconfig {
            paths: vec![path],
            context: None,
            proxies: ProxyVariables::of(variable),
        };
        for _ in 0..2 {
            let proxy = started.load().expect("a kubeconfig").proxy;
            assert_eq!(proxy.expect("a proxy").uri(), "http://proxy:3128/");
        }
    }

    #[test]
    fn an_address_of_ipv6_is_put_in_brackets() {
        let folder = service_account();
        let config = in_cluster(folder.path(), Some("fd00::1".into()), Some("443".into()));
        let server = config.expect("a service account").server;
        assert_eq!(server.to_string(), "https://[fd00::1]:443/");
    }
}
