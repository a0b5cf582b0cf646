//! The protocol in virtual time: one file for each group of its rules.

mod client_go_table;
mod harness;
