//! Kubeconfig files: found, merged and read as kubectl does.

use std::borrow::Cow;
use std::env;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

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
        let wrong = |fix: String| origin.wrong(format!("{} {fix}", path.display()));
        let contents = file_of_limited_length(path)
            .map_err(|error| wrong(format!("cannot be read ({error})")))?;
        let text = text(&contents)
            .ok_or_else(|| wrong("is not a kubeconfig; name another file".into()))?;
        let mut file = Kubeconfig::from_yaml(&text).map_err(|error| wrong(fix(&error)))?;
        take_empty_for_absent(&mut file);
        resolve_paths(&mut file, path.parent().unwrap_or(path));
        merged = merged.merge(file).map_err(|error| wrong(fix(&error)))?;
    }
    Ok(merged)
}

/// What the contents of a file say. Programs on Windows write UTF-16 too, or put a mark before UTF-8.
fn text(contents: &[u8]) -> Option<Cow<'_, str>> {
    let utf16 = |units: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, half) = units.as_chunks();
        let units: Vec<_> = units.iter().copied().map(unit).collect();
        let text = String::from_utf16(&units).ok();
        text.filter(|_| half.is_empty()).map(Cow::Owned)
    };
    match contents {
        [0xFF, 0xFE, units @ ..] => utf16(units, u16::from_le_bytes),
        [0xFE, 0xFF, units @ ..] => utf16(units, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, text @ ..] | text => str::from_utf8(text).ok().map(Cow::Borrowed),
    }
}

/// What is in the file is left out, as it may be a secret.
fn fix(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(cause) => match cause.location() {
            Some(at) => format!(
                "is not a kubeconfig: line {}, column {} cannot be understood; correct it",
                at.line(),
                at.column()
            ),
            None => "is not a kubeconfig; name another file".into(),
        },
        other => format!("cannot be used ({other}); correct the file"),
    }
}

/// To Go, an empty text is none.
fn take_empty_for_absent(kubeconfig: &mut Kubeconfig) {
    let text = |field: &mut Option<String>| {
        field.take_if(|text| text.is_empty());
    };
    let secret = |field: &mut Option<SecretString>| {
        field.take_if(|secret| exposed(Some(secret)).is_some_and(str::is_empty));
    };
    text(&mut kubeconfig.current_context);
    for cluster in clusters(kubeconfig) {
        text(&mut cluster.server);
        text(&mut cluster.proxy_url);
        text(&mut cluster.tls_server_name);
        text(&mut cluster.certificate_authority_data);
        text(&mut cluster.certificate_authority);
    }
    for user in users(kubeconfig) {
        text(&mut user.username);
        text(&mut user.client_certificate_data);
        text(&mut user.impersonate);
        text(&mut user.impersonate_uid);
        text(&mut user.token_file);
        text(&mut user.client_certificate);
        text(&mut user.client_key);
        secret(&mut user.password);
        secret(&mut user.token);
        secret(&mut user.client_key_data);
    }
    for context in &mut kubeconfig.contexts {
        if let Some(context) = &mut context.context {
            text(&mut context.user);
            text(&mut context.namespace);
        }
    }
}

/// Paths count from the folder of the file that names them; so does a command, unless it has no
/// folder and is looked for in `PATH`.
fn resolve_paths(kubeconfig: &mut Kubeconfig, folder: &Path) {
    let resolve = |field: &mut Option<String>| {
        if let Some(path) = field
            && let Some(resolved) = folder.join(&path).to_str()
        {
            resolved.clone_into(path);
        }
    };
    for cluster in clusters(kubeconfig) {
        resolve(&mut cluster.certificate_authority);
    }
    for user in users(kubeconfig) {
        resolve(&mut user.client_certificate);
        resolve(&mut user.client_key);
        resolve(&mut user.token_file);
        if let Some(exec) = &mut user.exec
            && let Some(command) = &exec.command
            && command.contains(MAIN_SEPARATOR)
        {
            resolve(&mut exec.command);
        }
    }
}

fn clusters(kubeconfig: &mut Kubeconfig) -> impl Iterator<Item = &mut Cluster> {
    let named = kubeconfig.clusters.iter_mut();
    named.filter_map(|named| named.cluster.as_mut())
}

fn users(kubeconfig: &mut Kubeconfig) -> impl Iterator<Item = &mut AuthInfo> {
    let named = kubeconfig.auth_infos.iter_mut();
    named.filter_map(|named| named.auth_info.as_mut())
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

    fn origin() -> Origin {
        Origin {
            field: "kubeconfig",
            value: "several".into(),
        }
    }

    /// What is read of a file with these contents, in this folder.
    fn read_written(folder: &Path, contents: impl AsRef<[u8]>) -> Result<Kubeconfig> {
        let path = folder.join("config");
        fs::write(&path, contents).expect("a file");
        read(&[path], &origin())
    }

    #[test]
    fn of_several_files_the_first_to_name_something_wins_and_some_may_be_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let [missing, empty, first, second] =
            ["missing", "empty", "first", "second"].map(|name| folder.path().join(name));
        fs::write(&empty, r#"{ "current-context": "" }"#).expect("a file");
        fs::write(&first, context("ours", "shop")).expect("a file");
        fs::write(&second, context("theirs", "bank")).expect("a file");
        let merged = read(&[missing, empty, first, second], &origin()).expect("a kubeconfig");

        assert_eq!(merged.current_context.as_deref(), Some("ours"));
        assert_eq!(names(&merged), "one of ours, theirs");
    }

    #[test]
    fn paths_count_from_the_folder_of_their_file_and_an_empty_one_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let here = |name: &str| folder.path().join(name).to_str().map(str::to_owned);
        let absolute = here("absolute").expect("a path");
        let users = [
            ("relative", "tls.crt", "keys/tls.key", "token", "./plugin"),
            ("absolute", &absolute, &absolute, &absolute, &absolute),
            ("empty", "", "", "", "plugin"),
        ];
        let users = users.map(|(name, certificate, key, token, command)| {
            serde_json::json!({ "name": name, "user": {
                "client-certificate": certificate,
                "client-key": key,
                "tokenFile": token,
                "exec": { "command": command },
            } })
        });
        let clusters = ["ca.crt", &absolute, ""].map(|authority| {
            let cluster = serde_json::json!({ "certificate-authority": authority });
            serde_json::json!({ "name": authority, "cluster": cluster })
        });
        let contents = serde_json::json!({ "clusters": clusters, "users": users });

        let mut file = read_written(folder.path(), contents.to_string()).expect("a kubeconfig");

        let authorities: Vec<_> = clusters_of(&mut file);
        assert_eq!(authorities, [here("ca.crt"), Some(absolute.clone()), None]);
        let users: Vec<_> = super::users(&mut file)
            .map(|user| {
                let command = user.exec.take().and_then(|exec| exec.command);
                let files = [&user.client_certificate, &user.client_key, &user.token_file];
                (files.map(Clone::clone), command)
            })
            .collect();
        let all = || Some(absolute.clone());
        let relative = ["tls.crt", "keys/tls.key", "token"].map(here);
        assert_eq!(users[0], (relative, here("./plugin")));
        assert_eq!(users[1], ([all(), all(), all()], all()));
        assert_eq!(users[2], ([None, None, None], Some("plugin".into())));
    }

    fn clusters_of(file: &mut Kubeconfig) -> Vec<Option<String>> {
        let authority = |cluster: &mut Cluster| cluster.certificate_authority.clone();
        clusters(file).map(authority).collect()
    }

    #[test]
    fn what_programs_on_windows_write_is_read_and_half_a_character_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = context("günstig", "shop");
        let little: Vec<_> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<_> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let with_mark = |mark: &[u8], text: &[u8]| [mark, text].concat();
        // What comes before the half is a whole kubeconfig.
        let half = with_mark(&[0xFF, 0xFE], &[&little[..], b" "].concat());
        for contents in [
            with_mark(&[0xEF, 0xBB, 0xBF], text.as_bytes()),
            with_mark(&[0xFF, 0xFE], &little),
            with_mark(&[0xFE, 0xFF], &big),
        ] {
            let file = read_written(folder.path(), contents).expect("a kubeconfig");
            assert_eq!(file.current_context.as_deref(), Some("günstig"));
        }
        for contents in [half, vec![0xFF], with_mark(&[0xFF, 0xFE], &[0x00, 0xD8])] {
            let error = read_written(folder.path(), contents).expect_err("no text");
            assert!(error.to_string().contains("is not a kubeconfig"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_kubeconfig_without_an_end_is_refused() {
        let error = read(&["/dev/zero".into()], &origin()).expect_err("no end");
        let told = "/dev/zero cannot be read (it has more than 8388608 bytes)";
        assert!(error.to_string().contains(told), "{error}");
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
