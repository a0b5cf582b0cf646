//! The status as JavaScript sees it.

use leasehold::Status;
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

use crate::error::NativeError;
use crate::times::whole_milliseconds;

#[napi(object, object_from_js = false, use_nullable = true)]
pub struct NativeStatus {
    pub lease: String,
    pub mode: &'static str,
    pub identity: Option<String>,
    pub role: &'static str,
    pub holder: Option<String>,
    pub why_not_leading: Option<String>,
    pub failing: Option<NativeError>,
    pub watching: bool,
    pub fencing_token: Option<BigInt>,
    pub remaining_ms: f64,
}

impl From<Status> for NativeStatus {
    fn from(status: Status) -> Self {
        Self {
            lease: status.lease,
            mode: status.mode.name(),
            identity: status.identity,
            role: status.role.name(),
            holder: status.holder,
            why_not_leading: status.why_not_leading,
            failing: status.failing.as_ref().map(NativeError::from),
            watching: status.watching,
            fencing_token: status.fencing_token.map(BigInt::from),
            remaining_ms: whole_milliseconds(status.remaining),
        }
    }
}
