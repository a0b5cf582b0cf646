//! The core's lists of names, so that a test can compare the package's types with them.

use leasehold::{ErrorKind, LostReason, Mode, Role};
use napi_derive::napi;

#[napi(object, object_from_js = false)]
pub(crate) struct Names {
    pub error_codes: Vec<&'static str>,
    pub lost_reasons: Vec<&'static str>,
    pub modes: Vec<&'static str>,
    pub roles: Vec<&'static str>,
}

#[napi]
pub(crate) fn names() -> Names {
    Names {
        error_codes: ErrorKind::ALL.iter().map(|kind| kind.name()).collect(),
        lost_reasons: LostReason::ALL.iter().map(|reason| reason.name()).collect(),
        modes: Mode::ALL.iter().map(|mode| mode.name()).collect(),
        roles: Role::ALL.iter().map(|role| role.name()).collect(),
    }
}
