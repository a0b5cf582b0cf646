//! The job of `leasehold run`: tells on a socket, each millisecond that it runs, when it does.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::thread;

use anyhow::Result;
use leasehold_tests::now;

use crate::sampler::PERIOD;

pub(crate) fn work(socket: &str) -> Result<()> {
    let mut witness = UnixStream::connect(socket)?;
    loop {
        // In one piece, though it may be killed at any time.
        witness.write_all(format!("{}\n", now()).as_bytes())?;
        thread::sleep(*PERIOD);
    }
}
