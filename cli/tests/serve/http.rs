//! The server: what it answers, and that no client can do it harm.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream};

use tempfile::TempDir;

use crate::sidecar::Sidecar;

fn alone() -> (Sidecar, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = Sidecar::in_folder(folder.path(), "a", &[]);
    (sidecar, folder)
}

#[test]
fn a_sidecar_that_works_is_healthy() {
    let (sidecar, _folder) = alone();
    assert_eq!(sidecar.get("/healthz"), (200, "ok\n".to_owned()));
}

#[test]
fn metrics_tell_who_leads() {
    let (sidecar, _folder) = alone();
    sidecar.wait_until_it_leads();
    let mut response = sidecar.ask("GET", "/metrics");
    let content_type = response.headers()["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"));
    let text = response.body_mut().read_to_string().unwrap();
    assert!(
        text.contains("leader_election_master_status{name=\"jobs\"} 1\n"),
        "{text}"
    );
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn a_query_changes_nothing() {
    let (sidecar, _folder) = alone();
    assert_eq!(sidecar.get("/healthz?verbose=1").0, 200);
}

#[test]
fn other_paths_are_not_found() {
    let (sidecar, _folder) = alone();
    for path in ["/isleader", "/isLeader/", "/favicon.ico", "//"] {
        assert_eq!(sidecar.get(path).0, 404, "{path}");
    }
}

#[test]
fn other_methods_are_refused_with_those_that_are_allowed() {
    let (sidecar, _folder) = alone();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let response = sidecar.ask(method, "/isLeader");
        assert_eq!(response.status(), 405, "{method}");
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }
}

#[test]
fn head_is_answered_as_get_without_the_body() {
    let (sidecar, _folder) = alone();
    let answer = whole_answer(
        &sidecar,
        b"HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: 3\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn malformed_requests_are_refused_and_forgotten() {
    let (sidecar, _folder) = alone();
    let endless = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'x'; 1 << 20]].concat();
    for request in [b"\0\x01\x02\r\n\r\n".as_slice(), b"GET\r\n\r\n", &endless] {
        let answer = whole_answer(&sidecar, request);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    assert_eq!(sidecar.get("/healthz").0, 200);
}

/// What libFuzzer would send: requests that are right, changed at random, but always the same ones.
#[test]
fn changed_requests_are_answered_or_refused_and_harm_nobody() {
    let (sidecar, _folder) = alone();
    let right: [&[u8]; 4] = [
        b"GET /isLeader HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"HEAD /healthz HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nExpect: 100-continue\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"PUT /metrics HTTP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
    ];
    let mut random = fastrand::Rng::with_seed(18);
    for _ in 0..500 {
        let mut request = right[random.usize(..right.len())].to_vec();
        for _ in 0..random.usize(1..=4) {
            let at = random.usize(..request.len());
            match random.u8(..3) {
                0 => request[at] = random.u8(..),
                1 => request.truncate(at.max(1)),
                _ => {
                    let again = request[..at].to_vec();
                    request.splice(at..at, again);
                }
            }
        }
        let mut client = sidecar.send(&request);
        let _ = client.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        // A connection that is reset is an answer as well.
        let _ = client.read_to_end(&mut answer);
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1."),
            "{:?}",
            String::from_utf8_lossy(&answer)
        );
    }
    assert_eq!(sidecar.get("/healthz").0, 200);
}

#[test]
fn slow_clients_keep_nobody_waiting_and_are_sent_away() {
    let (sidecar, _folder) = alone();
    let mut slow: Vec<_> = (0..100).map(|_| sidecar.send(b"GET / HT")).collect();
    assert_eq!(sidecar.get("/healthz").0, 200);
    let mut rest = Vec::new();
    // Fails by the client's own, longer limit if the server keeps the connection.
    slow[0].read_to_end(&mut rest).expect("the server closes");
}

#[test]
fn more_clients_than_places_are_served() {
    let (sidecar, _folder) = alone();
    let _idle: Vec<_> = (0..300).map(|_| sidecar.send(b"")).collect();
    assert_eq!(sidecar.get("/healthz").0, 200);
}

#[test]
fn for_one_more_client_the_idlest_is_sent_away() {
    let (sidecar, _folder) = alone();
    // As many as there is room for, of whom most have asked for something since.
    let mut clients: Vec<_> = (0..256).map(|_| sidecar.send(b"")).collect();
    let (idle, busy) = clients.split_at_mut(10);
    for client in busy.iter().rev() {
        assert!(is_answered(client), "while there is room, all are served");
    }
    let mut more = Vec::new();
    for client in idle {
        more.push(sidecar.send(b""));
        assert!(more.last().is_some_and(is_answered));
        assert_eq!(client.read(&mut [0]).unwrap_or(0), 0, "it is sent away");
    }
    // In the same order: none waits for longer than a client may.
    assert!(busy.iter().rev().all(is_answered), "those who ask stay");
}

/// Asks on a connection that stays open.
fn is_answered(mut client: &TcpStream) -> bool {
    let asked = client.write_all(b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    let lines = BufReader::new(client).lines().map_while(Result::ok);
    let answer: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    asked.is_ok() && answer.first().is_some_and(|line| line == "HTTP/1.1 200 OK")
}

#[test]
fn by_default_ipv4_and_ipv6_are_answered_alike() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = Sidecar::at(":0", folder.path());
    let port = sidecar.port();
    let mut hosts = vec![IpAddr::from(Ipv4Addr::LOCALHOST)];
    // A host may be without IPv6.
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        hosts.push(Ipv6Addr::LOCALHOST.into());
    }
    for host in hosts {
        let client = TcpStream::connect((host, port)).unwrap();
        assert!(is_answered(&client), "{host}");
    }
}

/// What the server sends until it closes. A reset is an end, too.
fn whole_answer(sidecar: &Sidecar, request: &[u8]) -> String {
    let mut client = sidecar.send(request);
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
