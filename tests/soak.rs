//! Processes that live for long must not come to use more and more: neither one that begins and ends
//! elections all the time, nor one that takes part in one election while everything around it fails.

mod cycles;
mod long_life;
mod series;

pub use cycles::{Stores, cycle};
pub use long_life::live_under_faults;
pub use series::{Life, Series};

/// Heaps of a size that is soon reached: what a collector leaves for later has not grown.
const ENVIRONMENT: [(&str, &str); 2] = [
    ("JDK_JAVA_OPTIONS", "-Xmx32m -XX:+UseSerialGC"),
    ("NODE_OPTIONS", "--max-old-space-size=32"),
];
