//! A token that somebody else keeps fresh in a file, as the kubelet does for service accounts.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::HeaderValue;
use tokio::task::spawn_blocking;

use super::config::Origin;
use super::credentials::bearer;
use crate::error::{Error, ErrorKind, Result};

/// Read again for each request, so that a fresh token is used from its first second.
#[derive(Clone)]
pub(super) struct TokenFile {
    path: Arc<PathBuf>,
    last: Arc<Mutex<HeaderValue>>,
}

impl TokenFile {
    /// `otherwise` is what to use while the file cannot be read.
    pub(super) fn open(
        path: &str,
        otherwise: Option<HeaderValue>,
        origin: &Origin,
    ) -> Result<Self> {
        let path = PathBuf::from(path);
        match (read(&path), otherwise) {
            (Ok(token), _) | (Err(_), Some(token)) => Ok(Self {
                path: Arc::new(path),
                last: Arc::new(Mutex::new(token)),
            }),
            (Err(why), None) => Err(origin.wrong(format!(
                "tokenFile {} cannot be used ({why})",
                path.display()
            ))),
        }
    }

    /// The present token. If it cannot be read, the last one: some programs are given a token at
    /// their start only (kubernetes#68164).
    pub(super) async fn token(&self) -> Result<HeaderValue> {
        let file = self.clone();
        let reading = spawn_blocking(move || {
            let fresh = read(&file.path);
            let mut last = file.last.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(token) = fresh {
                *last = token;
            }
            last.clone()
        });
        reading
            .await
            .map_err(|panic| Error::new(ErrorKind::Internal, panic.to_string()))
    }
}

fn read(path: &PathBuf) -> Result<HeaderValue, String> {
    let token = fs::read_to_string(path).map_err(|error| error.to_string())?;
    match token.trim() {
        "" => Err("it is empty".into()),
        token => bearer(token).ok_or_else(|| "it does not hold a token".into()),
    }
}
