//! A Lease of a cluster, kept by its API server.
//!
//! `config` finds the cluster and who we are: in a pod, or from a `kubeconfig` and through a `proxy`;
//! `pin` holds it to that. `credentials` come from there, from a `token_file` or a `plugin`. `access`
//! is one reading of all this, and `tcp`, `tls`, `connector`, `transport` and `connection` keep HTTP/2
//! connections of our own, which `cluster` shares among Leases. `lease_object` and `watch` know what is
//! sent over them; `refusal` and `errors` say what went wrong. `rbac` and `review` are about what is
//! allowed. `leader_events` and `leader_route` are what else a cluster may be shown of who leads, and
//! `pods` what it knows of containers.

mod access;
mod cluster;
mod cluster_config;
mod config;
mod connection;
mod connections;
mod connector;
mod credentials;
mod errors;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod kubeconfig;
mod leader_events;
mod leader_route;
mod lease_object;
mod options;
mod pin;
mod plugin;
mod pods;
mod proxy;
mod rbac;
mod reading;
mod refusal;
mod review;
mod shared_task;
mod shown;
mod tcp;
mod tls;
mod token_file;
mod transport;
mod watch;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use http::Request;
use kube::core::params::{GetParams, PostParams, WatchParams};
use kube::core::request;
use serde_json::Value;

use self::connection::Connection;
use self::refusal::Refusal;
use super::{LeaseStore, Result, StoreError, WatchEvent};
use crate::error::{self, Error, ErrorKind};
use crate::lease_record::{LeaseRecord, RELEASED_DURATION_SECONDS, ResourceVersion, StoredLease};
use crate::validation;

pub use self::connections::ClusterConnections;
pub(crate) use self::connections::Clusters;
pub(crate) use self::leader_events::LeaderChange;
pub use self::leader_events::LeaderEvents;
pub(crate) use self::leader_route::Route;
pub use self::leader_route::{Candidate, LeaderRoute, RouteTarget};
pub use self::lease_object::Metadata;
pub use self::options::{ClusterOptions, ClusterSource};
pub(crate) use self::pods::Pods;
pub use self::rbac::{Permission, Verb, role_and_binding};
pub use self::review::AccessReview;

/// One Lease of a cluster; see [`ClusterConnections::lease`].
///
/// [`Unavailable`](ErrorKind::Unavailable) says of a write that it was not confirmed, and not that
/// it had no effect.
pub struct KubernetesStore {
    connection: Arc<Connection>,
    requests: kube::core::Request,
    lease: LeaseName,
    metadata: Metadata,
    /// What is needed beside the Lease.
    beside: Vec<Permission>,
}

impl KubernetesStore {
    fn new(connection: Arc<Connection>, lease: LeaseName) -> Self {
        let namespace = &lease.namespace;
        let leases = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
        Self {
            connection,
            requests: kube::core::Request::new(leases),
            lease,
            metadata: Metadata::default(),
            beside: Vec::new(),
        }
    }

    /// Sees to it that the Lease carries this whenever it is written.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Says, when it asks or tells what is granted, what is needed beside the Lease.
    #[must_use]
    pub(crate) fn needing(mut self, beside: Vec<Permission>) -> Self {
        self.beside = beside;
        self
    }

    /// Where the Service `service` leads; `None` if it has no slice of its name.
    pub(crate) async fn route_target(&self, service: &str) -> error::Result<Option<RouteTarget>> {
        let slice = LeaseName {
            name: service.to_owned(),
            ..self.lease.clone()
        };
        leader_route::target(&self.connection, &slice).await
    }

    async fn exchange(&self, request: Prepared) -> error::Result<error::Result<Value, Refusal>> {
        let response = self.connection.request(to_send(request)?).await?;
        Ok(refusal::object(&response))
    }

    /// Sends a write, and returns the Lease as it was written.
    async fn write(&self, verb: Verb, request: Prepared) -> Result<StoredLease> {
        match self.exchange(request).await? {
            Ok(object) => Ok(lease_object::stored_lease(object)?),
            Err(refusal) => Err(refusal.into_error(verb, &self.lease, &self.beside)),
        }
    }

    /// Whether the Lease could be created: by a dry run, in which everything but the storage takes
    /// part. Passes if there is one already.
    pub(crate) async fn rehearse_creation(&self) -> error::Result<()> {
        let record = LeaseRecord {
            holder: "a dry run".to_owned(),
            lease_duration_seconds: Some(RELEASED_DURATION_SECONDS),
            ..LeaseRecord::default()
        };
        let rehearsal = PostParams {
            dry_run: true,
            ..our_write()
        };
        // The answer has no version.
        match self.exchange(self.creation(&record, &rehearsal)).await? {
            Ok(_) => Ok(()),
            Err(refusal) => match refusal.into_error(Verb::Create, &self.lease, &self.beside) {
                StoreError::Conflict(_) => Ok(()),
                error => Err(error.into()),
            },
        }
    }

    fn creation(&self, record: &LeaseRecord, how: &PostParams) -> Prepared {
        let object = lease_object::new_object(&self.lease, &self.metadata, record);
        self.requests.create(how, object.to_string().into())
    }

    /// Opens a watch, and returns its events.
    async fn open_watch(&self, from: ResourceVersion) -> Result<BoxStream<'_, Result<WatchEvent>>> {
        // By name, so that it is allowed by a rule for this one Lease.
        let selector = format!("metadata.name={}", self.lease.name);
        let request = self
            .requests
            .watch(&WatchParams::default().fields(&selector), &from.to_string());
        let (response, in_flight) = self.connection.stream(to_send(request)?).await?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            let body = connection::collected(body, &in_flight).await?;
            let refusal = Refusal::new(head.status, &head.headers, &body);
            return Err(refusal.into_error(Verb::Watch, &self.lease, &self.beside));
        }
        let opened = stream::iter([Ok(WatchEvent::Opened)]);
        Ok(opened
            .chain(watch::lease_events(body, in_flight, &self.lease))
            .boxed())
    }
}

impl fmt::Debug for KubernetesStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesStore")
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

impl LeaseStore for KubernetesStore {
    fn read(&self) -> BoxFuture<'_, Result<Option<StoredLease>>> {
        Box::pin(async {
            let request = self.requests.get(&self.lease.name, &GetParams::default());
            match self.exchange(request).await? {
                Ok(object) => Ok(Some(lease_object::stored_lease(object)?)),
                Err(refusal) if refusal.says_no("leases") => Ok(None),
                Err(refusal) => Err(refusal.into_error(Verb::Get, &self.lease, &self.beside)),
            }
        })
    }

    fn create(&self, record: LeaseRecord) -> BoxFuture<'_, Result<StoredLease>> {
        Box::pin(self.write(Verb::Create, self.creation(&record, &our_write())))
    }

    fn replace(
        &self,
        seen: StoredLease,
        record: LeaseRecord,
    ) -> BoxFuture<'_, Result<StoredLease>> {
        Box::pin(async move {
            let object = lease_object::replacement(&seen, &self.metadata, &record)?;
            let name = &self.lease.name;
            let request = self
                .requests
                .replace(name, &our_write(), object.to_string().into());
            self.write(Verb::Update, request).await
        })
    }

    fn watch(&self, from: ResourceVersion) -> BoxStream<'_, Result<WatchEvent>> {
        // In a box of its own, since what opening needs is not kept for as long as the watch is open.
        let opening = Box::pin(self.open_watch(from));
        opening.into_stream().try_flatten().boxed()
    }
}

/// kube builds our requests; sending them is left to [`Connection`].
type Prepared = error::Result<Request<Vec<u8>>, request::Error>;

fn to_send(request: Prepared) -> error::Result<Request<Bytes>> {
    match request {
        Ok(request) => Ok(request.map(Bytes::from)),
        Err(error) => Err(Error::new(ErrorKind::Internal, error.to_string()).with_source(error)),
    }
}

/// Names us in the Lease's `managedFields`.
fn our_write() -> PostParams {
    PostParams {
        dry_run: false,
        field_manager: Some("leasehold".into()),
    }
}

/// Which Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LeaseName {
    namespace: String,
    name: String,
}

impl LeaseName {
    fn checked(namespace: &str, name: &str) -> error::Result<Self> {
        validation::check_namespace("namespace", namespace)?;
        validation::check_lease("lease", name)?;
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
