//! Threads for what may block.

use std::thread;

use leasehold::{Error, ErrorKind, Result};

/// Starts a thread; `whose` is for the error if that cannot be done.
pub(crate) fn start(name: &str, whose: &str, body: impl FnOnce() + Send + 'static) -> Result<()> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(body);
    started.map(drop).map_err(|error| {
        let message = format!("cannot start the thread of {whose}: {error}");
        Error::new(ErrorKind::Internal, message).with_source(error)
    })
}
