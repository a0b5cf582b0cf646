//! `leasehold serve` as applications use it: real processes, asked over HTTP.

mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod election;
mod http;
mod leader_elector;
#[path = "../common/plugin.rs"]
mod plugin;
mod sidecar;
