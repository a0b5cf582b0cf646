//! From a port of this machine's loopback address to one within a cluster's network namespace.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result};

/// It ends when dropped; connections end with their ends.
pub(crate) struct Relay {
    port: u16,
    is_ended: Arc<AtomicBool>,
}

impl Relay {
    /// To `target` in `network`, a file of `/proc/PID/ns`.
    pub(crate) fn start(network: File, target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a port for a relay")?;
        let port = listener.local_addr()?.port();
        let is_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&is_ended);
        let network = Arc::new(network);
        thread::spawn(move || {
            for near in listener.incoming().filter_map(Result::ok) {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let network = Arc::clone(&network);
                thread::spawn(move || carry(&near, &network, target));
            }
        });
        Ok(Self { port, is_ended })
    }

    /// The port of this machine's loopback address.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::Relaxed);
        // It wakes the listener. If that has failed, nobody is there to wake.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

/// A socket belongs to the namespace of the thread that makes it. This thread is for one connection.
fn carry(near: &TcpStream, network: &File, target: SocketAddr) {
    let far = move_into(network).and_then(|()| TcpStream::connect(target));
    // The one who connected sees the connection end.
    let Ok(far) = far else { return };
    thread::scope(|scope| {
        scope.spawn(|| copy(near, &far));
        copy(&far, near);
    });
}

#[cfg(target_os = "linux")]
fn move_into(network: &File) -> io::Result<()> {
    use std::os::fd::AsFd;

    use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
    Ok(())
}

/// Elsewhere there is no network to move into: [`super::what_is_missing`] says so before.
#[cfg(not(target_os = "linux"))]
fn move_into(_: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn copy(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}
