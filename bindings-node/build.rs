//! Leaves the symbols of Node-API to the process that loads the library.

fn main() {
    // There they are found when the library is loaded, and napi-build would look for one to link with.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("windows") {
        napi_build::setup();
    }
}
