//! Listeners: each on a thread of its own, so that none blocks another, or a renewal.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::error;

use crate::error::{Error, ErrorKind, Result};
use crate::events::{Event, Registration, SingletonService, Subscription};
use crate::runtime;

/// Calls `listener` with each event until the registration is dropped or the election ends.
pub(crate) fn listen(
    events: Subscription,
    mut listener: impl FnMut(&Event) + Send + 'static,
) -> Result<Registration> {
    let (mut events, registration) = events.registered();
    let body = move || {
        while let Some(Some(event)) = runtime::block_on(events.next(), None) {
            if catch_unwind(AssertUnwindSafe(|| listener(&event))).is_err() {
                error!("a leadership listener panicked; it still receives later events");
            }
            // Dropped here: the listener is done with it, so its work counts as stopped.
            drop(event);
        }
        // A service that was removed stops here; a term that ends meanwhile waits for it.
        drop(listener);
        drop(events);
    };
    runtime::spawn_thread("leasehold-listener", body).map_err(|error| {
        Error::new(
            ErrorKind::Internal,
            format!("cannot start a listener's thread: {error}"),
        )
        .with_source(error)
    })?;
    Ok(registration)
}

/// A singleton service, and whether it runs.
pub(crate) struct ServiceListener<S: SingletonService> {
    service: S,
    started: bool,
}

impl<S: SingletonService> ServiceListener<S> {
    pub(crate) fn new(service: S) -> Self {
        Self {
            service,
            started: false,
        }
    }

    pub(crate) fn handle(&mut self, event: &Event) {
        match event {
            Event::Acquired(term) => {
                self.started = true;
                self.service.start(term);
            }
            Event::Lost(_) => self.stop(),
            _ => {}
        }
    }

    fn stop(&mut self) {
        if std::mem::take(&mut self.started) {
            self.service.stop();
        }
    }
}

impl<S: SingletonService> Drop for ServiceListener<S> {
    /// Removed while it runs: nobody else will stop it.
    fn drop(&mut self) {
        self.stop();
    }
}
