//! Pods, as the API server has them: what their kubelets say of the containers in them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, future};
use kube::core::WatchEvent as ServerEvent;
use kube::core::params::{GetParams, WatchParams};
use serde_json::Value;
use tokio::time::timeout;

use super::connection::{self, Connection};
use super::rbac::{self, Permission};
use super::refusal::Refusal;
use super::{LeaseName, refusal, to_send, watch};
use crate::error::{Error, ErrorKind, Result};

/// Looks at pods in the namespace of a Lease.
#[derive(Clone)]
pub(crate) struct Pods {
    connection: Arc<Connection>,
    requests: kube::core::Request,
    lease: LeaseName,
    /// How long an answer may take, and a watch to open.
    limit: Duration,
}

impl Pods {
    pub(super) fn new(connection: Arc<Connection>, lease: LeaseName, limit: Duration) -> Self {
        let pods = format!("/api/v1/namespaces/{}/pods", lease.namespace);
        Self {
            connection,
            requests: kube::core::Request::new(pods),
            lease,
            limit,
        }
    }

    /// Whether these are the pods of the same namespace, by connections of the same settings.
    pub(crate) fn are_those_of(&self, other: &Self) -> bool {
        self.connection.is_to_the_cluster_of(&other.connection)
            && self.lease.namespace == other.lease.namespace
    }

    /// The pod of this name as it is now; null if there is none.
    pub(crate) async fn read(&self, name: &str) -> Result<Value> {
        let request = to_send(self.requests.get(name, &GetParams::default()))?;
        let response = self.within_limit(self.connection.request(request)).await?;
        match refusal::object(&response) {
            Ok(pod) => Ok(pod),
            Err(refusal) if refusal.says_no("pods") => Ok(Value::Null),
            Err(refusal) => Err(self.refused("read", name, &refusal)),
        }
    }

    /// The pod of this name as the API server has it, which may be some time ago, and what changes from
    /// then on; null when it was deleted. Its first error is its last item.
    pub(crate) async fn watch(&self, name: &str) -> Result<BoxStream<'_, Result<Value>>> {
        // By name, so that it can be allowed by a rule for this one pod.
        let selector = WatchParams::default().fields(&format!("metadata.name={name}"));
        // From what the server has at hand: that costs it nothing.
        let request = to_send(self.requests.watch(&selector, "0"))?;
        let (response, in_flight) = self.within_limit(self.connection.stream(request)).await?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            let body = connection::collected(body, &in_flight).await?;
            let refusal = Refusal::new(head.status, &head.headers, &body);
            return Err(self.refused("watch", name, &refusal));
        }
        let what = format!("the pod {}/{name}", self.lease.namespace);
        let watched = what.clone();
        let read = move |event| match event {
            ServerEvent::Added(pod) | ServerEvent::Modified(pod) => Ok(Some(pod)),
            ServerEvent::Deleted(_) => Ok(Some(Value::Null)),
            ServerEvent::Bookmark(_) => Ok(None),
            ServerEvent::Error(status) => {
                Err(Refusal::in_stream(status).to(&format!("watch {what}")))
            }
        };
        let pods = watch::events(body, in_flight, move || watched.clone(), read);
        Ok(pods.try_filter_map(future::ok).boxed())
    }

    fn refused(&self, verb: &str, pod: &str, refusal: &Refusal) -> Error {
        let LeaseName { namespace, name } = &self.lease;
        let error = refusal.to(&format!("{verb} the pod {namespace}/{pod}"));
        if error.kind() != ErrorKind::Forbidden {
            return error;
        }
        let role = rbac::role(namespace, &[name], &Permission::for_pods());
        Error::new(error.kind(), format!("{error}\nBind this Role:\n{role}"))
    }

    async fn within_limit<T>(&self, request: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(self.limit, request).await.unwrap_or_else(|_| {
            let message = format!("no answer within {:.1?}", self.limit);
            Err(Error::new(ErrorKind::TimedOut, message))
        })
    }
}

impl fmt::Debug for Pods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pods")
            .field("namespace", &self.lease.namespace)
            .finish_non_exhaustive()
    }
}
