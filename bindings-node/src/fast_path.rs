//! The functions behind `isLeader` and `isValid`: made for each election and each term, which they
//! have as their data.
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

use leasehold::{LeaderElection, Term};
use napi::bindgen_prelude::{FromNapiValue, Function};
use napi::{Env, check_status, sys};

/// What answers a question without blocking, allocating or panicking.
pub(crate) trait Answers {
    /// What the function is called in JavaScript.
    const NAME: &str;

    fn answer(&self) -> bool;
}

impl Answers for LeaderElection {
    const NAME: &str = "isLeader";

    fn answer(&self) -> bool {
        self.is_leader()
    }
}

impl Answers for Term {
    const NAME: &str = "isValid";

    fn answer(&self) -> bool {
        self.is_valid()
    }
}

/// A JavaScript function that answers as `who` does, at each call.
pub(crate) fn function_of<T: Answers>(
    who: Arc<T>,
    env: &Env,
) -> napi::Result<Function<'_, (), bool>> {
    let data = Arc::into_raw(who).cast_mut().cast::<c_void>();
    let mut function = ptr::null_mut();
    // SAFETY: called in JavaScript's thread, with a name and a place for the result that outlive
    // the call. `answer` takes `data` for what it is.
    let created = unsafe {
        sys::napi_create_function(
            env.raw(),
            T::NAME.as_ptr().cast(),
            T::NAME.len().cast_signed(),
            Some(answer::<T>),
            data,
            &raw mut function,
        )
    };
    check_status!(created, "cannot make a function")?;
    // SAFETY: `function` is the one just made; `let_go` takes `data` for what it is, once, after
    // the function was collected.
    let kept = unsafe {
        sys::napi_add_finalizer(
            env.raw(),
            function,
            data,
            Some(let_go::<T>),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    // Where this fails the data is leaked: the function may still be called.
    check_status!(kept, "cannot keep the data of a function")?;
    // SAFETY: it is a function, in this environment and scope.
    unsafe { Function::from_napi_value(env.raw(), function) }
}

/// Called by JavaScript. Neither blocks, allocates nor panics.
unsafe extern "C" fn answer<T: Answers>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let mut data = ptr::null_mut();
    let mut value = ptr::null_mut();
    // SAFETY: `env` and `info` are those of the call; `data` is what the function was
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
        let answer =
            found == sys::Status::napi_ok && data.cast::<T>().as_ref().is_some_and(Answers::answer);
        // Where this fails, the answer is `undefined`, which is not "yes" either.
        sys::napi_get_boolean(env, answer, &raw mut value);
    }
    value
}

/// Called once, after the function was collected or as its environment ends.
unsafe extern "C" fn let_go<T>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `data` came from `Arc::into_raw`, and nobody else takes it back.
    let data = unsafe { Arc::from_raw(data.cast::<T>()) };
    // An election's last one stops it. An error has nobody to go to.
    let _ = leasehold::bindings::contain_panics(|| {
        drop(data);
        Ok(())
    });
}
