//! A way to the API server that counts connections, and on which they can be slow or fall silent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::cluster::{self, admin};
use crate::kubeconfig::Kubeconfig;

/// A port that leads to the API server.
pub(crate) struct Wire {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    opened: AtomicUsize,
    /// How many of the first connections pass nothing on.
    silent: watch::Sender<usize>,
    holds_something: watch::Sender<bool>,
    /// How long each direction takes.
    delay: Duration,
}

impl Wire {
    pub(crate) async fn to_the_api_server() -> Self {
        Self::with_delay(Duration::ZERO).await
    }

    /// On which everything takes so long to get to the other side.
    pub(crate) async fn with_delay(delay: Duration) -> Self {
        let upstream = cluster::started().server_address().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            delay,
            ..State::default()
        });
        let accepting = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&upstream).await.unwrap();
                let number = accepting.opened.fetch_add(1, Ordering::SeqCst);
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let state = Arc::clone(&accepting);
                tokio::spawn(pass(from_client, to_server, number, Arc::clone(&state)));
                tokio::spawn(pass(from_server, to_client, number, state));
            }
        });
        Self { address, state }
    }

    /// A kubeconfig for the administrator, by this way.
    pub(crate) fn kubeconfig(&self) -> Kubeconfig {
        Kubeconfig::new(&cluster::cluster_at(&self.address.to_string()), &admin())
    }

    /// How many connections have been opened.
    pub(crate) fn connections(&self) -> usize {
        self.state.opened.load(Ordering::SeqCst)
    }

    /// From now on the connections that are open stay open and pass nothing on.
    pub(crate) fn silence_open_connections(&self) {
        self.state.silent.send_replace(self.connections());
    }

    /// Waits until a silent connection has been given something to pass on.
    pub(crate) async fn holds_something(&self) {
        let mut holds_something = self.state.holds_something.subscribe();
        holds_something.wait_for(|holds| *holds).await.unwrap();
    }

    /// Ends the silence. Nothing has been lost.
    pub(crate) fn resume(&self) {
        self.state.silent.send_replace(0);
    }
}

async fn pass(mut from: OwnedReadHalf, to: OwnedWriteHalf, number: usize, state: Arc<State>) {
    let mut silent = state.silent.subscribe();
    let mut buffer = vec![0; 16 * 1024];
    let (under_way, arriving) = mpsc::unbounded_channel();
    tokio::spawn(deliver(arriving, to));
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if number < *silent.borrow() {
            state.holds_something.send_replace(true);
        }
        silent.wait_for(|silent| number >= *silent).await.unwrap();
        let sent = (Instant::now() + state.delay, buffer[..length].to_vec());
        if under_way.send(sent).is_err() {
            break;
        }
    }
}

async fn deliver(mut arriving: UnboundedReceiver<(Instant, Vec<u8>)>, mut to: OwnedWriteHalf) {
    while let Some((at, bytes)) = arriving.recv().await {
        sleep_until(at).await;
        if to.write_all(&bytes).await.is_err() {
            break;
        }
    }
}
