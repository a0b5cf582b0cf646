//! The images that `cargo xtask package` has made, as buildah and runc run them. Those for another machine
//! run as a container does that has qemu for its programs: what is in it is the first process.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use super::{LEASE, VERSION, folder, systems};
use crate::build::{check_installed, shell};
use crate::steps::{Ran, Step, Steps};
use crate::{cluster, package, utf8};

/// Nobody, as whom the programs in the images run.
const USER: u32 = 65532;

/// By unshare, namespaces in which this machine's own table of emulators is not touched.
const APART: [&str; 6] = [
    "--user",
    "--map-root-user",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
];
/// That they have such a table; Linux before 6.7 has one for all.
const HAVE_EMULATORS: &str =
    "mount -t proc proc /proc && mount -t binfmt_misc none /proc/sys/fs/binfmt_misc";
/// Lets the emulator of `$1` run the programs of the root `$2`, with the folder `$3` in it.
const IN_IMAGE: &str = "emulator=$1 root=$2 records=$3; shift 3 \
    && printf %s \"$emulator\" >/proc/sys/fs/binfmt_misc/register \
    && mkdir -p $root/proc $root/dev $root/records && mount -t proc proc $root/proc \
    && mount --rbind /dev $root/dev && mount --bind $records $root/records && exec chroot $root \"$@\"";
/// How the kernel knows a program for arm64: the beginning of its file, and which bits of it count.
const ARM: &str = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff";

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
    let name = "everywhere: images in pods of a real node, as sidecars of the examples";
    if name.contains(wanted) {
        steps.run_if_possible(name, |step| {
            let images = utf8(package::packages().join("images"))?;
            cluster::published_images_in_pods(step, &images)
        });
    }
}

/// Lets the program of an image elect, if it is the one that ends by itself, with its Lease in a
/// folder.
fn run(step: &Step, program: &str, architecture: &str, is_ours: bool) -> Result<Ran> {
    if check_installed("buildah", "").is_err() {
        return Ok(Ran::No("install buildah and runc".to_owned()));
    }
    let shell = shell()?;
    let apart = &APART;
    let has_emulators = cmd!(shell, "unshare {apart...} sh -c {HAVE_EMULATORS}");
    if !is_ours && has_emulators.quiet().ignore_stderr().run().is_err() {
        return Ok(Ran::No(
            "a table of emulators for a namespace takes Linux 6.7".to_owned(),
        ));
    }
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
    let file = ["/", program].concat();
    let words = if is_ours {
        chown(&records, Some(USER), Some(USER)).context("it takes root")?;
        let volume = [&utf8(records)?, ":/records"].concat();
        let run = ["run", "--volume", &volume, &container, &file];
        let words = [&["buildah"], &place[..], &run].concat();
        words.into_iter().map(str::to_owned).collect()
    } else {
        let root = cmd!(shell, "buildah {place...} mount {container}");
        let root = root.quiet().read()?;
        [emulated(step, &root, &records)?, vec![file]].concat()
    };
    let (runner, words) = words.split_first().context("a program")?;
    step.run(cmd!(shell, "{runner} {words...} --version"))?;
    if program == "leasehold" {
        let options = [
            "--mode",
            "file",
            "--election",
            LEASE,
            "--directory",
            "/records",
        ];
        step.run(cmd!(
            shell,
            "{runner} {words...} run {options...} -- /leasehold --version"
        ))?;
        let log = fs::read_to_string(step.log())?;
        ensure!(log.contains("leasehold: leading "), "it has not led");
    }
    step.run(cmd!(shell, "buildah {place...} rm {container}"))?;
    Ok(Ran::Yes)
}

/// What runs a program for arm64 in `root` as a container would, with `records` in it.
fn emulated(step: &Step, root: &str, records: &Path) -> Result<Vec<String>> {
    // By `F` it is opened here, since it is not in the root.
    let emulator = [":arm64:M::", ARM, ":", &systems::qemu(step)?, ":F"].concat();
    let script = [HAVE_EMULATORS, " && ", IN_IMAGE].concat();
    let records = utf8(records.to_owned())?;
    let script = ["sh", "-c", &script, "sh", &emulator, root, &records];
    let words = ["unshare"].into_iter().chain(APART).chain(script);
    Ok(words.map(str::to_owned).collect())
}
