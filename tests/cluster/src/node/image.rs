//! Images of containers, as archives that containerd imports.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// An image in an archive of Docker's form.
pub struct Image {
    archive: PathBuf,
    /// Removed with the value, if the archive is not somebody else's.
    _folder: Option<TempDir>,
}

impl Image {
    /// Of an archive, as `docker save` and `buildah push docker-archive:` write it.
    pub fn of_archive(archive: &Path) -> Self {
        Self {
            archive: archive.to_owned(),
            _folder: None,
        }
    }

    /// Of one program, with the libraries that it loads and nothing else: `FROM scratch`.
    pub fn of_program(name: &str, program: &Path) -> Result<Self> {
        let file = program.file_name().context("a program has a name")?;
        let entry = format!("/{}", file.to_string_lossy());
        Self::of_programs(name, &[(program, &entry)], &[&entry])
    }

    /// Of several, each under the path that it has in the image.
    pub fn of_programs(name: &str, programs: &[(&Path, &str)], entry: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().join("root");
        fs::create_dir(&root)?;
        let within = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
        for (program, target) in programs {
            copy(program, &within(Path::new(target)))?;
            for library in libraries(program)? {
                copy(&library, &within(&library))?;
            }
        }
        let layer = folder.path().join("layer.tar");
        let packed = Command::new("tar")
            .args(["--owner=0", "--group=0", "--numeric-owner", "-C"])
            .arg(&root)
            .arg("-cf")
            .arg(&layer)
            .arg(".")
            .status()
            .context("running tar")?;
        ensure!(packed.success(), "tar failed");
        fs::remove_dir_all(&root)?;
        let layer_digest = digest(&fs::read(&layer)?);
        let config = json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            "os": "linux",
            "config": { "Entrypoint": entry, "Env": ["PATH=/:/bin:/usr/bin"] },
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer_digest}")] },
        })
        .to_string();
        let config_name = format!("{}.json", digest(config.as_bytes()));
        fs::write(folder.path().join(&config_name), config)?;
        let manifest =
            json!([{ "Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"] }]);
        fs::write(folder.path().join("manifest.json"), manifest.to_string())?;
        let archive = folder.path().join("image.tar");
        let packed = Command::new("tar")
            .arg("-C")
            .arg(folder.path())
            .arg("-cf")
            .arg(&archive)
            .args(["manifest.json", &config_name, "layer.tar"])
            .status()
            .context("running tar")?;
        ensure!(packed.success(), "tar failed");
        fs::remove_file(layer)?;
        Ok(Self {
            archive,
            _folder: Some(folder),
        })
    }

    pub(crate) fn archive(&self) -> &Path {
        &self.archive
    }
}

fn digest(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    let bytes: Vec<_> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.concat()
}

/// The target can be read and run by any user.
fn copy(source: &Path, target: &Path) -> Result<()> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(source, target).with_context(|| format!("copying {}", source.display()))?;
    Ok(fs::set_permissions(
        target,
        fs::Permissions::from_mode(0o755),
    )?)
}

/// What the dynamic linker says that the program loads; nothing of a static one.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let told = Command::new("ldd")
        .arg(program)
        .output()
        .context("running ldd")?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let paths = told.split_whitespace().filter(|word| word.starts_with('/'));
    Ok(paths.map(PathBuf::from).collect())
}
