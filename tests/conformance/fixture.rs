//! Where a case runs: a namespace of the cluster, or a folder; and who else acts there.

mod folder;
mod namespace;

use std::fs::File;

use anyhow::{Result, bail};
use leasehold_test_cluster::TestCluster;
use serde_json::{Map, Value, json};

use self::folder::Folder;
use self::namespace::Namespace;
use super::case::{Case, NetworkStep, Participant, ServerStep, Store, TokenStep, Verb};

/// What one case has to itself.
pub(crate) enum Fixture<'a> {
    Namespace(Box<Namespace<'a>>),
    Folder(Folder),
    Nowhere,
}

impl<'a> Fixture<'a> {
    pub(crate) fn new(case: &Case, store: Store, cluster: Option<&'a TestCluster>) -> Result<Self> {
        Ok(match (store, cluster) {
            (Store::Kubernetes, Some(cluster)) => {
                Self::Namespace(Box::new(Namespace::new(cluster, case)?))
            }
            (Store::Kubernetes, None) => bail!("this case needs a cluster"),
            (Store::File, _) => Self::Folder(Folder::new(&lease_name(case))?),
            (Store::None, _) => Self::Nowhere,
        })
    }

    /// The settings that every candidate of `case` has, unless it says otherwise.
    pub(crate) fn settings(&self, case: &Case, candidate: &Participant) -> Map<String, Value> {
        let timings = json!({
            "lease": lease_name(case),
            "lease_duration": 120,
            "renew_deadline": 100,
            "retry_period": 0.2,
        });
        let store = match self {
            Self::Namespace(namespace) => namespace.settings(candidate),
            Self::Folder(folder) => folder.settings(),
            Self::Nowhere => json!({}),
        };
        let fields = [timings, store].into_iter().filter_map(|it| match it {
            Value::Object(fields) => Some(fields),
            _ => None,
        });
        fields.flatten().collect()
    }

    /// The Lease; null if there is none.
    pub(crate) fn lease(&self) -> Result<Value> {
        match self {
            Self::Namespace(namespace) => namespace.lease(),
            Self::Folder(folder) => folder.lease(),
            Self::Nowhere => Ok(Value::Null),
        }
    }

    /// Keeps everybody from writing, if that is done under a lock, until it is dropped. Who is
    /// paused with the lock of a folder keeps the others out, as `docs/src/safety.md` says.
    pub(crate) fn lock(&self) -> Result<Option<File>> {
        match self {
            Self::Folder(folder) => folder.lock().map(Some),
            Self::Namespace(_) | Self::Nowhere => Ok(None),
        }
    }

    pub(crate) fn delete(&self) -> Result<()> {
        match self {
            Self::Namespace(namespace) => namespace.delete(),
            Self::Folder(folder) => folder.delete(),
            Self::Nowhere => bail!("there is no store"),
        }
    }

    pub(crate) fn damage(&self) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.damage(),
            _ => bail!("this step needs the store file"),
        }
    }

    pub(crate) fn create(&self, spec: &Value) -> Result<()> {
        self.namespace()?.create(spec)
    }

    pub(crate) fn edit(&self, patch: &Value) -> Result<()> {
        self.namespace()?.edit(patch)
    }

    pub(crate) fn take(&self, holder: &str, duration: u32) -> Result<()> {
        self.namespace()?.take(holder, duration)
    }

    pub(crate) fn without_verbs(&self, verbs: &[Verb]) -> Result<()> {
        self.namespace()?.grant_except(verbs)
    }

    pub(crate) fn network(&self, step: NetworkStep) -> Result<()> {
        self.namespace()?.network(step)
    }

    pub(crate) fn token(&self, step: TokenStep) -> Result<()> {
        self.namespace()?.token(step)
    }

    pub(crate) fn server(&self, step: ServerStep) -> Result<()> {
        self.namespace()?.server(step)
    }

    fn namespace(&self) -> Result<&Namespace<'a>> {
        match self {
            Self::Namespace(namespace) => Ok(namespace),
            _ => bail!("this step needs the store kubernetes"),
        }
    }
}

fn lease_name(case: &Case) -> String {
    format!("case-{}", case.number)
}
