//! What is asked for.

use std::time::Duration;

use crate::election::Limits;

/// A lock to be acquired: its name, and the limits of the work under it.
///
/// ```
/// use std::time::Duration;
/// use leasehold::LockRequest;
///
/// let request = LockRequest::new("nightly-report").at_least(Duration::from_secs(30));
/// ```
#[derive(Clone, Debug)]
pub struct LockRequest {
    pub(crate) name: String,
    pub(crate) limits: Limits,
}

impl LockRequest {
    /// The lock of this name, which may be any text. One that a Lease cannot have is shown in the name of
    /// its Lease as far as that can be.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            limits: Limits::default(),
        }
    }

    /// How long the lock is held at most, from when it is acquired: then it is lost, and the Lease expires.
    /// A limit for work that goes on for too long. Without one, the lock is renewed until it is released.
    #[must_use]
    pub fn at_most(mut self, at_most: Duration) -> Self {
        self.limits.at_most = Some(at_most);
        self
    }

    /// For how long nobody else acquires the lock, from when it is acquired, though it is released before:
    /// for work that is due in all instances, but not quite at the same time. Up to a lease duration more,
    /// and not if the holder crashes. At most as long as `at_most`.
    #[must_use]
    pub fn at_least(mut self, at_least: Duration) -> Self {
        self.limits.at_least = at_least;
        self
    }
}

impl<T: Into<String>> From<T> for LockRequest {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}
