//! Faults between a client and a server.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use leasehold_test_cluster::{Api, ApiError, Direction, Result, TestCluster, ToxiProxy, User};
use serde_json::Value;

/// How long something that must happen is waited for.
const LIMIT: Duration = Duration::from_secs(60);
/// How long something that must not happen is waited for.
const A_WHILE: Duration = Duration::from_millis(500);

#[test]
fn a_proxy_passes_on_delays_and_resets() -> Result<()> {
    let cluster = TestCluster::start()?;
    let toxiproxy = ToxiProxy::start()?;
    let proxy = toxiproxy.create("api", cluster.server_address())?;
    let kubeconfig = cluster.kubeconfig_for(User::Admin, Some(&proxy.url()))?;
    // On a connection of its own each time.
    let version = || -> Result<Result<Value, ApiError>> {
        Ok(Api::from_kubeconfig(&kubeconfig)?.get("/version"))
    };
    version()??;

    let latency = Duration::from_millis(300);
    proxy.add_latency(latency, Duration::ZERO)?;
    let started = Instant::now();
    version()??;
    assert!(started.elapsed() >= latency);

    proxy.heal()?;
    proxy.reset_peer()?;
    assert_eq!(version()?.unwrap_err().status(), None);

    proxy.heal()?;
    version()??;
    Ok(())
}

#[test]
fn a_silent_proxy_neither_answers_nor_closes() -> Result<()> {
    let toxiproxy = ToxiProxy::start()?;
    let proxy = toxiproxy.create("echo", &echo_server()?)?;
    let mut old = connect(proxy.address())?;
    assert_eq!(echo(&mut old)?, 1);

    proxy.go_silent()?;
    let mut new = connect(proxy.address())?;
    for connection in [&mut old, &mut new] {
        connection.set_read_timeout(Some(A_WHILE))?;
        // `Ok(0)` would be a connection that was closed.
        assert_eq!(echo(connection).unwrap_err().kind(), ErrorKind::WouldBlock);
    }

    proxy.heal()?;
    assert_eq!(echo(&mut connect(proxy.address())?)?, 1);
    old.set_read_timeout(Some(LIMIT))?;
    assert!(!matches!(echo(&mut old), Ok(1..)));
    Ok(())
}

#[test]
fn a_proxy_that_is_silent_in_one_direction_passes_the_other_on() -> Result<()> {
    let toxiproxy = ToxiProxy::start()?;
    for (silent, arrives) in [(Direction::Requests, false), (Direction::Answers, true)] {
        let server = TcpListener::bind("127.0.0.1:0")?;
        let upstream = server.local_addr()?.to_string();
        let proxy = toxiproxy.create(&format!("{silent:?}"), &upstream)?;
        proxy.silence(silent)?;
        let mut client = connect(proxy.address())?;
        client.write_all(b"?")?;
        let (mut request, _) = server.accept()?;
        let wait = |arrives| Some(if arrives { LIMIT } else { A_WHILE });
        request.set_read_timeout(wait(arrives))?;
        assert_eq!(request.read(&mut [0]).is_ok(), arrives);
        request.write_all(b"!")?;
        client.set_read_timeout(wait(!arrives))?;
        assert_eq!(client.read(&mut [0]).is_ok(), !arrives);
    }
    Ok(())
}

/// Returns the address of a server that sends back what it gets.
fn echo_server() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let copied = connection.try_clone().map(|mut reader| {
                thread::spawn(move || io::copy(&mut reader, &mut connection));
            });
            copied.expect("a socket can be cloned");
        }
    });
    Ok(address.to_string())
}

fn connect(address: &str) -> Result<TcpStream> {
    let connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(LIMIT))?;
    Ok(connection)
}

/// Sends a byte and returns how many came back: none if the connection ended.
fn echo(connection: &mut TcpStream) -> io::Result<usize> {
    connection.write_all(b"?")?;
    connection.read(&mut [0])
}
