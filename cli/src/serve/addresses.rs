//! Where the sidecar listens.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use anyhow::{Result, anyhow};
use socket2::{Domain, Socket, Type};
use tokio::net::TcpListener;

/// How many connections wait to be accepted.
const BACKLOG: i32 = 1024;

/// Where to listen: at the first of these that can be had. Never empty.
#[derive(Clone, Debug)]
pub(super) struct Addresses(Vec<SocketAddr>);

impl Addresses {
    /// To be called within a runtime.
    pub(super) fn listen(&self) -> Result<TcpListener> {
        let mut failure = None;
        for address in &self.0 {
            match listen(*address) {
                Ok(listener) => return Ok(listener),
                Err(error) => failure = failure.or(Some((address, error))),
            }
        }
        let (address, error) = failure.expect("there is an address");
        Err(anyhow!("--http = {address}: cannot listen there: {error}"))
    }
}

impl FromStr for Addresses {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(Ok(port)) = text.strip_prefix(':').map(str::parse) {
            // The first serves both families; it cannot be had where the kernel is without IPv6.
            return Ok(Self(vec![
                (Ipv6Addr::UNSPECIFIED, port).into(),
                (Ipv4Addr::UNSPECIFIED, port).into(),
            ]));
        }
        let found = text.to_socket_addrs().map(Vec::from_iter);
        found
            .ok()
            .filter(|addresses| !addresses.is_empty())
            .map(Self)
            .ok_or("use ADDRESS:PORT, such as `127.0.0.1:4040`, or `:4040` for every address")
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        // The address for all of IPv6 is that for all of IPv4 as well, also where the host's default is
        // another (net.ipv6.bindv6only).
        socket.set_only_v6(false)?;
    }
    // After a restart, clients of the process before may still hold its port.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_the_first_address_the_next_is_taken() {
        // For documentation: no host has it.
        let absent: SocketAddr = "[2001:db8::1]:0".parse().unwrap();
        let present: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let listener = Addresses(vec![absent, present]).listen().unwrap();
        assert_eq!(listener.local_addr().unwrap().ip(), present.ip());
    }

    #[tokio::test]
    async fn of_addresses_that_cannot_be_had_the_first_is_named() {
        let absent: SocketAddr = "[2001:db8::1]:80".parse().unwrap();
        let another: SocketAddr = "203.0.113.1:80".parse().unwrap();
        let error = Addresses(vec![absent, another]).listen().unwrap_err();
        assert!(error.to_string().contains("[2001:db8::1]:80"), "{error}");
    }

    #[test]
    fn every_address_is_that_of_ipv6_else_that_of_ipv4() {
        let every: Addresses = ":4040".parse().unwrap();
        assert_eq!(
            every.0,
            ["[::]:4040", "0.0.0.0:4040"].map(|it| it.parse().unwrap())
        );
    }
}
