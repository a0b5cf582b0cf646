//! A namespace of a real API server, in which the candidates have the documented Role.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};
use jiff::Timestamp;
use leasehold_test_cluster::{Credentials, Proxy, TestCluster, ToxiProxy, User};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::lease_name;
use crate::case::{Candidate, Case, NetworkStep, ServerStep, TokenStep, Verb};

/// A namespace of its own for one case.
pub(crate) struct Namespace<'a> {
    cluster: &'a TestCluster,
    name: String,
    kubeconfig: PathBuf,
    behind_proxy: Option<BehindProxy>,
    token_file: Option<TokenFile>,
}

/// A token that can be replaced by one that has expired.
struct TokenFile {
    file: NamedTempFile,
    kubeconfig: PathBuf,
}

/// A way to the API server that can be cut.
struct BehindProxy {
    proxy: Proxy,
    kubeconfig: PathBuf,
}

impl<'a> Namespace<'a> {
    pub(crate) fn new(cluster: &'a TestCluster, case: &Case) -> Result<Self> {
        let name = lease_name(case);
        let namespace = json!({ "metadata": { "name": name } });
        cluster.api().post("/api/v1/namespaces", &namespace)?;
        cluster.grant_except(&name, &name, &[])?;
        let mut candidates = case.candidates.values();
        let cuttable = candidates.any(|candidate| candidate.behind_proxy);
        Ok(Self {
            cluster,
            kubeconfig: cluster.kubeconfig_for(User::Candidate, None)?,
            behind_proxy: cuttable
                .then(|| BehindProxy::new(cluster, &name))
                .transpose()?,
            token_file: case
                .candidates
                .values()
                .any(|candidate| candidate.token_may_expire)
                .then(|| TokenFile::new(cluster))
                .transpose()?,
            name,
        })
    }

    pub(crate) fn settings(&self, candidate: &Candidate) -> Value {
        let cuttable = self
            .behind_proxy
            .as_ref()
            .filter(|_| candidate.behind_proxy);
        let token_file = self.token_file.as_ref();
        let token_file = token_file.filter(|_| candidate.token_may_expire);
        let kubeconfig = cuttable
            .map(|it| &it.kubeconfig)
            .or(token_file.map(|it| &it.kubeconfig))
            .unwrap_or(&self.kubeconfig);
        json!({ "mode": "kubernetes", "namespace": self.name, "kubeconfig": kubeconfig })
    }

    pub(crate) fn lease(&self) -> Result<Value> {
        match self.cluster.api().get(&self.lease_path()) {
            Ok(lease) => Ok(lease),
            Err(error) if error.status() == Some(404) => Ok(Value::Null),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn create(&self, spec: &Value) -> Result<()> {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": { "name": self.name },
            "spec": spec,
        });
        self.cluster.api().post(&self.leases_path(), &lease)?;
        Ok(())
    }

    pub(crate) fn edit(&self, patch: &Value) -> Result<()> {
        self.cluster.api().patch(&self.lease_path(), patch)?;
        Ok(())
    }

    pub(crate) fn take(&self, holder: &str, duration: u32) -> Result<()> {
        // Microseconds, as the API server keeps them.
        let now = format!("{:.6}", Timestamp::now());
        let patch = json!({ "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": duration,
            "acquireTime": now,
            "renewTime": now,
        }});
        self.edit(&patch)
    }

    pub(crate) fn delete(&self) -> Result<()> {
        self.cluster.api().delete(&self.lease_path())?;
        Ok(())
    }

    pub(crate) fn grant_except(&self, verbs: &[Verb]) -> Result<()> {
        let verbs: Vec<_> = verbs.iter().map(|verb| verb.name()).collect();
        self.cluster.grant_except(&self.name, &self.name, &verbs)
    }

    pub(crate) fn network(&self, step: NetworkStep) -> Result<()> {
        let cuttable = self.behind_proxy.as_ref();
        let proxy = &cuttable.context("no candidate is behind_proxy")?.proxy;
        match step {
            NetworkStep::Silence => proxy.go_silent(),
            NetworkStep::Reset => proxy.reset_peer(),
            NetworkStep::Heal => proxy.heal(),
        }
    }

    pub(crate) fn token(&self, step: TokenStep) -> Result<()> {
        let token_file = self.token_file.as_ref();
        let token_file = token_file.context("no candidate has a token_may_expire")?;
        let token = match step {
            TokenStep::Expire => "expired",
            TokenStep::Renew => self.cluster.candidate_token()?,
        };
        Ok(fs::write(&token_file.file, token)?)
    }

    pub(crate) fn server(&self, step: ServerStep) -> Result<()> {
        match step {
            ServerStep::Kill => self.cluster.kill_apiserver(),
            ServerStep::Restart => self.cluster.restart_apiserver(),
        }
    }

    fn lease_path(&self) -> String {
        format!("{}/{}", self.leases_path(), self.name)
    }

    fn leases_path(&self) -> String {
        format!(
            "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
            self.name
        )
    }
}

impl TokenFile {
    fn new(cluster: &TestCluster) -> Result<Self> {
        let file = NamedTempFile::new()?;
        fs::write(&file, cluster.candidate_token()?)?;
        let credentials = Credentials::TokenFile(file.path().to_owned());
        Ok(Self {
            kubeconfig: cluster.write_kubeconfig(credentials, None)?,
            file,
        })
    }
}

impl BehindProxy {
    fn new(cluster: &TestCluster, name: &str) -> Result<Self> {
        /// One server for all cases, started by the first that needs it.
        static TOXIPROXY: OnceLock<Mutex<Option<ToxiProxy>>> = OnceLock::new();
        let mut toxiproxy = TOXIPROXY
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let server = match &mut *toxiproxy {
            Some(server) => server,
            none => none.insert(ToxiProxy::start()?),
        };
        let proxy = server.create(name, cluster.server_address())?;
        let kubeconfig = cluster.kubeconfig_for(User::Candidate, Some(&proxy.url()))?;
        Ok(Self { proxy, kubeconfig })
    }
}
