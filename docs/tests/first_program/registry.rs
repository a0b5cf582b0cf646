//! A registry of npm packages that serves a folder of tarballs.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

pub(crate) struct Registry {
    address: String,
    folder: PathBuf,
}

impl Registry {
    /// Serves until the process ends, and returns where.
    pub(crate) fn serve(folder: &Path) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let registry = Self {
            address: address.clone(),
            folder: folder.to_owned(),
        };
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                registry.answer(connection);
            }
        });
        address
    }

    /// Answers one request: a tarball, or else what there is of a package.
    fn answer(&self, mut connection: TcpStream) {
        let mut lines = BufReader::new(&connection).lines().map_while(Result::ok);
        let request = lines.next().unwrap_or_default();
        while lines.next().is_some_and(|header| !header.is_empty()) {}
        let target = request.split(' ').nth(1).unwrap_or_default();
        let target = target.trim_start_matches('/').replace("%2f", "/");
        let (status, body) = if let Ok(tarball) = fs::read(self.folder.join(&target)) {
            ("200 OK", tarball)
        } else if let Some(package) = self.package(&target) {
            ("200 OK", package.to_string().into_bytes())
        } else {
            ("404 Not Found", Vec::new())
        };
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        // Who asks may have gone away.
        let _ = connection
            .write_all(head.as_bytes())
            .and_then(|()| connection.write_all(&body));
    }

    fn package(&self, name: &str) -> Option<Value> {
        let tarballs = fs::read_dir(&self.folder).expect("the packages");
        tarballs
            .flatten()
            .map(|entry| entry.path())
            .find_map(|tarball| {
                let description = description(&tarball)?;
                let version = description["version"].as_str()?.to_owned();
                (description["name"] == name)
                    .then(|| self.document(&version, description, &tarball))
            })
    }

    /// What a registry says of a package with one version.
    fn document(&self, version: &str, mut description: Value, tarball: &Path) -> Value {
        let file = tarball.file_name().unwrap_or_default().to_string_lossy();
        description["dist"] = json!({ "tarball": format!("{}/{file}", self.address) });
        json!({
            "name": description["name"],
            "dist-tags": { "latest": version },
            "versions": { version: description },
        })
    }
}

/// The `package.json` in a tarball.
fn description(tarball: &Path) -> Option<Value> {
    let mut tar = Command::new("tar");
    tar.args(["-xzOf"]).arg(tarball).arg("package/package.json");
    serde_json::from_slice(&tar.output().ok()?.stdout).ok()
}
