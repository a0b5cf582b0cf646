//! A way to the API server that counts connections, and on which they can fall silent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

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
}

impl Wire {
    pub(crate) async fn to_the_api_server() -> Self {
        let upstream = cluster::started().server_address().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<State>::default();
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

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, number: usize, state: Arc<State>) {
    let mut silent = state.silent.subscribe();
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if number < *silent.borrow() {
            state.holds_something.send_replace(true);
        }
        silent.wait_for(|silent| number >= *silent).await.unwrap();
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}
