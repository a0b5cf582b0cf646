//! A look at a Lease, without taking part in its election: nothing here can acquire one.

use std::fmt;
use std::future::Future;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::{Checked, Config};
use crate::election::{Election, LeaseSnapshot};
use crate::elector;
use crate::error::Result;
use crate::identity;
use crate::lease_record::StoredLease;
use crate::lease_store::Location;
use crate::lease_store::kubernetes::{AccessReview, RouteTarget};
use crate::open::{self, FoundLease, FoundStore};
use crate::runtime::{self, Runtime};

/// Somebody who looks at a Lease and takes no part: never writes or locks anything, and makes nothing
/// that is not there. Uses the connections and the background thread of the process's elections.
///
/// Every method may be called from any thread; in a forked child those that can fail do so with
/// [`ErrorKind::Forked`](crate::ErrorKind::Forked).
///
/// ```no_run
/// # fn main() -> leasehold::Result<()> {
/// let observer = leasehold::Config::new("monolith-jobs").observe()?;
/// match observer.read()? {
///     Some(lease) => println!("{} holds it", lease.record.holder),
///     None => println!("there is no such Lease"),
/// }
/// # Ok(())
/// # }
/// ```
pub struct Observer {
    config: Checked,
    runtime: Runtime,
    found: FoundLease,
}

impl Config {
    /// Opens the Lease for looking at it. Blocks the calling thread while credentials are loaded, but
    /// asks nothing of the API server yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) names the wrong field, its value and the fix.
    /// In the modes `always` and `never` there is nothing to look at.
    pub fn observe(&self) -> Result<Observer> {
        let config = self.check()?;
        let runtime = Runtime::get()?;
        Ok(Observer {
            found: open::for_observer(runtime, &config)?,
            config,
            runtime,
        })
    }
}

impl Observer {
    /// Where the Lease is kept.
    pub fn location(&self) -> &Location {
        &self.found.location
    }

    /// The Lease as of now; `None` when there is none. Blocks the calling thread, for at most a
    /// quarter of the renew deadline, as a candidate waits for an answer.
    ///
    /// # Errors
    /// As the store has them: [`ErrorKind`](crate::ErrorKind) says what to do.
    pub fn read(&self) -> Result<Option<StoredLease>> {
        let store = self.found.store();
        self.ask(async move { Ok(store.read().await?) })
    }

    /// What the API server lets these credentials, or another `user` by its name, do with the
    /// Lease; `None` if no API server keeps it. Blocks the calling thread, as [`read`](Self::read)
    /// does.
    ///
    /// # Errors
    /// As [`read`](Self::read); not everybody may ask about others.
    pub fn review_access(&self, user: Option<&str>) -> Result<Option<AccessReview>> {
        let FoundStore::Cluster(store) = self.found.store.clone() else {
            return Ok(None);
        };
        let user = user.map(str::to_owned);
        self.ask(async move { store.review_access(user.as_deref()).await.map(Some) })
    }

    /// Where the Service of the setting `leader_service` leads; `None` if that is not set, if no
    /// API server keeps the Lease, or if there is no such slice. Blocks the calling thread, as
    /// [`read`](Self::read) does.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn route(&self) -> Result<Option<RouteTarget>> {
        let service = self.config.leader_service.clone();
        let (FoundStore::Cluster(store), Some(service)) = (self.found.store.clone(), service)
        else {
            return Ok(None);
        };
        self.ask(async move { store.route_target(&service).await })
    }

    /// Whether a candidate with these credentials could create the Lease, rights aside: asks the API
    /// server for a dry run, which also namespaces, quotas and admission plugins have their say in; in
    /// mode `file`, whether the folder is fit for an election of this user. Where the Lease exists in a
    /// cluster already, there is nothing to find out. Blocks the calling thread, as
    /// [`read`](Self::read) does.
    ///
    /// # Errors
    /// Why it could not be created, as for an election.
    pub fn rehearse_creation(&self) -> Result<()> {
        match self.found.store.clone() {
            FoundStore::Cluster(store) => self.ask(async move { store.rehearse_creation().await }),
            FoundStore::Folder(store) => self.ask(async move { store.check().await }),
        }
    }

    /// What a candidate with these settings waits where the Lease does not say how long.
    pub fn lease_duration(&self) -> Duration {
        self.config.lease_duration
    }

    /// Follows the Lease from now on as a candidate does: reads it, watches it, polls it where it
    /// may not be watched, and goes on after any failure.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::ErrorKind::Internal) if the system gives no randomness.
    pub fn follow(&self) -> Result<LeaseSnapshots> {
        self.runtime.check_process()?;
        let clock = Clock::suspend_aware();
        let settings = self.config.election();
        // Under a name of its own, since that of the settings may be in use.
        let (identity, seed) = (identity::draw()?, identity::random()?);
        let election = Election::new(identity, settings.clone(), seed, clock.now());
        let (sender, receiver) = mpsc::unbounded_channel();
        self.runtime.spawn(elector::follow(
            self.config.lease.clone(),
            self.found.store(),
            settings,
            election.observing_only(),
            seed,
            clock,
            sender,
        ));
        Ok(LeaseSnapshots(receiver))
    }

    /// Asks on the background thread, to which the connections belong.
    fn ask<T: Send + 'static>(
        &self,
        question: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.runtime.check_process()?;
        let clock = Clock::suspend_aware();
        let deadline = clock.now() + self.config.request_limit();
        self.runtime
            .wait_for(elector::with_deadline(clock, deadline, question))?
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer")
            .field("lease", &self.config.lease)
            .field("location", &self.found.location)
            .finish_non_exhaustive()
    }
}

/// What is seen of a Lease, each time that something has changed. Dropping it ends the watch.
#[derive(Debug)]
pub struct LeaseSnapshots(mpsc::UnboundedReceiver<LeaseSnapshot>);

impl LeaseSnapshots {
    /// The next snapshot; `None` when no other will come. Works under any async runtime.
    pub async fn recv(&mut self) -> Option<LeaseSnapshot> {
        runtime::for_application(self.0.recv()).await
    }

    /// The next snapshot, waiting for at most `timeout`. Blocks the calling thread.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<LeaseSnapshot, RecvTimeoutError> {
        match runtime::block_on(self.0.recv(), Some(timeout)) {
            Some(Some(snapshot)) => Ok(snapshot),
            Some(None) => Err(RecvTimeoutError::Disconnected),
            None => Err(RecvTimeoutError::Timeout),
        }
    }
}
