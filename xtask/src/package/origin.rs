//! What the libraries of a platform were built from, noted beside them: they are packed with classes and
//! programs of the same, and with nothing else.

use std::fmt::{self, Display, Formatter};
use std::fs;

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::build::shell;
use crate::platform::Platform;
use crate::target_folder;

/// Of the note.
const FILE: &str = "built-from";

/// The sources of a checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    commit: String,
    /// git's name of all files as they are, with what is not committed.
    files: String,
    is_committed: bool,
}

impl Origin {
    /// As the checkout is now.
    pub(super) fn read() -> Result<Self> {
        let (shell, index) = (shell()?, target_folder().join("index-of-all-files"));
        fs::create_dir_all(target_folder())?;
        // Not the developer's own, in which nothing is to change.
        shell.set_var("GIT_INDEX_FILE", &index);
        let origin = Self::read_in(&shell);
        fs::remove_file(index)?;
        origin
    }

    fn read_in(shell: &Shell) -> Result<Self> {
        cmd!(shell, "git add --all").quiet().ignore_stderr().run()?;
        let read = |words: &[&str]| cmd!(shell, "git {words...}").quiet().read();
        let files = read(&["write-tree"])?;
        Ok(Self {
            commit: read(&["rev-parse", "HEAD"])?,
            is_committed: read(&["rev-parse", "HEAD^{tree}"])? == files,
            files,
        })
    }

    /// Notes that what is staged for `platform` was built from this.
    pub(super) fn note(&self, platform: &Platform) -> Result<()> {
        Ok(fs::write(platform.staged().join(FILE), self.said())?)
    }

    fn said(&self) -> String {
        let (commit, files, is_committed) = (&self.commit, &self.files, self.is_committed);
        format!("{commit} {files} {is_committed}\n")
    }

    /// Fails if something that is staged for `platforms` was built from anything else.
    pub(super) fn check(&self, platforms: &[&Platform]) -> Result<()> {
        let complaints = platforms.iter().filter_map(|platform| {
            let note = fs::read_to_string(platform.staged().join(FILE));
            self.complaint(platform.name, &note.unwrap_or_default())
        });
        let complaints: Vec<_> = complaints.collect();
        if !complaints.is_empty() {
            bail!("{}", complaints.join("\n"));
        }
        Ok(())
    }

    /// What is wrong if the libraries for `platform` have `note` beside them.
    fn complaint(&self, platform: &str, note: &str) -> Option<String> {
        let again = format!("build it again (`cargo xtask package --target {platform}`)");
        let Ok(built) = Self::parse(note) else {
            return Some(format!(
                "nothing says what is staged for {platform} was built from: {again}"
            ));
        };
        if built == *self {
            return None;
        }
        let but = if built.to_string() == self.to_string() {
            "and that has changed since".to_owned()
        } else {
            format!("and would be packed with classes and sources of {self}")
        };
        let or = if built.is_committed {
            format!(", or pack it there (`git checkout {}`)", built.commit)
        } else {
            String::new()
        };
        Some(format!(
            "what is staged for {platform} was built from {built}, {but}: {again}{or}"
        ))
    }

    fn parse(note: &str) -> Result<Self> {
        let mut words = note.split_whitespace();
        let mut next = || words.next().context("a word more");
        Ok(Self {
            commit: next()?.to_owned(),
            files: next()?.to_owned(),
            is_committed: next()?.parse()?,
        })
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.commit.get(..12).unwrap_or(&self.commit))?;
        if !self.is_committed {
            f.write_str(" with changes that are not committed")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0ef9992997b0afa43ee5add0e3dce8a7a5afb3e9";

    fn origin(commit: &str, files: &str, is_committed: bool) -> Origin {
        Origin {
            commit: commit.to_owned(),
            files: files.to_owned(),
            is_committed,
        }
    }

    #[test]
    fn libraries_are_packed_with_what_they_were_built_from_and_nothing_else() {
        let note = origin(COMMIT, "f1", true).said();
        let complaint = |here: Origin| here.complaint("macos-aarch64", &note);
        assert_eq!(complaint(origin(COMMIT, "f1", true)), None);

        let other = complaint(origin("f122bc2a", "f2", true)).unwrap();
        for part in [
            "built from 0ef9992997b0,",
            "sources of f122bc2a:",
            "cargo xtask package --target macos-aarch64",
            "git checkout 0ef9992",
        ] {
            assert!(other.contains(part), "no {part} in {other}");
        }
        let changed = complaint(origin(COMMIT, "f2", false)).unwrap();
        assert!(
            changed.contains("sources of 0ef9992997b0 with changes that are not committed:"),
            "{changed}"
        );
    }

    #[test]
    fn what_was_never_committed_is_told_apart_by_its_files() {
        let note = origin(COMMIT, "f1", false).said();
        let complaint = |here: Origin| here.complaint("macos-aarch64", &note);
        assert_eq!(complaint(origin(COMMIT, "f1", false)), None);
        let other = complaint(origin(COMMIT, "f2", false)).unwrap();
        assert!(other.contains("that has changed since:"), "{other}");
        assert!(!other.contains("git checkout"), "{other}");
    }

    #[test]
    fn libraries_of_unknown_origin_are_refused() {
        let complaint = origin(COMMIT, "f1", true).complaint("macos-aarch64", "");
        assert!(complaint.unwrap().contains("--target macos-aarch64"));
    }

    #[test]
    fn each_change_of_a_checkout_is_another_origin() -> Result<()> {
        let shell = Shell::new()?;
        let (folder, index) = (shell.create_temp_dir()?, shell.create_temp_dir()?);
        shell.change_dir(folder.path());
        shell.set_var("GIT_INDEX_FILE", index.path().join("index"));
        let write = |text| shell.write_file("file", text);
        let who = [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.example",
            "-c",
            "commit.gpgsign=false",
        ];
        write("one")?;
        cmd!(shell, "git init --quiet").quiet().run()?;
        cmd!(shell, "git add --all").quiet().run()?;
        cmd!(shell, "git {who...} commit --quiet --message one")
            .quiet()
            .run()?;
        let committed = Origin::read_in(&shell)?;
        assert!(committed.is_committed);
        write("two")?;
        let changed = Origin::read_in(&shell)?;
        assert!(!changed.is_committed);
        assert_eq!(changed.commit, committed.commit);
        shell.write_file("new", "not known to git")?;
        let more = Origin::read_in(&shell)?;
        assert_ne!(more.files, changed.files);
        shell.remove_path("new")?;
        write("one")?;
        assert_eq!(Origin::read_in(&shell)?, committed);
        Ok(())
    }
}
