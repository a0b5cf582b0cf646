//! What the kubernetes store does beyond the contract of all stores: configuration, credentials,
//! permissions, connections, and what it makes of refusals.

#![cfg(unix)] // the test cluster runs on Unix

mod cluster;
mod configuration;
mod connections;
mod credentials;
mod fake_api_server;
mod kubeconfig;
mod kubectl;
mod metadata;
mod permissions;
mod pinning;
mod plugins;
#[path = "../common/program.rs"]
mod program;
mod proxies;
mod refusals;
mod reviews;
mod rotation;
mod secrets;
mod tls_server;
mod trust;
mod watches;
mod wire;
