//! The sidecar as applications use it: real processes, asked over HTTP.

mod cluster;
mod command_line;
mod election;
mod http;
mod sidecar;
