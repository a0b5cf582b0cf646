//! `leasehold serve` as applications use it: real processes, asked over HTTP.

mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod election;
mod http;
mod leader_elector;
mod sidecar;
