//! What an API server, or a proxy in front of it, sends; and what people and programs write into
//! kubeconfigs, token files and credentials.

use std::fs;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use kube::config::ExecConfig;
use serde_json::Value;

use super::cluster_config::Origin;
use super::credentials::{Credentials, impersonation};
use super::lease_object::{self, Metadata};
use super::plugin::{Limits, Plugin, presentable};
use super::proxy::{self, ProxyVariables};
use super::rbac::Verb;
use super::refusal::{self, Refusal};
use super::{LeaseName, kubeconfig as files, token_file, watch};
use crate::error::{Error, ErrorKind};
use crate::fuzzing::Scratch;
use crate::lease_record::StoredLease;
use crate::lease_store::WatchEvent;

/// What stands for each secret, and is nowhere else in what is said.
const SECRET: &str = "Zk7SecretSecretSecret0123456";

fn lease() -> LeaseName {
    LeaseName {
        namespace: "shop".to_owned(),
        name: "jobs".to_owned(),
    }
}

/// A Lease of an API server, where it can be understood.
pub(crate) fn understood(object: Value) -> Option<StoredLease> {
    lease_object::stored_lease(object).ok()
}

/// An object that an API server sends for a Lease: what is understood is written as it was read, with the
/// fields of others kept.
pub(crate) fn lease_object(input: &[u8]) {
    let Ok(object) = serde_json::from_slice::<Value>(input) else {
        return;
    };
    let lease = match lease_object::stored_lease(object.clone()) {
        Ok(lease) => lease,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
            return is_readable(&error);
        }
    };
    let ours = Metadata {
        labels: [("team".to_owned(), "payments".to_owned())].into(),
        annotations: [("note".to_owned(), "a, b".to_owned())].into(),
    };
    for metadata in [Metadata::default(), ours] {
        let written = lease_object::replacement(&lease, &metadata, &lease.record);
        let written = written.expect("what was read can be written");
        for (field, value) in object.as_object().into_iter().flatten() {
            if field != "metadata" && field != "spec" {
                assert_eq!(&written[field], value, "{field} is kept");
            }
        }
        for (field, value) in object["spec"].as_object().into_iter().flatten() {
            if ["preferredHolder", "strategy"].contains(&field.as_str()) {
                assert_eq!(&written["spec"][field], value, "{field} is kept");
            }
        }
        let again = lease_object::stored_lease(written).expect("reads as it was written");
        assert_eq!(again.record, lease.record, "reads as it was written");
        assert_eq!(again.version, lease.version);
        assert_eq!(again.uid, lease.uid);
    }
    let _ = lease.labels();
}

/// The body of a watch: it tells the same no matter in what pieces it comes.
pub(crate) fn watched(input: &[u8]) {
    let of_size = |size| {
        let told = watch::told(input.chunks(size), &lease());
        let told = told.into_iter().map(|event| match event {
            Ok(WatchEvent::Changed(lease)) => format!("changed {lease:?}"),
            Ok(event) => format!("{event:?}"),
            Err(error) => {
                let error = Error::from(error);
                is_readable(&error);
                error.to_string()
            }
        });
        told.collect::<Vec<_>>()
    };
    let whole = of_size(input.len().max(1));
    assert_eq!(of_size(7), whole, "in pieces");
}

/// An answer that is not the one asked for: a line with its code, one with Retry-After, and its body.
pub(crate) fn refused(input: &[u8]) {
    let mut parts = input.splitn(3, |byte| *byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let code = StatusCode::from_bytes(part()).unwrap_or(StatusCode::FORBIDDEN);
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(part()) {
        headers.insert(RETRY_AFTER, value);
    }
    let body = part();
    for verb in [Verb::Get, Verb::Create, Verb::Update, Verb::Watch] {
        let refusal = Refusal::new(code, &headers, body);
        is_readable(&refusal.to("look"));
        let error = Error::from(refusal.into_error(verb, &lease(), &[]));
        is_readable(&error);
        let wait = error.retry_after().unwrap_or_default().as_secs();
        assert!(wait <= 60, "waits for {wait} s");
    }
    let mut response = Response::new(bytes::Bytes::copy_from_slice(body));
    *response.status_mut() = code;
    if let Err(refusal) = refusal::object(&response) {
        is_readable(&refusal.to("look"));
    }
}

/// What is said to people is of a length that they read, and commands no terminal.
fn is_readable(error: &Error) {
    let message = error.message();
    assert!(message.len() < 20_000, "{} bytes", message.len());
    let commands = |character: char| character.is_control() && character != '\n';
    assert!(!message.contains(commands), "{message:?}");
}

/// A kubeconfig: nothing of its secrets is in an error or in a debug text; nothing is shown to a server
/// that is spoken to without TLS.
pub(crate) fn kubeconfig(input: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.path().join("config");
    if input
        .windows(5)
        .any(|part| part == b"/dev/" || part == b"/proc")
    {
        return;
    }
    read_kubeconfig(&path, input);
    if let Ok(mut with_secrets) = serde_saphyr::from_slice::<Value>(input) {
        hide_secrets(&mut with_secrets);
        read_kubeconfig(&path, with_secrets.to_string().as_bytes());
    }
}

fn read_kubeconfig(path: &std::path::Path, contents: &[u8]) {
    fs::write(path, contents).expect("a file");
    let paths = [path.to_owned()];
    let no_secret = |text: &str| assert!(!text.contains(SECRET), "{text:?}");
    let no_secret_in = |error: &Error| {
        no_secret(&format!("{error} {error:?}"));
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            no_secret(&format!("{cause} {cause:?}"));
            source = cause.source();
        }
    };
    let config = match files::load(&paths, None, &ProxyVariables::default()) {
        Ok(config) => config,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            return no_secret_in(&error);
        }
    };
    no_secret(&format!("{} {}", config.server, config.trust));
    no_secret(&format!("{:?}", config.origin));
    let scheme = config.server.scheme_str();
    assert!(
        matches!(scheme, Some("http" | "https")),
        "{}",
        config.server
    );
    assert!(config.server.host().is_some_and(|host| !host.is_empty()));
    if let Err(error) = impersonation(&config.user, &config.origin) {
        no_secret_in(&error);
    }
    let plugin = |exec| {
        let plugin = Plugin::new(exec, config.origin.clone(), limits());
        no_secret(&plugin.to_string());
        plugin.into()
    };
    match Credentials::of(&config, plugin) {
        Err(error) => no_secret_in(&error),
        Ok(Credentials::Given(given)) => {
            no_secret(&format!("{:?}", given.authorization));
            let is_shown = given.authorization.is_some() || given.certificate.is_some();
            assert!(!is_shown || scheme == Some("https"), "{}", config.server);
        }
        Ok(_) => assert_eq!(scheme, Some("https")),
    }
}

/// Puts one that is known in place of each.
fn hide_secrets(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match (name.as_str(), &mut *field) {
                    ("server" | "proxy-url", Value::String(address)) => {
                        let hidden = address
                            .split_once("://")
                            .and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?.1)))
                            .map(|(scheme, rest)| format!("{scheme}://{SECRET}:{SECRET}@{rest}"));
                        *address = hidden.unwrap_or_else(|| address.clone());
                    }
                    ("client-key-data", Value::String(key)) if key.starts_with("LS0t") => {}
                    (
                        "token" | "password" | "client-key-data" | "id-token" | "refresh-token"
                        | "access-token" | "client-secret" | "value",
                        Value::String(secret),
                    ) if !secret.is_empty() => SECRET.clone_into(secret),
                    _ => hide_secrets(field),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_secrets),
        _ => {}
    }
}

fn limits() -> Limits {
    let second = std::time::Duration::from_secs(1);
    Limits {
        run: second,
        wait: second,
        retry: second,
    }
}

/// What a credential plugin prints: nothing of it is in an error.
pub(crate) fn exec_credential(input: &[u8]) {
    let exec = ExecConfig {
        command: Some("plugin".to_owned()),
        ..ExecConfig::default()
    };
    let origin = Origin {
        field: "kubeconfig",
        value: "FILE".to_owned(),
    };
    let plugin = Plugin::new(exec, origin, limits());
    let mut tried = vec![input.to_vec()];
    if let Ok(mut value) = serde_saphyr::from_slice::<Value>(input) {
        for name in [
            "token",
            "clientKeyData",
            "clientCertificateData",
            "expirationTimestamp",
        ] {
            if let Some(Value::String(secret)) = value.pointer_mut(&format!("/status/{name}")) {
                SECRET.clone_into(secret);
                tried.push(value.to_string().into_bytes());
            }
        }
    }
    for output in tried {
        match plugin.understands(&output) {
            Ok(given) => {
                assert!(given.authorization.is_some() || given.certificate.is_some());
                assert!(!format!("{:?}", given.authorization).contains(SECRET));
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
                assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
                is_readable(&error);
            }
        }
    }
}

/// What a credential plugin says to people: passed on without what may be a token, on one line.
pub(crate) fn plugin_words(input: &[u8]) {
    let presented = presentable(input);
    assert!(!presented.contains(char::is_control), "{presented:?}");
    assert!(presented.len() <= 4 * input.len() + 16);
    let mut said = input.to_vec();
    said.extend(format!(" {SECRET}").bytes());
    let presented = presentable(&said);
    assert!(!presented.contains(SECRET), "{presented:?}");
}

/// A file with a token: what is in it is in no error, and goes into one header.
pub(crate) fn token(input: &[u8]) {
    let scratch = Scratch::new();
    let path = scratch.path().join("token");
    fs::write(&path, input).expect("a file");
    match token_file::read(&path) {
        Ok(header) => {
            assert!(header.is_sensitive() && !format!("{header:?}").contains("Bearer"));
            let token = str::from_utf8(input).expect("a text").trim();
            assert_eq!(header.as_bytes(), format!("Bearer {token}").as_bytes());
            assert!(!token.contains(['\r', '\n', '\0']));
        }
        Err(error) => {
            assert!(error.len() < 200, "{error:?}");
            assert!(!error.contains(char::is_control), "{error:?}");
        }
    }
}

/// The address of a proxy, `NO_PROXY`, and the address of a server, with NUL between them: one that is this
/// machine's own is reached directly.
pub(crate) fn proxy_variables(input: &[u8]) {
    let Ok(input) = str::from_utf8(input) else {
        return;
    };
    let mut parts = input.split('\0');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let (proxy_url, exceptions, server) = (part(), part(), part());
    let Ok(server) = server.parse::<Uri>() else {
        return;
    };
    let variables = ProxyVariables::of(|name| match name {
        "HTTPS_PROXY" | "HTTP_PROXY" => Some(proxy_url.clone()),
        "NO_PROXY" => Some(exceptions.clone()),
        _ => None,
    });
    let origin = Origin {
        field: "kubeconfig",
        value: "FILE".to_owned(),
    };
    let found = proxy::proxy(&server, None, &variables, &origin);
    let found = found.expect("the environment's is left out if it is wrong");
    if server.host().is_some_and(|host| host == "localhost") || exceptions.trim() == "*" {
        assert!(found.is_none(), "{server} is reached through a proxy");
    }
    if let Err(error) = proxy::proxy(&server, Some(&proxy_url), &variables, &origin) {
        assert!(proxy_url.len() < 8 || !error.message().contains(&proxy_url));
    }
}
