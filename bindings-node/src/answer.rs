//! The function behind `isLeader`: made for each election, with the election as its data.
//!
//! A method of a class costs ten times as much, since Node-API must first find out what object it
//! was called on.

#![expect(
    unsafe_code,
    reason = "Node-API gives a function its data as a plain pointer"
)]

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use leasehold::LeaderElection;
use napi::bindgen_prelude::{FromNapiValue, Function};
use napi::{Env, check_status, sys};

const NAME: &str = "isLeader";

/// A JavaScript function that tells whether `election` leads, at each call.
pub(crate) fn is_leader_of(
    election: Arc<LeaderElection>,
    env: &Env,
) -> napi::Result<Function<'_, (), bool>> {
    let data = Arc::into_raw(election).cast_mut().cast::<c_void>();
    let mut function = ptr::null_mut();
    // SAFETY: called in JavaScript's thread, with a name and a place for the result that outlive
    // the call. `answer` takes `data` for what it is.
    let created = unsafe {
        sys::napi_create_function(
            env.raw(),
            NAME.as_ptr().cast(),
            NAME.len().cast_signed(),
            Some(answer),
            data,
            &raw mut function,
        )
    };
    check_status!(created, "cannot make the function `{NAME}`")?;
    // SAFETY: `function` is the one just made; `let_go` takes `data` for what it is, once, after
    // the function was collected.
    let kept = unsafe {
        sys::napi_add_finalizer(
            env.raw(),
            function,
            data,
            Some(let_go),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    // Where this fails the election is leaked: the function may still be called.
    check_status!(kept, "cannot keep the election of `{NAME}`")?;
    // SAFETY: it is a function, in this environment and scope.
    unsafe { Function::from_napi_value(env.raw(), function) }
}

/// Called by JavaScript. Neither blocks, allocates nor panics.
unsafe extern "C" fn answer(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut data = ptr::null_mut();
    let mut value = ptr::null_mut();
    // SAFETY: `env` and `info` are those of the call; `data` is the election that the function was
    // made with, which lives until the function is collected.
    unsafe {
        let found = sys::napi_get_cb_info(
            env,
            info,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut data,
        );
        let is_leader = found == sys::Status::napi_ok
            && data
                .cast::<LeaderElection>()
                .as_ref()
                .is_some_and(LeaderElection::is_leader);
        // Where this fails, the answer is `undefined`, which is not "leader" either.
        sys::napi_get_boolean(env, is_leader, &raw mut value);
    }
    value
}

/// Called once, after the function was collected or as its environment ends.
unsafe extern "C" fn let_go(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `data` came from `Arc::into_raw`, and nobody else takes it back.
    let election = unsafe { Arc::from_raw(data.cast::<LeaderElection>()) };
    // The last one stops the election. An error has nobody to go to.
    let _ = leasehold::contain_panics(|| {
        drop(election);
        Ok(())
    });
}
