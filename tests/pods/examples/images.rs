//! The images of the examples, by the instructions of their own Dockerfiles.
//!
//! Only the last stage is run: what earlier stages build has been built here already. Its base is
//! Debian, put together from packages, since no registry of images need be reached.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use leasehold_test_cluster::{Image, cache_folder};
use serde_json::{Value, json};
use tempfile::TempDir;

const BASE: &str = "localhost/base";
/// What the bases of all the examples have.
const PACKAGES: &str = "ca-certificates,openjdk-21-jre-headless,nodejs,python3,python3-pip,busybox";
const RELEASE: &str = "trixie";

/// Why images cannot be built here, if they cannot.
pub(crate) fn what_is_missing() -> Option<String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &str| env::split_paths(&path).any(|it| it.join(program).is_file());
    let missing = ["buildah", "mmdebstrap"]
        .into_iter()
        .find(|it| !is_there(it))?;
    Some(format!(
        "images need `{missing}`: apt-get install {missing}"
    ))
}

/// Where images are built.
pub(crate) struct Workshop {
    /// Of buildah, with the base.
    store: PathBuf,
    /// What is copied into images.
    stage: TempDir,
    images: Vec<String>,
}

impl Workshop {
    /// The base is made once, and kept in the cache folder.
    pub(crate) fn open() -> Result<Self> {
        let store = cache_folder()?.join(format!("debian-{RELEASE}"));
        let this = Self {
            stage: tempfile::Builder::new().tempdir_in(cache_folder()?)?,
            store,
            images: Vec::new(),
        };
        if this
            .buildah()
            .args(["inspect", "--type", "image", BASE])
            .output()?
            .status
            .success()
        {
            return Ok(this);
        }
        fs::create_dir_all(&this.store)?;
        let base = this.store.join("base.tar");
        eprintln!("making Debian from packages, once; it takes about 3 minutes");
        run(Command::new("mmdebstrap")
            .args(["--variant=minbase", "--mode=root", "--quiet", "--include", PACKAGES])
            .args(["--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*"])
            // As in the images of Python: pip installs for all.
            .arg(r#"--customize-hook=rm "$1"/usr/lib/python3*/EXTERNALLY-MANAGED; ln -s python3 "$1"/usr/bin/python"#)
            .arg(RELEASE)
            .arg(&base)
            .arg("http://deb.debian.org/debian"))?;
        let container = output(this.buildah().args(["from", "scratch"]))?;
        run(this
            .buildah()
            .args(["add", "--quiet", &container])
            .arg(&base)
            .arg("/"))?;
        run(this
            .buildah()
            .args(["commit", "--quiet", "--rm", &container, BASE]))?;
        fs::remove_file(base)?;
        Ok(this)
    }

    /// A folder whose files a Dockerfile takes from its stage `name`.
    pub(crate) fn stage(&self, name: &str) -> Result<PathBuf> {
        let folder = self.stage.path().join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Runs the last stage of a Dockerfile of the checkout; `stages` are by their names.
    pub(crate) fn build(
        &mut self,
        image: &str,
        dockerfile: &str,
        stages: &[(&str, &Path)],
    ) -> Result<()> {
        let text = fs::read_to_string(checkout().join(dockerfile))?;
        let lines: Vec<_> = text.lines().collect();
        let last = lines.iter().rposition(|line| line.starts_with("FROM "));
        let last = last.with_context(|| format!("{dockerfile} has no FROM"))?;
        self.build_from(image, &lines[last + 1..].join("\n"), stages)
    }

    /// Runs instructions on the base.
    pub(crate) fn build_from(
        &mut self,
        image: &str,
        instructions: &str,
        stages: &[(&str, &Path)],
    ) -> Result<()> {
        let file = self.stage.path().join("Dockerfile");
        fs::write(&file, format!("FROM {BASE}\n{instructions}\n"))?;
        let mut build = self.buildah();
        build.args(["bud", "--quiet", "--isolation", "chroot", "--pull=never"]);
        // What this machine trusts, such as a registry's mirror.
        build
            .args([
                "--volume",
                "/etc/ssl/certs:/etc/ssl/certs:ro",
                "--tag",
                image,
                "--file",
            ])
            .arg(&file);
        for (name, folder) in stages {
            build.arg(format!("--build-context={name}={}", folder.display()));
        }
        run(build.arg(checkout()))?;
        self.images.push(image.to_owned());
        Ok(())
    }

    /// All images in one archive, which share their base.
    pub(crate) fn archive(&self) -> Result<(Image, TempDir)> {
        let folder = tempfile::Builder::new().tempdir_in(cache_folder()?)?;
        let layout = folder.path().join("layout");
        for (number, image) in self.images.iter().enumerate() {
            let target = format!("oci:{}:{number}", layout.display());
            run(self
                .buildah()
                .args(["push", "--quiet", "--disable-compression"])
                .arg(format!("localhost/{image}"))
                .arg(target))?;
        }
        let index = layout.join("index.json");
        let mut content: Value = serde_json::from_slice(&fs::read(&index)?)?;
        for manifest in content["manifests"].as_array_mut().context("manifests")? {
            let number = manifest["annotations"]["org.opencontainers.image.ref.name"].as_str();
            let number: usize = number.context("a name")?.parse()?;
            let name = format!("docker.io/library/{}", self.images[number]);
            manifest["annotations"]["io.containerd.image.name"] = json!(name);
        }
        fs::write(&index, content.to_string())?;
        let archive = folder.path().join("images.tar");
        run(Command::new("tar")
            .arg("-C")
            .arg(&layout)
            .arg("-cf")
            .arg(&archive)
            .arg("."))?;
        fs::remove_dir_all(layout)?;
        Ok((Image::of_archive(&archive), folder))
    }

    fn buildah(&self) -> Command {
        let mut command = Command::new("buildah");
        command
            .arg("--root")
            .arg(self.store.join("images"))
            .arg("--runroot")
            .arg(self.store.join("running"))
            .args(["--storage-driver", "overlay"]);
        command
    }
}

/// The root of the checkout.
pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Copies what cargo, npm, pip or Maven have made, and says who makes it if it is not there.
pub(crate) fn copy(from: &Path, to: &Path, made_by: &str) -> Result<()> {
    ensure!(
        from.exists(),
        "there is no {}: `{made_by}` makes it",
        from.display()
    );
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    run(Command::new("cp").arg("-a").arg(from).arg(to))
}

pub(crate) fn run(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("running {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
