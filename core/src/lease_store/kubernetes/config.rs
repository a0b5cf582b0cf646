//! Where the cluster is and who we are: the service account's files or a kubeconfig, checked so
//! that each mistake in them has an error naming the setting, its value and the fix.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use kube::config::{
    AuthInfo, ExecInteractiveMode, InClusterError, Kubeconfig, KubeconfigError, LoadDataError,
};

use super::ClusterSource;
use crate::error::{Error, Result};

/// How to reach a cluster, and words for the messages about it.
pub(super) struct ClusterConfig {
    pub(super) kube: kube::Config,
    pub(super) proxy: Option<Intercept>,
    /// The setting all of this came from, and its value.
    pub(super) origin: Origin,
    /// The certificate authorities that the API server's certificate must come from.
    pub(super) trust: String,
}

/// The setting to name in an error.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) field: &'static str,
    pub(super) value: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            "kubeconfig" => write!(f, "kubeconfig {}", self.value),
            _ => f.write_str("service account"),
        }
    }
}

impl Origin {
    pub(super) fn wrong(&self, fix: impl std::fmt::Display) -> Error {
        Error::config(self.field, &self.value, fix)
    }
}

/// Reads files only. Exec plugins run when credentials are first needed.
pub(super) fn load(source: &ClusterSource) -> Result<ClusterConfig> {
    match source {
        ClusterSource::InCluster => in_cluster(),
        ClusterSource::Kubeconfig { path, context } => {
            from_kubeconfig(path.as_deref(), context.as_deref())
        }
    }
}

fn in_cluster() -> Result<ClusterConfig> {
    let origin = Origin {
        field: "mode",
        value: "kubernetes".into(),
    };
    let mut kube = kube::Config::incluster().map_err(|error| no_service_account(&origin, error))?;
    kube.default_namespace
        .truncate(kube.default_namespace.trim_end().len());
    Ok(ClusterConfig {
        kube,
        // As client libraries do: the API server's address inside a cluster is always direct.
        proxy: None,
        origin,
        trust: "the service account's ca.crt".into(),
    })
}

fn no_service_account(origin: &Origin, error: InClusterError) -> Error {
    let fix = match &error {
        InClusterError::ReadEnvironmentVariable(_) => {
            "not inside a cluster, as KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not \
             set; name a kubeconfig, or choose another mode"
                .to_owned()
        }
        InClusterError::ReadDefaultNamespace(cause)
        | InClusterError::ReadCertificateBundle(cause) => format!(
            "the service account's files cannot be read ({cause}); is \
             automountServiceAccountToken set to false?"
        ),
        other => format!("{other}"),
    };
    origin.wrong(fix).with_source(error)
}

fn from_kubeconfig(path: Option<&Path>, context: Option<&str>) -> Result<ClusterConfig> {
    let paths = match path {
        Some(path) => vec![path.to_owned()],
        None => default_paths()?,
    };
    let origin = Origin {
        field: "kubeconfig",
        value: env::join_paths(&paths)
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    };
    let mut kubeconfig = read(&paths, &origin)?;
    let selected = select_context(&mut kubeconfig, context, &origin)?;

    let mut kube =
        kube::Config::try_from(kubeconfig).map_err(|error| unusable(&origin, &selected, error))?;
    not_from_our_terminal(&mut kube.auth_info);
    Ok(ClusterConfig {
        proxy: proxy(&kube.cluster_url, selected.proxy_url.as_deref(), &origin)?,
        kube,
        trust: selected.trust,
        origin,
    })
}

/// What `KUBECONFIG` lists, otherwise `~/.kube/config`.
fn default_paths() -> Result<Vec<PathBuf>> {
    let listed: Vec<_> = env::var_os("KUBECONFIG")
        .map(|list| {
            env::split_paths(&list)
                .filter(|path| path != Path::new(""))
                .collect()
        })
        .unwrap_or_default();
    if !listed.is_empty() {
        return Ok(listed);
    }
    match env::home_dir() {
        Some(home) => Ok(vec![home.join(".kube").join("config")]),
        None => Err(Error::config(
            "kubeconfig",
            "(not set)",
            "there is no home directory to look for .kube/config in; name a file",
        )),
    }
}

/// Merges the files as kubectl does: the first to name something wins, and of several files some
/// may be missing.
fn read(paths: &[PathBuf], origin: &Origin) -> Result<Kubeconfig> {
    let is_missing = |path: &PathBuf| matches!(path.try_exists(), Ok(false));
    if paths.iter().all(is_missing) {
        return Err(origin.wrong("no such file; name one that exists, or set KUBECONFIG"));
    }
    paths
        .iter()
        .filter(|path| !is_missing(path))
        .try_fold(Kubeconfig::default(), |merged, path| {
            merged.merge(Kubeconfig::read_from(path)?)
        })
        .map_err(|error| {
            origin
                .wrong(format!("{error}; correct the file"))
                .with_source(error)
        })
}

/// The parts of a context which messages speak of.
struct SelectedContext {
    name: String,
    cluster: String,
    user: String,
    proxy_url: Option<String>,
    trust: String,
}

/// Makes `context` the current one, once everything that it refers to is there.
fn select_context(
    kubeconfig: &mut Kubeconfig,
    context: Option<&str>,
    origin: &Origin,
) -> Result<SelectedContext> {
    let Some(name) = context
        .map(str::to_owned)
        .or(kubeconfig.current_context.clone())
    else {
        let fix = format!("no current-context; set `context` to {}", names(kubeconfig));
        return Err(origin.wrong(fix));
    };
    let found = kubeconfig.contexts.iter().find(|known| known.name == name);
    let Some(context) = found.and_then(|known| known.context.clone()) else {
        let fix = format!(
            "no such context in {}; choose {}",
            origin.value,
            names(kubeconfig)
        );
        return Err(Error::config("context", name, fix));
    };
    let missing = |what: &str, missing: &str| {
        origin.wrong(format!(
            "context {name} refers to the {what} {missing}, which is not in the file; add it, or \
             choose another context"
        ))
    };
    let found = kubeconfig
        .clusters
        .iter()
        .find(|known| known.name == context.cluster);
    let Some(cluster) = found.and_then(|known| known.cluster.as_ref()) else {
        return Err(missing("cluster", &context.cluster));
    };
    let user = context.user.unwrap_or_default();
    if !user.is_empty() && !kubeconfig.auth_infos.iter().any(|known| known.name == user) {
        return Err(missing("user", &user));
    }
    let trust = match (
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    ) {
        (Some(_), _) => format!("certificate-authority-data in {}", origin.value),
        (None, Some(file)) => format!("certificate-authority {file}"),
        (None, None) => "the system's trusted certificates".into(),
    };
    let proxy_url = cluster.proxy_url.clone();
    kubeconfig.current_context = Some(name.clone());
    Ok(SelectedContext {
        name,
        cluster: context.cluster,
        user,
        proxy_url,
        trust,
    })
}

fn names(kubeconfig: &Kubeconfig) -> String {
    let names: Vec<_> = kubeconfig
        .contexts
        .iter()
        .map(|context| context.name.as_str())
        .collect();
    match names.as_slice() {
        [] => "another file, as this one has no contexts".into(),
        [only] => format!("{only}, the only one there is"),
        several => format!("one of {}", several.join(", ")),
    }
}

/// kube's words for a problem inside the selected context, with where to look for it.
fn unusable(origin: &Origin, context: &SelectedContext, error: KubeconfigError) -> Error {
    let (whose, fix) = match &error {
        KubeconfigError::LoadCertificateAuthority(cause) => (
            format!("cluster {}", context.cluster),
            unreadable("certificate-authority", cause),
        ),
        KubeconfigError::ParseCertificates(cause) => (
            format!("cluster {}", context.cluster),
            format!("certificate-authority is not in PEM format ({cause})"),
        ),
        KubeconfigError::MissingClusterUrl => (
            format!("cluster {}", context.cluster),
            "`server` is missing; add the API server's address".into(),
        ),
        KubeconfigError::ParseClusterUrl(cause) => (
            format!("cluster {}", context.cluster),
            format!("`server` is not a URL ({cause})"),
        ),
        other => (
            format!("context {} with user {}", context.name, context.user),
            other.to_string(),
        ),
    };
    origin.wrong(format!("{whose}: {fix}")).with_source(error)
}

/// Says why PEM data that is either in the kubeconfig or in a file of its own cannot be used.
pub(super) fn unreadable(what: &str, cause: &LoadDataError) -> String {
    match cause {
        LoadDataError::DecodeBase64(cause) => format!("{what}-data is not base64 ({cause})"),
        LoadDataError::ReadFile(cause, path) => {
            format!("{what} {} cannot be read ({cause})", path.display())
        }
        LoadDataError::NoBase64DataOrFile => format!("{what} is missing"),
    }
}

/// A plugin must not read the application's standard input, nor write into its output.
fn not_from_our_terminal(user: &mut AuthInfo) {
    if let Some(exec) = &mut user.exec
        && exec.interactive_mode != Some(ExecInteractiveMode::Always)
    {
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
}

/// The cluster's own proxy, otherwise what `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say about the
/// API server. (kube holds `NO_PROXY` against the proxy's name.)
fn proxy(
    server: &http::Uri,
    proxy_url: Option<&str>,
    origin: &Origin,
) -> Result<Option<Intercept>> {
    let Some(proxy_url) = proxy_url.filter(|url| !url.is_empty()) else {
        return Ok(Matcher::from_env().intercept(server));
    };
    match Matcher::builder().all(proxy_url).build().intercept(server) {
        Some(proxy) => Ok(Some(proxy)),
        // The value may hold a password.
        None => Err(origin.wrong("its proxy-url is not the address of a proxy")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn context(name: &str, namespace: &str) -> String {
        format!(
            r#"{{
                "current-context": "{name}",
                "contexts": [{{
                    "name": "{name}",
                    "context": {{ "cluster": "c", "namespace": "{namespace}" }}
                }}]
            }}"#
        )
    }

    #[test]
    fn of_several_files_the_first_to_name_something_wins_and_some_may_be_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let [missing, first, second] =
            ["missing", "first", "second"].map(|name| folder.path().join(name));
        fs::write(&first, context("ours", "shop")).expect("a file");
        fs::write(&second, context("theirs", "bank")).expect("a file");
        let origin = Origin {
            field: "kubeconfig",
            value: "several".into(),
        };

        let merged = read(&[missing, first, second], &origin).expect("a kubeconfig");

        assert_eq!(merged.current_context.as_deref(), Some("ours"));
        assert_eq!(names(&merged), "one of ours, theirs");
    }

    #[test]
    fn outside_a_cluster_the_modes_are_pointed_to() {
        let origin = Origin {
            field: "mode",
            value: "kubernetes".into(),
        };
        let not_set = InClusterError::ReadEnvironmentVariable(env::VarError::NotPresent);

        let error = no_service_account(&origin, not_set);

        let message = error.message();
        assert!(
            message.starts_with("mode = kubernetes: not inside a cluster"),
            "{message}"
        );
    }

    #[test]
    fn a_plugin_is_kept_from_the_terminal_unless_it_insists() {
        for (asked, granted) in [
            (None, ExecInteractiveMode::Never),
            (
                Some(ExecInteractiveMode::IfAvailable),
                ExecInteractiveMode::Never,
            ),
            (
                Some(ExecInteractiveMode::Always),
                ExecInteractiveMode::Always,
            ),
        ] {
            let mut user = AuthInfo::default();
            user.exec.get_or_insert_default().interactive_mode = asked;
            not_from_our_terminal(&mut user);
            assert_eq!(
                user.exec.and_then(|exec| exec.interactive_mode),
                Some(granted)
            );
        }
    }
}
