//! What the project's pages show is tested, and what they point to exists.

mod blocks;

mod links;
mod messages;
mod promises;
mod site;
mod support;
mod words;
