//! Images from scratch with the static program under each of its names, for both machines, as OCI archives: what
//! `docker load`, `ctr image import` and `skopeo` take.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use super::PROGRAM;
use crate::build::shell;
use crate::commit_time::CommitTime;
use crate::platform::Platform;
use crate::steps::Step;
use crate::tool::GoTool;
use crate::{copy_file, root};

/// Puts images together, without a daemon and without root.
const REGCTL: GoTool = GoTool {
    name: "regctl",
    package: "github.com/regclient/regclient/cmd/regctl",
    version: "v0.11.7",
};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Nobody, as in the Dockerfile.
const USER: &str = "65532:65532";

/// Makes an image for each name of the program, for those of `platforms` that have static ones, in the folder
/// `packages`.
pub(super) fn pack(
    step: &Step,
    platforms: &[&Platform],
    time: &CommitTime,
    packages: &Path,
) -> Result<()> {
    let platforms = platforms.iter().filter(|it| it.name.ends_with("-musl"));
    let platforms: Vec<_> = platforms.copied().collect();
    if platforms.is_empty() {
        return Ok(());
    }
    let regctl = REGCTL.program(step)?;
    fs::create_dir_all(packages)?;
    PROGRAM.1.iter().try_for_each(|name| {
        image(step, &regctl, name, &platforms, time)
            .and_then(|image| image.archive(step, time, packages))
    })
}

struct Image {
    program: &'static str,
    shell: Shell,
    folder: xshell::TempDir,
}

fn image(
    step: &Step,
    regctl: &str,
    program: &'static str,
    platforms: &[&Platform],
    time: &CommitTime,
) -> Result<Image> {
    let shell = shell()?;
    let folder = shell.create_temp_dir()?;
    shell.change_dir(folder.path());
    let time = time.rfc3339();
    let mut parts = Vec::new();
    for platform in platforms {
        let architecture = match platform.npm.cpu {
            "x64" => "amd64",
            other => other,
        };
        let layer = layer(step, &shell, program, platform, time)?;
        let part = format!("ocidir://layout:{architecture}");
        step.run(cmd!(
            shell,
            "{regctl} image create {part} --platform linux/{architecture} --created {time}"
        ))?;
        let entrypoint = format!("[\"/{program}\"]");
        let labels = [
            ("licenses", "Apache-2.0"),
            ("version", VERSION),
            // By which a registry of GitHub shows the page of the project.
            ("source", env!("CARGO_PKG_REPOSITORY")),
        ]
        .map(|(name, value)| format!("--label=org.opencontainers.image.{name}={value}"));
        step.run(cmd!(
            shell,
            "{regctl} image mod {part} --replace --layer-add tar={layer} --config-entrypoint {entrypoint} --user {USER} {labels...} --config-time set={time}"
        ))?;
        // regctl is experimental where it changes layers, so what it made is looked at.
        let path = ["/", program].concat();
        step.run(cmd!(shell, "{regctl} image get-file {part} {path} found"))?;
        let found = fs::read(folder.path().join("found"))?;
        let is_whole = found == fs::read(built(platform))?;
        ensure!(is_whole, "{program} in the image is not what was built");
        parts.extend(["--ref".to_owned(), part]);
    }
    let whole = ["ocidir://layout:", VERSION].concat();
    step.run(cmd!(shell, "{regctl} index create {whole} {parts...}"))?;
    Ok(Image {
        program,
        shell,
        folder,
    })
}

fn built(platform: &Platform) -> PathBuf {
    let (_, [program, _]) = PROGRAM;
    platform.staged().join(program)
}

/// The files of an image, as a tar that is the same for the same files.
fn layer(
    step: &Step,
    shell: &Shell,
    program: &str,
    platform: &Platform,
    time: &str,
) -> Result<String> {
    let files = shell.current_dir().join(["files-", platform.name].concat());
    copy_file(built(platform), files.join(program))?;
    let papers = files.join("licenses");
    copy_file(root().join("LICENSE"), papers.join("LICENSE"))?;
    copy_file(platform.notice(PROGRAM.0), papers.join("NOTICE"))?;
    let layer = ["layer-", platform.name, ".tar"].concat();
    step.run(super::archive::tar(shell, &layer, time).args([
        "--directory".as_ref(),
        files.as_os_str(),
        "licenses".as_ref(),
        program.as_ref(),
    ]))?;
    Ok(layer)
}

impl Image {
    /// The layout as one file, which names the image and nothing that changes from build to build.
    fn archive(&self, step: &Step, time: &CommitTime, packages: &Path) -> Result<()> {
        let layout = self.folder.path().join("layout");
        let file = layout.join("index.json");
        let mut index: Value = serde_json::from_slice(&fs::read(&file)?)?;
        let manifests = index["manifests"]
            .as_array_mut()
            .context("an index has manifests")?;
        // The images of the two machines are named by the index of both.
        manifests.retain(|it| it["annotations"]["org.opencontainers.image.ref.name"] == VERSION);
        ensure!(manifests.len() == 1, "not one image in {}", file.display());
        let annotations = &mut manifests[0]["annotations"];
        // When this ran: the images themselves say of which time they are.
        let annotations = annotations.as_object_mut().context("it has annotations")?;
        annotations.remove("org.opencontainers.image.created");
        let name = format!("docker.io/library/{}:{VERSION}", self.program);
        annotations.insert("io.containerd.image.name".to_owned(), name.into());
        fs::write(&file, serde_json::to_vec(&index)?)?;
        let archive = packages.join(format!("{}-{VERSION}-oci.tar", self.program));
        let archive = crate::utf8(archive)?;
        let tar = super::archive::tar(&self.shell, &archive, time.rfc3339());
        step.run(
            tar.arg("--directory")
                .arg(layout)
                .args(["oci-layout", "index.json", "blobs"]),
        )
    }
}
