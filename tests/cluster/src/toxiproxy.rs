//! Faults on the way between a candidate and the API server.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;
use crate::binaries;
use crate::lifeline::Lifeline;
use crate::server::{Recipe, Server};

/// A running `toxiproxy-server`, which ends when this is dropped.
pub struct ToxiProxy {
    api: Api,
    // Dropped in this order.
    _server: Server,
    _lifeline: Lifeline,
    _folder: TempDir,
}

/// One port that passes everything on to one upstream, until asked to do otherwise.
#[derive(Debug)]
pub struct Proxy {
    api: Api,
    path: String,
    address: String,
}

/// One of the two directions of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the candidate to the API server: requests.
    Requests,
    /// From the API server to the candidate: answers, and the events of watches.
    Answers,
}

impl ToxiProxy {
    /// Starts a server with no proxies.
    pub fn start() -> Result<ToxiProxy> {
        let program = binaries::toxiproxy()?;
        let folder = TempDir::with_prefix("leasehold-toxiproxy-")?;
        let lifeline = Lifeline::of_folder(folder.path())?;
        let api = |port| Api::plain(format!("http://127.0.0.1:{port}"));
        let command = move |port: u16| {
            let mut command = Command::new(&program);
            command.args(["-host", "127.0.0.1", "-port", &port.to_string()]);
            command
        };
        let check = move |port| {
            api(port).get("/version")?;
            Ok(())
        };
        let server = Server::start(
            folder.path(),
            Recipe {
                name: "toxiproxy-server",
                is_parent: false,
                command: Box::new(command),
                check: Box::new(check),
            },
        )?;
        Ok(ToxiProxy {
            api: api(server.port()),
            _server: server,
            _lifeline: lifeline,
            _folder: folder,
        })
    }

    /// Opens a port that leads to `upstream`, an address such as `127.0.0.1:6443`.
    pub fn create(&self, name: &str, upstream: &str) -> Result<Proxy> {
        let proxy = json!({ "name": name, "listen": "127.0.0.1:0", "upstream": upstream });
        let created = self.api.post("/proxies", &proxy)?;
        let address = created["listen"].as_str();
        Ok(Proxy {
            api: self.api.clone(),
            path: format!("/proxies/{name}/toxics"),
            address: address
                .context("toxiproxy gives no listen address")?
                .to_owned(),
        })
    }
}

impl Proxy {
    /// Where it listens, such as `127.0.0.1:40124`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The URL by which the API server is reached through this proxy.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where programs in other languages put their faults: toxiproxy's own HTTP API, which takes a
    /// toxic by POST here, and by DELETE under its name.
    pub fn toxics_url(&self) -> String {
        self.api.url(&self.path)
    }

    /// Passes nothing in either direction and closes nothing, on connections
    /// old and new, as if the network were cut.
    pub fn go_silent(&self) -> Result<()> {
        self.silence(Direction::Requests)?;
        self.silence(Direction::Answers)
    }

    /// Passes nothing in one direction and closes nothing. Without answers, requests
    /// still take effect.
    pub fn silence(&self, direction: Direction) -> Result<()> {
        self.add("timeout", direction, &json!({ "timeout": 0 }))
    }

    /// Delays each answer by `latency`, more or less by up to `jitter`.
    pub fn add_latency(&self, latency: Duration, jitter: Duration) -> Result<()> {
        let (latency, jitter) = (latency.as_millis(), jitter.as_millis());
        self.add(
            "latency",
            Direction::Answers,
            &json!({ "latency": latency, "jitter": jitter }),
        )
    }

    /// Resets each connection, old or new, as soon as the client sends on it.
    pub fn reset_peer(&self) -> Result<()> {
        self.add("reset_peer", Direction::Requests, &json!({ "timeout": 0 }))
    }

    /// Ends all faults. Connections that were silent are closed, because what
    /// was sent on them meanwhile is lost.
    pub fn heal(&self) -> Result<()> {
        let toxics = self.api.get(&self.path)?;
        for toxic in toxics.as_array().into_iter().flatten() {
            let name = toxic["name"]
                .as_str()
                .context("toxiproxy gives a toxic without a name")?;
            self.api.delete(&format!("{}/{name}", self.path))?;
        }
        Ok(())
    }

    fn add(&self, kind: &str, direction: Direction, attributes: &Value) -> Result<()> {
        let stream = match direction {
            Direction::Requests => "upstream",
            Direction::Answers => "downstream",
        };
        let toxic = json!({ "type": kind, "stream": stream, "attributes": attributes });
        self.api.post(&self.path, &toxic)?;
        Ok(())
    }
}
