//! Kubeconfig files: found, merged and read as kubectl does.

use std::env;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, KubeconfigError};
use secrecy::SecretString;

use super::cluster_config::{ClientPem, ClusterConfig, Origin, fingerprint};
use super::pin::{Pin, Way};
use super::proxy::{ProxyVariables, proxy};
use super::reading::file_of_limited_length;
use super::shown::exposed;
use super::tls::{self, Trust};
use crate::error::{Error, Result};

/// Where the files are: at `path`, or where kubectl looks.
pub(super) fn paths(path: Option<&Path>) -> Result<Vec<PathBuf>> {
    let paths = match path {
        Some(path) => vec![path.to_owned()],
        None => default_paths()?,
    };
    // The application may change its working directory.
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    Ok(paths.into_iter().map(absolute).collect())
}

/// What the files say about `context`, or about their current one.
pub(super) fn load(
    paths: &[PathBuf],
    context: Option<&str>,
    proxies: &ProxyVariables,
) -> Result<ClusterConfig> {
    let origin = Origin {
        field: "kubeconfig",
        value: env::join_paths(paths)
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    };
    let selected = select(read(paths, &origin)?, context, &origin)?;
    selected.config(origin, proxies)
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
    let mut merged = Kubeconfig::default();
    for path in paths.iter().filter(|path| !is_missing(path)) {
        let unreadable = |error| unreadable(path, origin, error);
        if has_half_a_character(path) {
            let path = path.display();
            return Err(origin.wrong(format!("{path} is not a kubeconfig; name another file")));
        }
        let mut file = Kubeconfig::read_from(path).map_err(unreadable)?;
        take_empty_for_absent(&mut file, path);
        merged = merged.merge(file).map_err(unreadable)?;
    }
    Ok(merged)
}

/// What is in the file is left out of the error, as it may be a secret.
fn unreadable(path: &Path, origin: &Origin, error: KubeconfigError) -> Error {
    let path = path.display();
    origin.wrong(match error {
        KubeconfigError::Parse(cause) => match cause.location() {
            Some(at) => format!(
                "{path} is not a kubeconfig: line {}, column {} cannot be understood; correct it",
                at.line(),
                at.column()
            ),
            None => format!("{path} is not a kubeconfig; name another file"),
        },
        KubeconfigError::ReadConfig(cause, _) => format!("{path} cannot be read ({cause})"),
        other => format!("{path}: {other}; correct the file"),
    })
}

/// Whether it is UTF-16 that ends within a character, at which kube panics. A pipe is not looked at: what
/// is read from it is gone.
fn has_half_a_character(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let contents = file_of_limited_length(path).unwrap_or_default();
    let is_utf16 = contents.starts_with(&[0xFE, 0xFF]) || contents.starts_with(&[0xFF, 0xFE]);
    is_utf16 && !contents.len().is_multiple_of(2)
}

/// To Go, an empty text is none.
fn take_empty_for_absent(kubeconfig: &mut Kubeconfig, path: &Path) {
    // What kube makes of an empty path.
    let folder = path.parent().map(|folder| folder.join(""));
    let folder = folder.as_deref().and_then(Path::to_str).unwrap_or_default();
    let text = |field: &mut Option<String>| {
        field.take_if(|text| text.is_empty());
    };
    let file = |field: &mut Option<String>| {
        field.take_if(|path| path.is_empty() || path == folder);
    };
    let secret = |field: &mut Option<SecretString>| {
        field.take_if(|secret| exposed(Some(secret)).is_some_and(str::is_empty));
    };
    text(&mut kubeconfig.current_context);
    for cluster in &mut kubeconfig.clusters {
        let Some(cluster) = &mut cluster.cluster else {
            continue;
        };
        text(&mut cluster.server);
        text(&mut cluster.proxy_url);
        text(&mut cluster.tls_server_name);
        text(&mut cluster.certificate_authority_data);
        file(&mut cluster.certificate_authority);
    }
    for user in &mut kubeconfig.auth_infos {
        let Some(user) = &mut user.auth_info else {
            continue;
        };
        text(&mut user.username);
        text(&mut user.client_certificate_data);
        text(&mut user.impersonate);
        text(&mut user.impersonate_uid);
        secret(&mut user.password);
        secret(&mut user.token);
        secret(&mut user.client_key_data);
        file(&mut user.token_file);
        file(&mut user.client_certificate);
        file(&mut user.client_key);
    }
    for context in &mut kubeconfig.contexts {
        if let Some(context) = &mut context.context {
            text(&mut context.user);
            text(&mut context.namespace);
        }
    }
}

/// A context with everything that it refers to.
struct Selected {
    name: String,
    context: Context,
    cluster: Cluster,
    user: AuthInfo,
}

fn select(kubeconfig: Kubeconfig, context: Option<&str>, origin: &Origin) -> Result<Selected> {
    let Some(name) = context
        .map(str::to_owned)
        .or_else(|| kubeconfig.current_context.clone())
    else {
        return Err(match kubeconfig.contexts.as_slice() {
            [] => origin.wrong("it has no contexts; name another file"),
            _ => origin.wrong(format!(
                "no current-context; set `context` to {}",
                names(&kubeconfig)
            )),
        });
    };
    let found = kubeconfig.contexts.iter().find(|known| known.name == name);
    let Some(context) = found.and_then(|known| known.context.clone()) else {
        let fix = format!(
            "no such context in {}; choose {}",
            origin.value,
            names(&kubeconfig)
        );
        return Err(Error::config("context", name, fix));
    };
    let missing = |what: &str, missing: &str| {
        origin.wrong(format!(
            "context {name} refers to the {what} {missing}, which is not in the file; add it, or \
             choose another context"
        ))
    };
    let clusters = kubeconfig.clusters.into_iter();
    let found = clusters
        .filter(|known| known.name == context.cluster)
        .find_map(|known| known.cluster);
    let Some(cluster) = found else {
        return Err(missing("cluster", &context.cluster));
    };
    let user = match context.user.as_deref().unwrap_or_default() {
        "" => AuthInfo::default(),
        user => {
            let mut users = kubeconfig.auth_infos.into_iter();
            let found = users.find(|known| known.name == user);
            let Some(found) = found else {
                return Err(missing("user", user));
            };
            found.auth_info.unwrap_or_default()
        }
    };
    Ok(Selected {
        name,
        context,
        cluster,
        user,
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

impl Selected {
    fn config(self, origin: Origin, proxies: &ProxyVariables) -> Result<ClusterConfig> {
        let Self {
            name,
            context,
            cluster,
            mut user,
        } = self;
        let of_cluster = |fix: String| origin.wrong(format!("cluster {}: {fix}", context.cluster));
        let server = server(&cluster).map_err(of_cluster)?;
        let trust = trust(&cluster, &origin).map_err(of_cluster)?;
        let client = client(&user).map_err(|fix| origin.wrong(fix))?;
        if let Some(exec) = &mut user.exec
            && exec.provide_cluster_info
        {
            let cluster = (&cluster).try_into();
            exec.cluster = Some(cluster.map_err(|error| of_cluster(format!("{error}")))?);
        }
        let proxy = proxy(&server, cluster.proxy_url.as_deref(), proxies, &origin)?;
        let names = [
            name.as_str(),
            &context.cluster,
            context.user.as_deref().unwrap_or_default(),
        ];
        let way = Way {
            server: server.clone(),
            server_name: cluster.tls_server_name.clone(),
            proxy: proxy.as_ref().map(|proxy| proxy.uri().clone()),
        };
        // Its proxy-url may hold a password.
        let made_of = (&way, &cluster.proxy_url);
        Ok(ClusterConfig {
            fingerprint: fingerprint(&made_of, &trust, &user, client.as_ref()),
            pin: Pin::context(names, way, &trust, &user),
            server,
            server_name: cluster.tls_server_name,
            trust,
            proxy,
            user,
            client,
            token: None,
            namespace: Some(context.namespace.unwrap_or_else(|| "default".into())),
            origin,
        })
    }
}

/// Like kubectl, takes an address without a scheme for one of plain HTTP.
fn server(cluster: &Cluster) -> Result<Uri, String> {
    let Some(server) = &cluster.server else {
        return Err("`server` is missing; add the API server's address".into());
    };
    let with_scheme = if server.contains("://") {
        server.clone()
    } else {
        format!("http://{server}")
    };
    // A password in it would be in each message about it.
    let (scheme, rest) = with_scheme.split_once("://").unwrap_or_default();
    let end = rest.find('/').unwrap_or(rest.len());
    let start = rest[..end].rfind('@').map_or(0, |at| at + 1);
    let server: Uri = format!("{scheme}://{}", &rest[start..])
        .parse()
        .map_err(|error| format!("`server` is not a URL ({error})"))?;
    let is_spoken = matches!(server.scheme_str(), Some("http" | "https"));
    if is_spoken && server.host().is_some_and(|host| !host.is_empty()) {
        Ok(server)
    } else {
        Err("`server` is not the address of an API server; use the form https://HOST:PORT".into())
    }
}

fn trust(cluster: &Cluster, origin: &Origin) -> Result<Trust, String> {
    if cluster.insecure_skip_tls_verify == Some(true) {
        return Ok(Trust::Nobody);
    }
    let field = "certificate-authority";
    let (data, file) = (
        cluster.certificate_authority_data.as_deref(),
        cluster.certificate_authority.as_deref(),
    );
    let Some(pem) = data_or_file(field, data, file)? else {
        return Ok(Trust::System);
    };
    let certificates = tls::certificates(&pem);
    if certificates.is_empty() {
        return Err(format!("{field} holds no certificate in PEM format"));
    }
    Ok(Trust::Authorities {
        certificates,
        origin: match (data, file) {
            (None, Some(file)) => format!("{field} {file}"),
            _ => format!("{field}-data in {}", origin.value),
        },
    })
}

fn client(user: &AuthInfo) -> Result<Option<ClientPem>, String> {
    let certificate = data_or_file(
        "client-certificate",
        user.client_certificate_data.as_deref(),
        user.client_certificate.as_deref(),
    )?;
    let Some(certificate) = certificate else {
        return Ok(None);
    };
    let key = data_or_file(
        "client-key",
        exposed(user.client_key_data.as_ref()),
        user.client_key.as_deref(),
    )?;
    match key {
        Some(key) => Ok(Some(ClientPem { certificate, key })),
        None => Err("client-key is missing".into()),
    }
}

/// What is either in the kubeconfig or in a file of its own.
fn data_or_file(
    field: &str,
    data: Option<&str>,
    file: Option<&str>,
) -> Result<Option<Vec<u8>>, String> {
    if let Some(data) = data {
        // Go's decoder skips line breaks.
        let data = data.replace(['\r', '\n'], "");
        let decoded = BASE64_STANDARD.decode(data);
        return decoded
            .map(Some)
            .map_err(|_| format!("{field}-data is not base64"));
    }
    file.map(|file| {
        file_of_limited_length(Path::new(file))
            .map_err(|error| format!("{field} {file} cannot be read ({error})"))
    })
    .transpose()
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
        let [missing, empty, first, second] =
            ["missing", "empty", "first", "second"].map(|name| folder.path().join(name));
        fs::write(&empty, r#"{ "current-context": "" }"#).expect("a file");
        fs::write(&first, context("ours", "shop")).expect("a file");
        fs::write(&second, context("theirs", "bank")).expect("a file");
        let origin = Origin {
            field: "kubeconfig",
            value: "several".into(),
        };

        let merged = read(&[missing, empty, first, second], &origin).expect("a kubeconfig");

        assert_eq!(merged.current_context.as_deref(), Some("ours"));
        assert_eq!(names(&merged), "one of ours, theirs");
    }

    #[test]
    fn a_password_in_an_address_is_not_kept() {
        let cluster = Cluster {
            server: Some("https://me:secret@api.example:6443/prefix".into()),
            ..Cluster::default()
        };
        let server = server(&cluster).expect("an address").to_string();
        assert_eq!(server, "https://api.example:6443/prefix");
    }
}
