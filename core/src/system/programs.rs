//! Programs that this process runs: what they print, and their end, with all that they have started.

mod unix;

pub(crate) use self::unix::{Pipe, Program};
