//! `cargo xtask test`: everything that must hold.

use anyhow::Result;

use crate::steps::{Steps, cargo, run};
use crate::{check, java, node, spring};

pub(crate) fn run_all() -> Result<()> {
    let cargo = &cargo();
    let mut steps = Steps::default();
    steps.run(
        "a real API server, etcd and a faulty network (built once, then cached)",
        || {
            leasehold_test_cluster::binaries::control_plane()?;
            leasehold_test_cluster::binaries::toxiproxy()?;
            Ok(())
        },
    );
    check::add_to(&mut steps);
    steps.run("tests (cargo test)", || {
        run(
            cargo,
            &[
                "test",
                "--workspace",
                "--locked",
                "--no-fail-fast",
                "--quiet",
            ],
        )
    });
    java::add_to(&mut steps);
    spring::add_to(&mut steps);
    node::add_to(&mut steps);
    steps.finish()
}
