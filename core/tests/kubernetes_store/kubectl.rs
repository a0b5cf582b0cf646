//! What kubectl takes, we take: the same files and the same environment, side by side.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Display;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use leasehold::lease_store::LeaseStore;
use leasehold::lease_store::kubernetes::{ClusterConnections, ClusterOptions, ClusterSource};
use leasehold_test_cluster::binaries;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::cluster::{admin, cluster, started};
use crate::kubeconfig::Kubeconfig;
use crate::program::write_program;
use crate::tls_server::{Authority, TlsServer};

/// Files in a folder, and variables; `KUBECONFIG` is `config` in it unless they say otherwise.
#[derive(Clone, Default)]
struct Case {
    files: BTreeMap<String, Vec<u8>>,
    variables: BTreeMap<String, String>,
}

impl Case {
    fn new(kubeconfig: impl Into<Vec<u8>>) -> Self {
        Self::default().with("config", kubeconfig)
    }

    fn of(cluster: &Value, user: &Value) -> Self {
        Self::new(content(cluster, user).to_string())
    }

    fn with(mut self, file: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(file.to_owned(), content.into());
        self
    }

    /// `FOLDER` stands for the folder.
    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn install(&self, folder: &Path) -> BTreeMap<String, String> {
        for (name, content) in &self.files {
            let path = folder.join(name);
            if content.starts_with(b"#!") {
                write_program(&path, content);
            } else {
                fs::write(&path, content).unwrap();
            }
        }
        let folder = folder.to_str().unwrap();
        let mut variables = self.variables.clone();
        variables
            .entry("KUBECONFIG".into())
            .or_insert_with(|| "FOLDER/config".into());
        for value in variables.values_mut() {
            *value = value.replace("FOLDER", folder);
        }
        variables
    }
}

fn content(cluster: &Value, user: &Value) -> Value {
    Kubeconfig::new(cluster, user).content.clone()
}

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/default/leases/side-by-side";

fn run(mut command: Command, folder: &Path, variables: &BTreeMap<String, String>) -> Output {
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .envs(variables)
        .output()
        .unwrap()
}

/// Where a program runs.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Here,
    /// In namespaces of its own, where the folder's `serviceaccount` is that of a pod.
    Pod,
}

impl Place {
    fn command(self, program: &Path) -> Command {
        if self == Self::Here {
            return Command::new(program);
        }
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-ec"]);
        command.arg(
            "mount -t tmpfs tmpfs /var/run
             mkdir -p /var/run/secrets/kubernetes.io
             cp -r serviceaccount /var/run/secrets/kubernetes.io/
             exec \"$0\" \"$@\"",
        );
        command.arg(program);
        command
    }
}

/// Whether kubectl gets an answer of the API server about the Lease.
fn kubectl(
    place: Place,
    folder: &Path,
    variables: &BTreeMap<String, String>,
) -> Result<(), String> {
    static KUBECTL: OnceLock<PathBuf> = OnceLock::new();
    let program = KUBECTL.get_or_init(|| binaries::kubectl().unwrap());
    let mut command = place.command(program);
    command.args(["get", "--raw", LEASE]);
    let output = run(command, folder, variables);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() || said.contains("(NotFound)") {
        Ok(())
    } else {
        Err(said)
    }
}

const OUR_PART: &str = "kubectl::what_is_read_in_a_process_of_its_own";
const IS_OURS: &str = "LEASEHOLD_TEST_READS";

/// The same for us, in a process of its own for the sake of its environment.
fn leasehold(
    place: Place,
    folder: &Path,
    variables: &BTreeMap<String, String>,
) -> Result<(), String> {
    let mut command = place.command(&env::current_exe().unwrap());
    command.args(["--exact", OUR_PART, "--nocapture"]);
    let mut variables = variables.clone();
    variables.insert(IS_OURS.into(), "yes".into());
    let output = run(command, folder, &variables);
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_in_a_process_of_its_own() {
    if env::var_os(IS_OURS).is_none() {
        return;
    }
    let source = if env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        ClusterSource::InCluster
    } else {
        ClusterSource::Kubeconfig {
            path: None,
            context: None,
        }
    };
    let connections = ClusterConnections::connect(ClusterOptions {
        source,
        silence_limit: Duration::from_secs(60),
        plugin_limit: Duration::from_secs(60),
    })
    .await
    .unwrap();
    let lease = connections.lease("default", "side-by-side").unwrap();
    lease.read().await.unwrap();
}

/// What kubectl and we make of a case.
fn side_by_side(case: &Case) -> (Result<(), String>, Result<(), String>) {
    let folder = tempfile::tempdir().unwrap();
    let variables = case.install(folder.path());
    block_in_place(|| {
        (
            kubectl(Place::Here, folder.path(), &variables),
            leasehold(Place::Here, folder.path(), &variables),
        )
    })
}

/// Fails with all cases that kubectl does not take, or that kubectl takes and we do not.
fn compare(cases: impl IntoIterator<Item = (impl Display, Case)>) {
    let mut wrong = Vec::new();
    for (name, case) in cases {
        let (theirs, ours) = side_by_side(&case);
        if let Err(said) = theirs {
            wrong.push(format!("{name}: kubectl does not take it: {said}"));
        }
        if let Err(said) = ours {
            wrong.push(format!("{name}: we do not take it: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A cluster whose authority is in the file `ca.crt`.
fn with_ca_file() -> Value {
    let mut cluster = cluster();
    cluster["certificate-authority-data"] = json!("");
    cluster["certificate-authority"] = json!("ca.crt");
    cluster
}

fn ca() -> String {
    started().ca_pem().to_owned()
}

fn changed(value: &Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else {
        panic!("no fields: {changes}");
    };
    let mut value = value.clone();
    for (field, change) in changes {
        value[field] = change;
    }
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_all_forms() {
    let (cluster, admin) = (cluster(), admin());
    let plain = content(&cluster, &admin);
    let text = plain.to_string();
    let without = |field: &str| {
        let mut content = plain.clone();
        content.as_object_mut().unwrap().remove(field);
        content.to_string()
    };
    let only = |field: &str| json!({ field: plain[field] }).to_string();
    let token = admin["token"].as_str().unwrap();
    let server = cluster["server"].as_str().unwrap();
    let data = cluster["certificate-authority-data"].as_str().unwrap();
    let (first_half, second_half) = data.split_at(data.len() / 2);
    let yaml = format!(
        "apiVersion: v1\nkind: Config\npreferences: {{}}\ncurrent-context: c7\n\
         extensions:\n- name: more\n  extension: {{ a: b }}\n\
         clusters:\n- name: c\n  cluster: &c\n    server: {server}\n    unheard-of: yes\n    \
         certificate-authority-data: |\n      {first_half}\n      {second_half}\n\
         - name: again\n  cluster: *c\n\
         users:\n- name: me@c\n  user: {{ token: {token} }}\n\
         contexts:\n- name: c7\n  context: {{ cluster: again, user: me@c, namespace: '' }}\n"
    );
    let insecure = format!(
        "clusters: [{{ name: c, cluster: {{ server: '{server}', insecure-skip-tls-verify: yes }} }}]\n\
         users: [{{ name: u, user: {{ token: {token} }} }}]\n\
         contexts: [{{ name: c, context: {{ cluster: c, user: u }} }}]\ncurrent-context: c\n"
    );
    let bom = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    compare([
        ("JSON", Case::new(text.clone())),
        (
            "YAML with an anchor, and line breaks in data",
            Case::new(yaml.clone()),
        ),
        (
            "line breaks of Windows",
            Case::new(yaml.replace('\n', "\r\n")),
        ),
        ("certificates that are not looked at", Case::new(insecure)),
        ("a byte order mark", Case::new(bom)),
        (
            "an empty current-context in the first of several files",
            Case::new(r#"{"current-context":""}"#)
                .with("second", text.clone())
                .with_variable("KUBECONFIG", "FOLDER/config:FOLDER/missing::FOLDER/second"),
        ),
        (
            "one thing in each of several files",
            Case::new(only("contexts"))
                .with("clusters", only("clusters"))
                .with("users", only("users"))
                .with("current", only("current-context"))
                .with_variable(
                    "KUBECONFIG",
                    "FOLDER/config:FOLDER/clusters:FOLDER/users:FOLDER/current",
                ),
        ),
        ("no apiVersion", Case::new(without("apiVersion"))),
        (
            "lists that are null in the first file",
            Case::new(r#"{"clusters":null,"users":null,"contexts":null}"#)
                .with("second", text.clone())
                .with_variable("KUBECONFIG", "FOLDER/config:FOLDER/second"),
        ),
        (
            "an empty first file",
            Case::new("")
                .with("second", text.clone())
                .with_variable("KUBECONFIG", "FOLDER/config:FOLDER/second"),
        ),
        (
            "a relative path",
            Case::new(text).with_variable("KUBECONFIG", "config"),
        ),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_of_all_forms() {
    let (cluster, admin) = (cluster(), admin());
    let server = cluster["server"].as_str().unwrap();
    let of = |cluster: Value| Case::of(&cluster, &admin);
    let other = Authority::new();
    let several = format!("some words\n{}\n{}more words\n", other.pem(), ca());
    let with_a_broken_one = format!(
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n{}",
        ca()
    );
    compare([
        (
            "empty data beside a file",
            of(with_ca_file()).with("ca.crt", ca()),
        ),
        (
            "words and several authorities in a file",
            of(with_ca_file()).with("ca.crt", several),
        ),
        (
            "an authority that nobody can read beside one",
            of(with_ca_file()).with("ca.crt", with_a_broken_one),
        ),
        (
            "empty optional fields",
            of(changed(
                &cluster,
                json!({
                    "tls-server-name": "",
                    "proxy-url": "",
                    "insecure-skip-tls-verify": false,
                    "disable-compression": true,
                }),
            )),
        ),
        (
            "a slash at the end",
            of(changed(&cluster, json!({ "server": format!("{server}/") }))),
        ),
        (
            "another name of the server",
            of(changed(&cluster, json!({ "tls-server-name": "localhost" }))),
        ),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_all_forms() {
    let cluster = cluster();
    let admin = admin();
    let token = admin["token"].as_str().unwrap();
    let of = |user: Value| Case::of(&cluster, &user);
    let plugin = |version: &str| {
        json!({
            "apiVersion": format!("client.authentication.k8s.io/{version}"),
            "command": "./plugin",
            "interactiveMode": "Never",
            "args": ["-c"],
            "env": [{ "name": "SAID", "value": token }, { "name": "EMPTY", "value": "" }],
            "provideClusterInfo": true,
        })
    };
    let yaml = "#!/bin/sh\n[ \"$1\" = -c ] || exit 1\n\
                echo 'waiting' >&2\n\
                case \"$KUBERNETES_EXEC_INFO\" in *certificate-authority-data*) ;; *) exit 2 ;; esac\n\
                echo \"kind: ExecCredential\napiVersion: client.authentication.k8s.io/VERSION\n\
                status: { token: $SAID }\"\n";
    let script = |version: &str| yaml.replace("VERSION", version);
    compare([
        (
            "an empty token beside a file with line breaks",
            of(json!({ "token": "", "tokenFile": "token" })).with("token", format!("{token}\n")),
        ),
        (
            "a token whose file is missing",
            of(json!({ "token": token, "tokenFile": "missing" })),
        ),
        (
            "a file before a token",
            of(json!({ "token": "expired", "tokenFile": "token" })).with("token", token),
        ),
        (
            "a token before a plugin",
            of(json!({ "token": token, "exec": plugin("v1") }))
                .with("plugin", "#!/bin/sh\nexit 1\n"),
        ),
        (
            "a plugin that prints YAML",
            of(json!({ "exec": plugin("v1") })).with("plugin", script("v1")),
        ),
        (
            "a plugin of the beta",
            of(json!({ "exec": plugin("v1beta1") })).with("plugin", script("v1beta1")),
        ),
        (
            "somebody to act as",
            of(changed(
                &admin,
                json!({
                    "as": "somebody",
                    "as-uid": "7",
                    "as-groups": ["system:masters", "b"],
                    "as-user-extra": { "example.com/Why %": ["a", "b"] },
                }),
            )),
        ),
        (
            "empty fields of other kinds of credentials",
            of(changed(
                &admin,
                json!({
                    "client-certificate": "",
                    "client-key": "",
                    "client-certificate-data": "",
                    "client-key-data": "",
                    "username": "",
                    "password": "",
                    "as": "",
                }),
            )),
        ),
    ]);
}

/// Certificates of version 1, as OpenSSL makes them unless it is told otherwise.
macro_rules! client {
    ($name:literal) => {
        (
            include_str!(concat!("keys/", $name, ".crt")),
            include_str!(concat!("keys/", $name, ".key")),
        )
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn client_certificates_of_all_forms() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority, |_, name| match name {
        Some("client") => 404,
        _ => 401,
    })
    .await;
    let of = |(certificate, key): (&str, &str)| {
        let user = json!({ "client-certificate": "tls.crt", "client-key": "tls.key" });
        Case::of(&server.cluster(&authority), &user)
            .with("tls.crt", certificate)
            .with("tls.key", key)
    };
    let (certificate, key) = authority.client("client");
    let together = format!("{key}{certificate}");
    let mislabelled = client!("rsa-pkcs8")
        .1
        .replace("PRIVATE KEY", "RSA PRIVATE KEY");
    compare([
        ("version 3", of((&certificate, &key))),
        ("both in both files", of((&together, &together))),
        (
            "words before a key",
            of((&certificate, &format!("words\n{key}"))),
        ),
        ("RSA in PKCS#1", of(client!("rsa-pkcs1"))),
        ("RSA in PKCS#8", of(client!("rsa-pkcs8"))),
        (
            "RSA under a wrong label",
            of((client!("rsa-pkcs8").0, &mislabelled)),
        ),
        (
            "P-256 with its parameters",
            of(client!("p256-with-parameters")),
        ),
        ("P-384 in SEC1", of(client!("p384-sec1"))),
        ("Ed25519", of(client!("ed25519-pkcs8"))),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_on_p_521_is_refused_with_what_to_use() {
    let authority = Authority::new();
    let (certificate, key) = client!("p521-sec1");
    let mut kubeconfig = Kubeconfig::new(
        &json!({ "server": "https://127.0.0.1:1", "certificate-authority-data": authority.data() }),
        &json!({}),
    );
    fs::write(kubeconfig.folder().join("tls.crt"), certificate).unwrap();
    fs::write(kubeconfig.folder().join("tls.key"), key).unwrap();
    kubeconfig.set_user(&json!({ "client-certificate": "tls.crt", "client-key": "tls.key" }));

    let error = kubeconfig.connect().await.err().unwrap();

    for words in [
        "client-key is on P-521, which is not supported",
        "ECDSA on P-256 or P-384",
    ] {
        assert!(error.message().contains(words), "{error}");
    }
}

/// Servers of Go's, each with a certificate and an authority of another kind.
struct ServersOfAllKinds {
    process: Child,
    kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    name: String,
    server: String,
    ca: String,
}

impl ServersOfAllKinds {
    fn start() -> Self {
        let module = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/kubernetes_store/tls_kinds"
        );
        let program = binaries::go_program("tls-kinds", module).unwrap();
        let mut process = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let lines = lines.map(Result::unwrap).take_while(|it| !it.is_empty());
        let kinds = lines.map(|it| serde_json::from_str(&it).unwrap()).collect();
        Self { process, kinds }
    }
}

impl Drop for ServersOfAllKinds {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_all_kinds() {
    /// What kubectl takes and we do not, and what we say of it: other cryptography than is built in.
    const REFUSED: [(&str, &str); 6] = [
        ("an authority with P-521", "certificate-authority-data"),
        ("a server with P-521", "P-521"),
        ("an authority with RSA 1024", "certificate-authority-data"),
        ("a server with RSA 1024", "2048 bits"),
        ("signed by P-256 with SHA-512", "ECDSA with SHA-512"),
        ("signed by P-384 with SHA-512", "ECDSA with SHA-512"),
    ];
    let servers = block_in_place(ServersOfAllKinds::start);
    let case = |kind: &Kind| {
        let cluster = json!({
            "server": kind.server,
            "certificate-authority-data": BASE64_STANDARD.encode(&kind.ca),
        });
        Case::of(&cluster, &json!({ "token": "any" }))
    };
    let (refused, taken): (Vec<_>, Vec<_>) = servers.kinds.iter().partition(|kind| {
        let mut refused = REFUSED.iter();
        refused.any(|(name, _)| kind.name == *name)
    });
    let (by_nobody, taken): (Vec<_>, Vec<_>) = taken
        .into_iter()
        .partition(|it| it.name.starts_with("never"));
    assert_eq!(by_nobody.len(), 4);
    for kind in by_nobody {
        let (theirs, ours) = side_by_side(&case(kind));
        assert!(theirs.is_err() && ours.is_err(), "{}", kind.name);
    }
    assert_eq!(refused.len(), REFUSED.len());
    compare(taken.into_iter().map(|kind| (&kind.name, case(kind))));
    for kind in refused {
        let (theirs, ours) = side_by_side(&case(kind));
        theirs.unwrap();
        let said = ours.unwrap_err();
        let (_, words) = REFUSED.iter().find(|(name, _)| kind.name == *name).unwrap();
        assert!(
            said.contains(words) && said.contains("not supported"),
            "{}: {said}",
            kind.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_of_all_forms() {
    let case = Case::of(&cluster(), &admin());
    // Reserved for a service that nobody has run for decades.
    let dead = "http://127.0.0.1:1";
    let home = Case::default().with_variable("KUBECONFIG", "");
    compare([
        (
            "a proxy, and a server on loopback",
            case.clone().with_variable("HTTPS_PROXY", dead),
        ),
        (
            "a proxy for HTTP only",
            case.clone().with_variable("HTTP_PROXY", dead),
        ),
        (
            "a proxy of curl's",
            case.clone().with_variable("ALL_PROXY", dead),
        ),
        (
            "a proxy that is no address",
            case.clone().with_variable("HTTPS_PROXY", "://"),
        ),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let variables = home.install(folder.path());
    fs::create_dir(folder.path().join(".kube")).unwrap();
    let text = content(&cluster(), &admin()).to_string();
    fs::write(folder.path().join(".kube/config"), text).unwrap();
    block_in_place(|| {
        kubectl(Place::Here, folder.path(), &variables).unwrap();
        leasehold(Place::Here, folder.path(), &variables).unwrap();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn service_accounts_of_all_forms() {
    let token = admin()["token"].as_str().unwrap().to_owned();
    let (host, port) = started().server_address().rsplit_once(':').unwrap();
    let complete = [
        ("token", token.clone()),
        ("ca.crt", ca()),
        ("namespace", "shop\n".to_owned()),
    ];
    let without_namespace = &complete[..2];
    let with_line_break = [("token", token + "\n"), ("ca.crt", ca() + "words\n")];
    for (host, files) in [
        (host, complete.as_slice()),
        (host, without_namespace),
        (host, &with_line_break),
        ("localhost", &complete),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("serviceaccount")).unwrap();
        for (name, content) in files {
            fs::write(folder.path().join("serviceaccount").join(name), content).unwrap();
        }
        let variables = [
            ("KUBERNETES_SERVICE_HOST", host),
            ("KUBERNETES_SERVICE_PORT", port),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let variables = BTreeMap::from(variables);
        block_in_place(|| {
            kubectl(Place::Pod, folder.path(), &variables).unwrap();
            leasehold(Place::Pod, folder.path(), &variables).unwrap();
        });
    }
}
