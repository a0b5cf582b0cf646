//! A server that gives the answers which a real API server gives on a bad day only.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use leasehold::lease_store::kubernetes::KubernetesStore;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::kubeconfig::Kubeconfig;

/// What has been asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// It speaks plain HTTP/1 and notes what it is asked.
pub(crate) struct FakeApiServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeApiServer {
    pub(crate) async fn start(
        answer: impl Fn(&Asked) -> Response<Full<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let server = Self {
            address,
            asked: Arc::clone(&asked),
        };
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, asked) = (Arc::clone(&answer), Arc::clone(&asked));
                let service = service_fn(move |request| {
                    let (answer, asked) = (Arc::clone(&answer), Arc::clone(&asked));
                    async move {
                        let request = note(request).await;
                        let response = answer(&request);
                        asked.lock().unwrap().push(request);
                        Ok::<_, Infallible>(response)
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The Lease `default/jobs` behind this server.
    pub(crate) async fn lease(&self) -> KubernetesStore {
        let kubeconfig = Kubeconfig::new(&json!({ "server": self.url() }), &json!({}));
        let connections = kubeconfig.connect().await.unwrap();
        connections.lease("default", "jobs").unwrap()
    }
}

async fn note(request: Request<Incoming>) -> Asked {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Asked {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}

pub(crate) fn answer(code: u16, body: &impl ToString) -> Response<Full<Bytes>> {
    let body = Full::from(body.to_string());
    Response::builder().status(code).body(body).unwrap()
}
