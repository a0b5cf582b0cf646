//! A token that somebody else keeps fresh in a file, as the kubelet does for service accounts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::HeaderValue;

use super::reading::{Reading, file_of_limited_length};
use super::shown::bearer;

/// How long a request waits for the file.
const LONGEST_WAIT: Duration = Duration::from_millis(300);

/// Read again for each request, so that a fresh token is used from its first second.
#[derive(Clone)]
pub(super) struct TokenFile(Arc<Inner>);

struct Inner {
    path: PathBuf,
    last: Mutex<HeaderValue>,
    reading: Reading<Result<HeaderValue, String>>,
}

impl TokenFile {
    /// `last` is what to use while the file cannot be read.
    pub(super) fn new(path: &str, last: HeaderValue) -> Self {
        Self(Arc::new(Inner {
            path: path.into(),
            last: Mutex::new(last),
            reading: Reading::default(),
        }))
    }

    /// The present token. If it cannot be read, the last one: some programs are given a token at
    /// their start only (kubernetes#68164).
    pub(super) async fn token(&self) -> HeaderValue {
        let path = self.0.path.clone();
        let reading = self.0.reading.within(LONGEST_WAIT, move || read(&path));
        let fresh = reading.await;
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Ok(token)) = fresh {
            *last = token;
        }
        last.clone()
    }
}

pub(super) fn read(path: &Path) -> Result<HeaderValue, String> {
    let contents = file_of_limited_length(path).map_err(|error| error.to_string())?;
    let token = str::from_utf8(&contents).map_err(|_| "it is not text".to_owned())?;
    match token.trim() {
        "" => Err("it is empty".into()),
        token => bearer(token).ok_or_else(|| "it does not hold a token".into()),
    }
}
