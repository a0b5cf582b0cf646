//! Where a Lease is kept, in words for people.

use std::fmt;
use std::path::PathBuf;

use crate::named::named;

/// Where a Lease is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The namespace of the Lease.
    pub namespace: String,
    /// What has named the namespace.
    pub namespace_from: NamespaceSource,
    /// What keeps it.
    pub backend: Backend,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "namespace `{}` ", self.namespace)?;
        match &self.backend {
            Backend::Cluster { server, .. } => write!(f, "of {server}"),
            Backend::Folder(folder) => write!(f, "in {}", folder.display()),
        }
    }
}

/// What keeps a Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// An API server: mode `kubernetes`.
    Cluster {
        /// Its address.
        server: String,
        /// Where its address and our credentials were found.
        credentials: String,
    },
    /// A folder of this host: mode `file`.
    Folder(
        /// The setting `directory`. The folder need not exist yet; below it there is one for each
        /// namespace, and in that one for each Lease.
        PathBuf,
    ),
}

named! {
    /// What has named a namespace.
    pub enum NamespaceSource {
        /// The setting `namespace`, from the program or from `LEASEHOLD_NAMESPACE`.
        Setting = "setting",
        /// The variable `POD_NAMESPACE`.
        PodNamespace = "pod_namespace",
        /// The pod's service account.
        ServiceAccount = "service_account",
        /// The kubeconfig's context; `default` where that names none.
        Kubeconfig = "kubeconfig",
        /// Nothing: it is `default`.
        Default = "default",
    }
}
