//! A token that somebody else keeps fresh in a file, as the kubelet does for service accounts.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use http::Request;
use http::header::{AUTHORIZATION, HeaderValue};
use kube::config::AuthInfo;
use tokio::task::spawn_blocking;
use tower::BoxError;
use tower::filter::AsyncPredicate;

use super::config::Origin;
use crate::error::Result;

/// Reads the file again for each request, so that a fresh token is used from its first second.
///
/// (kube does so once a minute, and refuses a file that ends with a line break.)
#[derive(Clone)]
pub(super) struct TokenFile {
    path: Arc<PathBuf>,
    last: Arc<Mutex<HeaderValue>>,
}

impl TokenFile {
    /// Takes the token file, which goes before a token, out of the user's credentials.
    pub(super) fn of(user: &mut AuthInfo, origin: &Origin) -> Result<Option<Self>> {
        let Some(path) = user.token_file.take().map(PathBuf::from) else {
            return Ok(None);
        };
        user.token = None;
        match read(&path) {
            Ok(token) => Ok(Some(Self {
                path: Arc::new(path),
                last: Arc::new(Mutex::new(token)),
            })),
            Err(error) => Err(origin.wrong(format!(
                "tokenFile {} cannot be used ({error})",
                path.display()
            ))),
        }
    }

    /// The present token. Where it cannot be read, the last one: some programs are given a token
    /// at their start only (kubernetes#68164).
    fn token(&self) -> HeaderValue {
        let fresh = read(&self.path);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(token) = fresh {
            *last = token;
        }
        last.clone()
    }
}

impl<B: Send + 'static> AsyncPredicate<Request<B>> for TokenFile {
    type Future = BoxFuture<'static, Result<Request<B>, BoxError>>;
    type Request = Request<B>;

    fn check(&mut self, mut request: Request<B>) -> Self::Future {
        let file = self.clone();
        Box::pin(async move {
            let token = spawn_blocking(move || file.token()).await?;
            request.headers_mut().insert(AUTHORIZATION, token);
            Ok(request)
        })
    }
}

fn read(path: &PathBuf) -> Result<HeaderValue, BoxError> {
    let token = fs::read_to_string(path)?;
    let mut header = HeaderValue::try_from(format!("Bearer {}", token.trim()))?;
    header.set_sensitive(true);
    Ok(header)
}
