//! The images that `cargo xtask package` has made, as buildah and runc run them. For another machine,
//! qemu runs the program that is in one.

use std::fs;
use std::os::unix::fs::chown;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use super::{LEASE, VERSION, folder, systems};
use crate::build::{check_installed, shell};
use crate::steps::{Ran, Step, Steps};
use crate::{package, utf8};

/// Nobody, as whom the programs in the images run.
const USER: u32 = 65532;

/// Runs the images for each machine that have this in the name of their step.
pub(super) fn add_to(steps: &Steps, wanted: &str) {
    let machines = [("amd64", "x86_64"), ("arm64", "aarch64")];
    for (architecture, machine) in machines {
        for program in ["leasehold", "leader-elector"] {
            let name = format!("everywhere: image of {program} for {architecture}");
            if !name.contains(wanted) {
                continue;
            }
            let is_ours = machine == std::env::consts::ARCH;
            steps.run_if_possible(&name, |step| run(step, program, architecture, is_ours));
        }
    }
}

/// Lets the program of an image elect, if it is the one that ends by itself, with its Lease in a
/// folder.
fn run(step: &Step, program: &str, architecture: &str, is_ours: bool) -> Result<Ran> {
    if check_installed("buildah", "").is_err() {
        return Ok(Ran::No("install buildah and runc".to_owned()));
    }
    let shell = shell()?;
    let archive = package::packages().join(format!("images/{program}-{VERSION}-oci.tar"));
    let archive = ["oci-archive:", &utf8(archive)?].concat();
    let store = folder().join("images");
    let [images, state] = ["images", "state"].map(|name| store.join(name));
    let place = [
        "--storage-driver=vfs",
        "--root",
        &utf8(images)?,
        "--runroot",
        &utf8(state)?,
    ];
    let container = cmd!(
        shell,
        "buildah {place...} from --quiet --arch {architecture} {archive}"
    );
    let container = container.quiet().read()?;
    let records = folder().join("records/image");
    if records.exists() {
        fs::remove_dir_all(&records)?;
    }
    fs::create_dir_all(&records)?;
    let (runner, words, records, command) = if is_ours {
        chown(&records, Some(USER), Some(USER)).context("it takes root")?;
        let (volume, file) = (
            [&utf8(records)?, ":/records"].concat(),
            ["/", program].concat(),
        );
        let run = ["run", "--volume", &volume, &container, &file];
        let words = [&place[..], &run].concat();
        let words = words.into_iter().map(str::to_owned).collect();
        (
            "buildah".to_owned(),
            words,
            "/records".to_owned(),
            "/leasehold",
        )
    } else {
        let root = cmd!(shell, "buildah {place...} mount {container}")
            .quiet()
            .read()?;
        let words = vec![[&root, "/", program].concat()];
        (systems::qemu(step)?, words, utf8(records)?, "true")
    };
    let words = &words;
    step.run(cmd!(shell, "{runner} {words...} --version"))?;
    if program == "leasehold" {
        let options = [
            "--mode",
            "file",
            "--election",
            LEASE,
            "--directory",
            &records,
        ];
        step.run(cmd!(
            shell,
            "{runner} {words...} run {options...} -- {command} --version"
        ))?;
        let log = fs::read_to_string(step.log())?;
        ensure!(log.contains("leasehold: leading "), "it has not led");
    }
    step.run(cmd!(shell, "buildah {place...} rm {container}"))?;
    Ok(Ran::Yes)
}
