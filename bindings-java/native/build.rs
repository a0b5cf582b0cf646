//! A JVM unloads a library with the class loader that loaded it, but the core's background thread
//! would go on in memory that is no longer mapped. So this one stays.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
