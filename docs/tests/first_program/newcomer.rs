//! Somebody with an empty folder, and a page.

use std::cell::Cell;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::instance::Instance;
use crate::registry::Registry;

pub(crate) struct Newcomer {
    folder: TempDir,
    /// The page's last line.
    program: String,
    /// Where packages come from, and where the Lease is.
    environment: Vec<(&'static str, String)>,
    instances: Cell<u32>,
}

impl Newcomer {
    /// Has read the page, copied its program, and installed what it needs.
    pub(crate) fn arrives_at(page: &str) -> Self {
        let listing = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("listings")
            .join(page);
        let steps = fs::read_to_string(listing.join("first.sh")).expect("what to type");
        let mut steps: Vec<_> = steps.lines().map(str::to_owned).collect();
        let program = steps.pop().expect("a last line");
        let folder = tempfile::tempdir().expect("an empty folder");
        copy(&listing, "job", folder.path());

        let packages = env::var_os("LEASEHOLD_PACKAGES").map(PathBuf::from);
        let newcomer = Self {
            environment: environment(folder.path(), packages.as_deref()),
            folder,
            program,
            instances: Cell::new(0),
        };
        if let Some(packages) = &packages {
            for start in ["leasehold", "job"] {
                copy(packages, start, newcomer.folder.path());
            }
        }
        for step in steps {
            let status = newcomer.shell(&step).status().expect("a shell");
            assert!(status.success(), "`{step}`: {status}");
        }
        newcomer
    }

    pub(crate) fn runs_the_program(&self) -> Instance {
        self.instances.set(self.instances.get() + 1);
        let log = format!("{}.log", self.instances.get());
        // In place of the shell, so that it gets the signals.
        let program = format!("exec {}", self.program);
        Instance::start(self.shell(&program), self.folder.path().join(log))
    }

    fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-euc", line]).current_dir(self.folder.path());
        // Cargo's, with libraries that a newcomer does not have.
        shell.env_remove("LD_LIBRARY_PATH");
        shell.envs(self.environment.iter().map(|(name, value)| (name, value)));
        shell
    }
}

fn environment(folder: &Path, packages: Option<&Path>) -> Vec<(&'static str, String)> {
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let mut environment = vec![
        // A container, which a test may run in, would otherwise refuse to guess.
        ("LEASEHOLD_MODE", "file".to_owned()),
        ("LEASEHOLD_DIRECTORY", text(&folder.join("leases"))),
        ("PYTHONUNBUFFERED", "1".to_owned()),
    ];
    let programs = Path::new(env!("CARGO_BIN_EXE_scheduled-jobs"))
        .parent()
        .expect("a folder");
    let path = env::var("PATH").unwrap_or_default();
    environment.push(("PATH", format!("{}:{path}", text(programs))));
    if let Some(packages) = packages {
        // Instead of the registries, which may not have this version yet.
        environment.push(("PIP_NO_INDEX", "1".to_owned()));
        environment.push(("PIP_FIND_LINKS", text(packages)));
        environment.push(("npm_config_registry", Registry::serve(packages)));
        environment.push(("npm_config_audit", "false".to_owned()));
    }
    environment
}

/// Copies the files of a folder whose names begin with `start`, in upper or lower case; as text
/// from a page, which carries no right to be executed.
fn copy(from: &Path, start: &str, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if name.to_string_lossy().to_lowercase().starts_with(start) {
            let text = fs::read(entry.path()).expect("a file");
            fs::write(to.join(name), text).expect("a copy");
        }
    }
}
