//! What the project's pages show is tested, and what they point to exists.

mod blocks;
mod diagrams;
mod links;
mod messages;
mod promises;
mod support;
mod words;
