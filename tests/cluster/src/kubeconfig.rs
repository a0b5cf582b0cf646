//! How to reach a cluster and as whom, from and to kubeconfig files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// What one kubeconfig file says, as far as tests need it.
#[derive(Clone, Debug)]
pub(crate) struct Kubeconfig {
    pub(crate) server: String,
    /// The name to expect in the server's certificate, if it is not the URL's.
    pub(crate) tls_server_name: Option<String>,
    pub(crate) ca_pem: String,
    pub(crate) credentials: Credentials,
    /// The user to act as, by the leave of the one who has the credentials.
    pub(crate) impersonate: Option<String>,
}

/// What a client shows to be let in.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A bearer token, written into the kubeconfig.
    Token(String),
    /// A file that holds a bearer token and may change.
    TokenFile(PathBuf),
    /// A client certificate and its key, both as PEM.
    ClientCertificate {
        /// The certificate.
        certificate_pem: String,
        /// Its private key.
        key_pem: String,
    },
}

impl Kubeconfig {
    /// Reads what the current context names.
    pub(crate) fn load(path: &Path) -> Result<Kubeconfig> {
        Self::parse(path).with_context(|| format!("reading the kubeconfig {}", path.display()))
    }

    fn parse(path: &Path) -> Result<Kubeconfig> {
        let config: Value = serde_saphyr::from_str(&fs::read_to_string(path)?)?;
        let context = config["current-context"]
            .as_str()
            .context("it has no current-context")?;
        let context = named(&config, "contexts", context)?;
        let entry = |list: &str, singular: &str| {
            let name = context[singular].as_str();
            named(
                &config,
                list,
                name.with_context(|| format!("its context names no {singular}"))?,
            )
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let cluster = Entry {
            fields: entry("clusters", "cluster")?,
            folder,
        };
        let user = Entry {
            fields: entry("users", "user")?,
            folder,
        };
        Ok(Kubeconfig {
            server: cluster
                .text("server")
                .context("its cluster has no server")?,
            tls_server_name: cluster.text("tls-server-name"),
            ca_pem: cluster
                .pem("certificate-authority")?
                .context("its cluster has no certificate authority")?,
            credentials: user.credentials()?,
            impersonate: user.text("as"),
        })
    }

    /// Writes a file that needs no other, but for a token file. JSON is YAML.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let mut cluster = json!({
            "server": self.server,
            "certificate-authority-data": BASE64_STANDARD.encode(&self.ca_pem),
        });
        if let Some(name) = &self.tls_server_name {
            cluster["tls-server-name"] = json!(name);
        }
        let mut user = match &self.credentials {
            Credentials::Token(token) => json!({ "token": token }),
            Credentials::TokenFile(file) => json!({ "tokenFile": file }),
            Credentials::ClientCertificate {
                certificate_pem,
                key_pem,
            } => json!({
                "client-certificate-data": BASE64_STANDARD.encode(certificate_pem),
                "client-key-data": BASE64_STANDARD.encode(key_pem),
            }),
        };
        if let Some(name) = &self.impersonate {
            user["as"] = json!(name);
        }
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "test", "cluster": cluster }],
            "users": [{ "name": "test", "user": user }],
            "contexts": [{
                "name": "test",
                "context": { "cluster": "test", "user": "test", "namespace": "default" },
            }],
            "current-context": "test",
        });
        fs::write(path, format!("{config:#}\n"))
            .with_context(|| format!("writing the kubeconfig {}", path.display()))
    }
}

/// The entry with this name in one of a kubeconfig's three lists.
fn named<'a>(config: &'a Value, list: &str, name: &str) -> Result<&'a Value> {
    let entries = config[list]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let entry = entries.iter().find(|entry| entry["name"] == name);
    let entry = entry.with_context(|| format!("its {list} have no {name}"))?;
    Ok(&entry[list.trim_end_matches('s')])
}

/// A cluster or a user in a kubeconfig.
struct Entry<'a> {
    fields: &'a Value,
    /// What the paths of files are relative to.
    folder: &'a Path,
}

impl Entry<'_> {
    fn text(&self, field: &str) -> Option<String> {
        self.fields[field].as_str().map(str::to_owned)
    }

    /// A field that comes either as `<field>-data` or as the path of a file.
    fn pem(&self, field: &str) -> Result<Option<String>> {
        if let Some(data) = self.text(&format!("{field}-data")) {
            let pem = BASE64_STANDARD
                .decode(data)
                .with_context(|| format!("in {field}-data"))?;
            return Ok(Some(String::from_utf8(pem)?));
        }
        let Some(path) = self.text(field) else {
            return Ok(None);
        };
        let pem =
            fs::read_to_string(self.folder.join(path)).with_context(|| format!("in {field}"))?;
        Ok(Some(pem))
    }

    fn credentials(&self) -> Result<Credentials> {
        if let Some(file) = self.text("tokenFile") {
            return Ok(Credentials::TokenFile(self.folder.join(file)));
        }
        if let Some(token) = self.text("token") {
            return Ok(Credentials::Token(token));
        }
        match (self.pem("client-certificate")?, self.pem("client-key")?) {
            (Some(certificate_pem), Some(key_pem)) => Ok(Credentials::ClientCertificate {
                certificate_pem,
                key_pem,
            }),
            _ => bail!("its user has neither a token nor a client certificate with its key"),
        }
    }
}
