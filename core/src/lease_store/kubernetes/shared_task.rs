//! Work that several wait for together, and that goes on when one of them gives up.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::error::{Error, ErrorKind, Result};

/// What comes of a task, for each who waits for it.
pub(super) type SharedTask<T> = Shared<BoxFuture<'static, Result<T>>>;

/// Starts `work` in a task of its own. A panic in it is an [`Internal`](ErrorKind::Internal) error.
pub(super) fn start<T: Clone + Send + Sync + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> SharedTask<T> {
    let task = tokio::spawn(work);
    let outcome = async move {
        match task.await {
            Ok(outcome) => outcome,
            Err(panic) => Err(Error::new(ErrorKind::Internal, panic.to_string())),
        }
    };
    outcome.boxed().shared()
}
