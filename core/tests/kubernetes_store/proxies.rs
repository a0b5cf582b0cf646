//! Proxies between us and the API server.

use std::net::Ipv4Addr;

use leasehold::lease_store::LeaseStore;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::cluster::{admin, cluster};
use crate::kubeconfig::Kubeconfig;

/// The head of an HTTP request, up to its empty line.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_proxy_is_asked_for_a_tunnel_with_its_password() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut cluster = cluster();
    let address = proxy.local_addr().unwrap();
    cluster["proxy-url"] = json!(format!("http://me:p%40ss@{address}"));
    let (heads, mut asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (mut client, _) = proxy.accept().await.unwrap();
        let head = head(&mut client).await;
        let target = head.split(' ').nth(1).unwrap().to_owned();
        heads.send(head).unwrap();
        let mut server = TcpStream::connect(target).await.unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    });

    let connections = Kubeconfig::new(&cluster, &admin()).connect().await.unwrap();
    connections
        .lease("default", "tunnelled")
        .unwrap()
        .read()
        .await
        .unwrap();

    let head = asked.recv().await.unwrap().to_ascii_lowercase();
    assert!(head.starts_with("connect 127.0.0.1:"), "{head}");
    // me:p@ss
    assert!(
        head.contains("proxy-authorization: basic bwu6cebzcw=="),
        "{head}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socks_proxy_is_asked_for_the_api_server() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut cluster = cluster();
    cluster["proxy-url"] = json!(format!("socks5://{}", proxy.local_addr().unwrap()));
    tokio::spawn(async move {
        let (mut client, _) = proxy.accept().await.unwrap();
        let mut greeting = [0; 3];
        client.read_exact(&mut greeting).await.unwrap();
        assert_eq!(
            greeting,
            [5, 1, 0],
            "version 5, one method, which is no password"
        );
        client.write_all(&[5, 0]).await.unwrap();
        let mut request = [0; 10];
        client.read_exact(&mut request).await.unwrap();
        let [5, 1, 0, 1, a, b, c, d, high, low] = request else {
            panic!("{request:?} asks for no connection to an IPv4 address");
        };
        let port = u16::from_be_bytes([high, low]);
        let mut server = TcpStream::connect((Ipv4Addr::new(a, b, c, d), port))
            .await
            .unwrap();
        client
            .write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            .await
            .unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    });

    let connections = Kubeconfig::new(&cluster, &admin()).connect().await.unwrap();
    connections
        .lease("default", "by-socks")
        .unwrap()
        .read()
        .await
        .unwrap();
}
