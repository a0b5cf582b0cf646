//! The route to the leader for clients: the one address in an `EndpointSlice` of a Service without a
//! selector.
//!
//! Invariants: the slice never has two addresses; each write is conditional on the version that was
//! read and names the fencing token of the term it is of, and no write is of an earlier term than what
//! is there. So a late write of an old leader never takes the place of its successor's.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use kube::core::params::GetParams;
use serde_json::{Value, json};

use super::connection::Connection;
use super::lease_object::version;
use super::rbac::{self, Permission};
use super::refusal::Refusal;
use super::{LeaseName, our_write, refusal, to_send};
use crate::error::{Error, ErrorKind, Result};
use crate::lease_record::ResourceVersion;

/// The token of the term that the slice was written in last.
const TOKEN: &str = "leasehold.io/fencing-token";
/// Whose term that was.
const HOLDER: &str = "leasehold.io/holder";

/// A slice is written by leaders alone, one after another: more than so many conflicts in a row are
/// somebody else's, and are tried again later.
const ATTEMPTS: usize = 5;

/// The API's name of the objects.
const SLICES: &str = "endpointslices";

/// Writes one leader's address into a slice, and takes it out again.
pub struct LeaderRoute {
    connection: Arc<Connection>,
    requests: kube::core::Request,
    slice: LeaseName,
    lease: LeaseName,
    to: Candidate,
}

/// Where a candidate is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its address.
    pub address: IpAddr,
    /// The name of its pod, if that is known.
    pub pod: Option<String>,
}

/// What a route is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// This candidate leads, under this token.
    Here(ResourceVersion),
    /// It no longer does.
    Away(ResourceVersion),
}

/// Where a Service leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteTarget {
    /// The address of the leader; `None` while nobody leads, or is known to.
    pub address: Option<String>,
    /// The pod of that address.
    pub pod: Option<String>,
    /// Whose term it was written in last.
    pub holder: Option<String>,
    /// That term's fencing token.
    pub fencing_token: Option<u64>,
}

impl LeaderRoute {
    pub(super) fn new(
        connection: Arc<Connection>,
        lease: LeaseName,
        service: &str,
        to: Candidate,
    ) -> Self {
        let namespace = lease.namespace.clone();
        let slices = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/{SLICES}");
        Self {
            connection,
            requests: kube::core::Request::new(slices),
            slice: LeaseName {
                namespace,
                name: service.to_owned(),
            },
            lease,
            to,
        }
    }

    /// Whether the slice is there, and may be read.
    pub(crate) async fn check(&self) -> Result<()> {
        let slice = read_slice(&self.connection, &self.requests, &self.slice).await;
        slice
            .map_err(|refusal| self.cannot("read", &refusal))?
            .map(drop)
    }

    /// Makes the slice say what `route` says, unless a later term has written it.
    pub(crate) async fn lead(&self, route: Route, holder: &str) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let slice = read_slice(&self.connection, &self.requests, &self.slice).await;
            let slice = slice.map_err(|refusal| self.cannot("read", &refusal))??;
            let Some(changed) = changed(&self.slice, &self.to, slice, route, holder)? else {
                return Ok(());
            };
            let body = changed.to_string().into();
            let request = self.requests.replace(&self.slice.name, &our_write(), body);
            let response = self.connection.request(to_send(request)?).await?;
            match refusal::object(&response) {
                Ok(_) => return Ok(()),
                Err(refusal) if refusal.is_conflict() => {}
                Err(refusal) => return Err(self.cannot("update", &refusal)),
            }
        }
        let message = format!(
            "the EndpointSlice {} changes before each of our writes",
            self.slice
        );
        Err(Error::new(ErrorKind::Unavailable, message))
    }

    fn cannot(&self, verb: &str, refusal: &Refusal) -> Error {
        let Self { slice, lease, .. } = self;
        if refusal.says_no(SLICES) {
            let fix = "there is no EndpointSlice of this name: create it and its Service \
                       before the election starts (see the documentation, Signs in the cluster)";
            return Error::config("leader_service", slice, fix);
        }
        let error = refusal.to(&format!("{verb} the EndpointSlice {slice}"));
        if error.kind() != ErrorKind::Forbidden {
            return error;
        }
        let permissions = Permission::for_route(&slice.name);
        let role = rbac::role(&lease.namespace, &[&lease.name], &permissions);
        Error::new(error.kind(), format!("{error}\nBind this Role:\n{role}"))
    }
}

/// The slice as it should be; `None` if it is so already, or if a later term decides that.
fn changed(
    name: &LeaseName,
    to: &Candidate,
    mut slice: Value,
    route: Route,
    holder: &str,
) -> Result<Option<Value>> {
    // Refuses what has none, on which no write could be conditional.
    version(&slice)?;
    let target = RouteTarget::of(&slice);
    let written_in = target.fencing_token.unwrap_or_default();
    let (token, endpoints) = match route {
        Route::Here(token) => (token.0, json!([to.endpoint(&name.namespace)])),
        // Also if what is there is of an earlier term: a write of ours may be on its way, which
        // conflicts from now on.
        Route::Away(token) => (token.0, json!([])),
    };
    if written_in > token {
        return match route {
            Route::Away(_) => Ok(None),
            Route::Here(_) => Err(overtaken(name, written_in, token)),
        };
    }
    let is_so = match route {
        Route::Here(_) => target.address == Some(to.address.to_string()),
        Route::Away(_) => target.address.is_none(),
    };
    let addresses = slice["endpoints"].as_array().map_or(0, Vec::len);
    if written_in == token && is_so && addresses <= 1 {
        return Ok(None);
    }
    slice["endpoints"] = endpoints;
    slice["metadata"]["annotations"][TOKEN] = json!(token.to_string());
    slice["metadata"]["annotations"][HOLDER] = json!(holder);
    Ok(Some(slice))
}

fn overtaken(name: &LeaseName, written_in: u64, token: u64) -> Error {
    let message = format!(
        "the EndpointSlice {name} was written under fencing token {written_in}, which is later than \
         {token}: if it comes from another cluster, remove its annotation {TOKEN}"
    );
    Error::new(ErrorKind::Unavailable, message)
}

impl Candidate {
    fn endpoint(&self, namespace: &str) -> Value {
        let mut endpoint = json!({
            "addresses": [self.address.to_string()],
            "conditions": { "ready": true },
        });
        if let Some(pod) = &self.pod {
            endpoint["targetRef"] = json!({ "kind": "Pod", "name": pod, "namespace": namespace });
        }
        endpoint
    }
}

impl RouteTarget {
    fn of(slice: &Value) -> Self {
        let annotation = |key: &str| slice["metadata"]["annotations"][key].as_str();
        let endpoint = &slice["endpoints"][0];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            address: text(&endpoint["addresses"][0]),
            pod: text(&endpoint["targetRef"]["name"]),
            holder: annotation(HOLDER).map(str::to_owned),
            fencing_token: annotation(TOKEN).and_then(|token| token.parse().ok()),
        }
    }
}

/// Where the Service `slice` leads; `None` if there is no such slice.
pub(super) async fn target(
    connection: &Connection,
    slice: &LeaseName,
) -> Result<Option<RouteTarget>> {
    let namespace = &slice.namespace;
    let slices = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/{SLICES}");
    match read_slice(connection, &kube::core::Request::new(slices), slice).await {
        Ok(object) => Ok(Some(RouteTarget::of(&object?))),
        Err(refusal) if refusal.says_no(SLICES) => Ok(None),
        Err(refusal) => Err(refusal.to(&format!("read the EndpointSlice {slice}"))),
    }
}

async fn read_slice(
    connection: &Connection,
    requests: &kube::core::Request,
    slice: &LeaseName,
) -> Result<Result<Value>, Refusal> {
    let asked = async {
        let request = requests.get(&slice.name, &GetParams::default());
        connection.request(to_send(request)?).await
    };
    match asked.await {
        Ok(response) => refusal::object(&response).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

impl fmt::Debug for LeaderRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaderRoute")
            .field("slice", &self.slice)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> LeaseName {
        LeaseName {
            namespace: "shop".into(),
            name: "orders".into(),
        }
    }

    fn candidate(address: [u8; 4]) -> Candidate {
        Candidate {
            address: address.into(),
            pod: Some("orders-1".into()),
        }
    }

    fn slice() -> Value {
        json!({
            "metadata": {
                "name": "orders",
                "resourceVersion": "7",
                "labels": { "kubernetes.io/service-name": "orders" },
            },
            "addressType": "IPv4",
            "endpoints": null,
            "ports": [{ "port": 8080 }],
        })
    }

    fn lead(slice: &Value, route: Route) -> Result<Option<Value>> {
        changed(
            &name(),
            &candidate([10, 0, 0, 1]),
            slice.clone(),
            route,
            "orders-1_ab",
        )
    }

    fn here(token: u64) -> Route {
        Route::Here(ResourceVersion(token))
    }

    fn away(token: u64) -> Route {
        Route::Away(ResourceVersion(token))
    }

    #[test]
    fn a_leader_is_the_only_address_and_the_rest_of_the_slice_stays() {
        let mut before = slice();
        before["endpoints"] = json!([{ "addresses": ["10.0.0.8"] }, { "addresses": ["10.0.0.9"] }]);
        let after = lead(&before, here(5)).unwrap().expect("a change");
        assert_eq!(
            after["endpoints"],
            json!([{
                "addresses": ["10.0.0.1"],
                "conditions": { "ready": true },
                "targetRef": { "kind": "Pod", "name": "orders-1", "namespace": "shop" },
            }])
        );
        assert_eq!(after["ports"], before["ports"]);
        assert_eq!(after["metadata"]["labels"], before["metadata"]["labels"]);
        assert_eq!(after["metadata"]["resourceVersion"], "7");
        let target = RouteTarget::of(&after);
        assert_eq!(target.fencing_token, Some(5));
        assert_eq!(target.holder.as_deref(), Some("orders-1_ab"));
        assert_eq!(lead(&after, here(5)).unwrap(), None);
    }

    #[test]
    fn no_write_is_of_an_earlier_term_than_what_is_there() {
        let successors = lead(&slice(), here(9)).unwrap().expect("a change");
        let late = lead(&successors, here(5)).unwrap_err();
        assert!(
            late.message().contains("token 9, which is later than 5"),
            "{late}"
        );
        assert_eq!(lead(&successors, away(5)).unwrap(), None);
    }

    #[test]
    fn the_end_of_a_term_leaves_no_address_and_overtakes_what_is_on_its_way() {
        let ours = lead(&slice(), here(5)).unwrap().expect("a change");
        let ended = lead(&ours, away(5)).unwrap().expect("a change");
        assert_eq!(ended["endpoints"], json!([]));
        assert_eq!(lead(&ended, away(5)).unwrap(), None);
        // The write of `here` has not arrived: it must conflict when it does.
        let overtaking = lead(&slice(), away(5)).unwrap().expect("a change");
        assert_eq!(RouteTarget::of(&overtaking).fencing_token, Some(5));
    }
}
