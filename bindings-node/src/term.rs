//! A term as JavaScript's `Term` reads it.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use leasehold::Term;
use napi::Env;
use napi::bindgen_prelude::Function;
use napi_derive::napi;

use crate::error::{Result, contained};
use crate::fast_path::function_of;
use crate::times::whole_milliseconds;

#[napi]
pub struct NativeTerm(pub(crate) Term);

/// Work that has begun under a term.
#[napi(object, object_from_js = false)]
pub struct NativeWork {
    pub term: NativeTerm,
    /// The number of what is unfinished until the work has ended.
    pub unfinished: u32,
}

#[napi]
impl NativeTerm {
    #[napi(getter)]
    pub fn fencing_token(&self) -> u64 {
        self.0.fencing_token()
    }

    #[napi(getter)]
    pub fn transitions(&self) -> i32 {
        self.0.transitions()
    }

    #[napi(getter)]
    pub fn lease_uid(&self) -> &str {
        self.0.lease_uid()
    }

    /// In milliseconds since the Unix epoch.
    #[napi(getter)]
    pub fn acquired_at(&self) -> f64 {
        let since_epoch = self.0.acquired_at().duration_since(UNIX_EPOCH);
        since_epoch.map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }

    #[napi(getter)]
    pub fn acquisition(&self) -> &'static str {
        self.0.acquisition().name()
    }

    /// A function that answers whether this instance still leads under the term.
    #[napi]
    pub fn answer<'env>(&self, env: &'env Env) -> napi::Result<Function<'env, (), bool>> {
        function_of(Arc::new(self.0.clone()), env)
    }

    /// In milliseconds.
    #[napi]
    pub fn remaining(&self) -> f64 {
        whole_milliseconds(self.0.remaining())
    }

    #[napi]
    pub fn check(&self) -> Result<()> {
        contained(|| self.0.check())
    }
}
