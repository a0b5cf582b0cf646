//! Where this process runs, as far as that decides what mode `auto` means.
//!
//! Invariant: a private election, among the processes of one host, is chosen only where a person
//! works on that host. Among the instances of a container platform, a batch system or a fleet of
//! virtual machines it would make each of them the leader; so any doubt is an error.

use std::env;
use std::fs::{self, File};

use crate::config::Mode;
use crate::error::{Error, Result};
use crate::system::host::Kind;

/// Where a pod finds its credentials.
const SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Files that container engines leave in their containers; of Windows, the agent that starts programs
/// there, which is in each image.
const CONTAINER_FILES: [&str; 3] = [
    "/.dockerenv",
    "/run/.containerenv",
    r"C:\Windows\System32\cexecsvc.exe",
];

/// Variables by which orchestrators, platforms and batch systems make themselves known.
const ORCHESTRATOR_VARIABLES: [&str; 10] = [
    "KUBERNETES_SERVICE_HOST",
    "ECS_CONTAINER_METADATA_URI_V4",
    "NOMAD_ALLOC_ID",
    "K_SERVICE",
    "FLY_ALLOC_ID",
    "DYNO",
    "CONTAINER_APP_NAME",
    "AWS_BATCH_JOB_ID",
    "AWS_LAMBDA_FUNCTION_NAME",
    "SLURM_JOB_ID",
];

/// The machine's own namespaces have these numbers (Linux, `include/linux/proc_ns.h`).
const OWN_NAMESPACES: [(&str, &str); 3] = [
    ("/proc/self/ns/pid", "pid:[4026531836]"),
    ("/proc/self/ns/user", "user:[4026531837]"),
    ("/proc/self/ns/uts", "uts:[4026531838]"),
];

/// Of a distribution under WSL, which has namespaces of its own on a person's machine.
const WSL_VARIABLE: &str = "WSL_DISTRO_NAME";

/// Variables of a program that a person has started on a desktop: freedesktop.org's, macOS's. A
/// display is no sign, since servers have one for browsers that nobody sees.
const DESKTOP_VARIABLES: [&str; 2] = ["XDG_CURRENT_DESKTOP", "__CFBundleIdentifier"];

/// How Windows names the session of a person who is logged on, at the screen or by remote desktop. A service, a
/// scheduled task and a container have none, though they may have a console.
const SESSION_VARIABLE: &str = "SESSIONNAME";

const TERMINAL: &str = "/dev/tty";
const MOUNTS: &str = "/proc/self/mountinfo";

/// How this module looks at the system. What cannot be looked at is not there.
pub(super) struct Platform<'a> {
    system: Kind,
    has_variable: &'a dyn Fn(&str) -> bool,
    has_file: &'a dyn Fn(&str) -> bool,
    can_open: &'a dyn Fn(&str) -> bool,
    read: &'a dyn Fn(&str) -> Option<String>,
    read_link: &'a dyn Fn(&str) -> Option<String>,
}

impl Platform<'static> {
    pub(super) const HERE: Self = Self {
        system: Kind::HERE,
        has_variable: &|name| env::var_os(name).is_some_and(|value| !value.is_empty()),
        has_file: &|path| fs::exists(path).unwrap_or(false),
        can_open: &|path| File::open(path).is_ok(),
        read: &|path| fs::read_to_string(path).ok(),
        read_link: &|path| Some(fs::read_link(path).ok()?.to_string_lossy().into_owned()),
    };
}

/// What mode `auto` means here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AutoMode {
    Kubernetes,
    /// A private election, and by what this is known to be a host for one.
    File(String),
}

impl From<AutoMode> for Mode {
    fn from(auto: AutoMode) -> Self {
        match auto {
            AutoMode::Kubernetes => Self::Kubernetes,
            AutoMode::File(_) => Self::File,
        }
    }
}

impl Platform<'_> {
    /// Whether `KUBECONFIG` names files, which kubectl would use.
    pub(super) fn has_kubeconfigs(&self) -> bool {
        (self.has_variable)("KUBECONFIG")
    }

    /// Whether this is a pod with a service account.
    pub(super) fn is_in_cluster(&self) -> bool {
        (self.has_variable)("KUBERNETES_SERVICE_HOST") && (self.has_file)(SERVICE_ACCOUNT_TOKEN)
    }

    /// What mode `auto` means here. Somebody who has set the directory of mode `file` wants it,
    /// unless this is certainly a container.
    pub(super) fn resolve_auto(&self, directory_is_set: bool) -> Result<AutoMode> {
        if self.is_in_cluster() {
            return Ok(AutoMode::Kubernetes);
        }
        if let Some(sign) = self.container_sign() {
            return Err(refusal(
                format_args!("this is a container or a job of a platform ({sign})"),
                "In a pod, mount the token (automountServiceAccountToken). Elsewhere set",
            ));
        }
        if directory_is_set {
            return Ok(AutoMode::File("the directory is set".to_owned()));
        }
        match self.person_sign() {
            Some(sign) => Ok(AutoMode::File(sign)),
            None => Err(refusal(
                format_args!(
                    "nobody seems to work here (no terminal, no desktop, nobody \
                     logged on): this may be one of many instances"
                ),
                "Set",
            )),
        }
    }

    fn container_sign(&self) -> Option<String> {
        let variable = ORCHESTRATOR_VARIABLES
            .iter()
            .find(|name| (self.has_variable)(name));
        let file = CONTAINER_FILES.iter().find(|path| (self.has_file)(path));
        let sign = variable.or(file).map(|sign| (*sign).to_owned());
        sign.or_else(|| self.isolation().filter(|_| self.system == Kind::Linux))
    }

    /// What keeps this process apart from the machine that it runs on.
    fn isolation(&self) -> Option<String> {
        let Some(mounts) = (self.read)(MOUNTS) else {
            return Some(format!("cannot read {MOUNTS}"));
        };
        if let Some(root) = foreign_root(&mounts) {
            return Some(root);
        }
        if (self.has_variable)(WSL_VARIABLE) {
            return None;
        }
        OWN_NAMESPACES.iter().find_map(|(path, own)| {
            let found = (self.read_link)(path);
            match found.as_deref() {
                Some(found) if found == *own => None,
                Some(_) => Some(format!("{path} is not the machine's own")),
                None => Some(format!("cannot read {path}")),
            }
        })
    }

    /// By what it is known that a person has started this process.
    fn person_sign(&self) -> Option<String> {
        if self.system == Kind::Windows {
            let is_session = (self.has_variable)(SESSION_VARIABLE);
            return is_session.then(|| "a person is logged on".to_owned());
        }
        if (self.can_open)(TERMINAL) {
            return Some("a person works here: there is a terminal".to_owned());
        }
        let desktop = DESKTOP_VARIABLES
            .iter()
            .find(|name| (self.has_variable)(name))?;
        Some(format!(
            "a person works here: there is a desktop ({desktop})"
        ))
    }
}

/// What is wrong with the root file system for a machine: an image's layers, or a folder of another
/// file system. (A btrfs subvolume is a folder, too.)
fn foreign_root(mounts: &str) -> Option<String> {
    let fields = |line: &str| -> Option<(String, String)> {
        let (mount, filesystem) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (folder, mount_point) = (mount.next()?, mount.next()?);
        let kind = filesystem.split(' ').next()?;
        (mount_point == "/").then(|| (folder.to_owned(), kind.to_owned()))
    };
    // The last one mounted there is the one that is seen.
    let Some((folder, kind)) = mounts.lines().rev().find_map(fields) else {
        return Some(format!("{MOUNTS} has no root file system"));
    };
    if kind.contains("overlay") || kind == "aufs" {
        return Some(format!("its root file system is {kind}"));
    }
    (folder != "/" && kind != "btrfs").then(|| format!("its root is the folder {folder}"))
}

fn refusal(what: std::fmt::Arguments<'_>, ways_out: &str) -> Error {
    Error::config(
        "mode",
        "`auto`",
        format_args!(
            "{what} without a Kubernetes service account, where an election among local processes \
             would elect every instance. {ways_out} the mode, or LEASEHOLD_MODE: `kubernetes` to \
             reach a cluster by kubeconfig, `file` for the processes of this host or container \
             only, `always` for a single instance"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST_MOUNTS: &str = "24 1 0:22 / /proc rw - proc proc rw\n\
                               27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n";

    /// A machine, changed by each test in what it is about.
    struct Machine<'a> {
        variables: &'a [&'a str],
        files: &'a [&'a str],
        mounts: Option<&'a str>,
        namespaces: Option<&'a str>,
        directory_is_set: bool,
        system: Kind,
    }

    const LAPTOP: Machine<'static> = Machine {
        variables: &[],
        files: &[TERMINAL],
        mounts: Some(HOST_MOUNTS),
        namespaces: None,
        directory_is_set: false,
        system: Kind::Linux,
    };

    impl Machine<'_> {
        fn resolve(&self) -> Result<AutoMode> {
            let has_file = |path: &str| self.files.contains(&path);
            let own = |path: &str| {
                let (_, own) = OWN_NAMESPACES.iter().find(|(known, _)| *known == path)?;
                Some((*own).to_owned())
            };
            Platform {
                system: self.system,
                has_variable: &|name| self.variables.contains(&name),
                has_file: &has_file,
                can_open: &has_file,
                read: &|path| self.mounts.filter(|_| path == MOUNTS).map(str::to_owned),
                read_link: &|path| match self.namespaces {
                    None => own(path),
                    Some("") => None,
                    Some(other) => Some(other.to_owned()),
                },
            }
            .resolve_auto(self.directory_is_set)
        }

        fn refusal(&self) -> String {
            let message = self.resolve().unwrap_err().to_string();
            assert!(message.starts_with("mode = `auto`: "), "{message}");
            for way_out in ["`kubernetes`", "`file`", "`always`", "LEASEHOLD_MODE"] {
                assert!(message.contains(way_out), "{message}");
            }
            message
        }
    }

    fn is_file(auto: &Result<AutoMode>) -> bool {
        matches!(auto, Ok(AutoMode::File(_)))
    }

    #[test]
    fn a_pod_with_a_service_account_uses_its_cluster() {
        let pod = Machine {
            variables: &["KUBERNETES_SERVICE_HOST"],
            files: &[SERVICE_ACCOUNT_TOKEN, "/.dockerenv"],
            ..LAPTOP
        };
        assert_eq!(pod.resolve().unwrap(), AutoMode::Kubernetes);
    }

    #[test]
    fn a_person_at_a_terminal_or_a_desktop_uses_a_folder() {
        assert!(is_file(&LAPTOP.resolve()));
        for desktop in DESKTOP_VARIABLES {
            let variables = &[desktop];
            let ide = Machine {
                variables,
                files: &[],
                ..LAPTOP
            };
            assert!(is_file(&ide.resolve()), "{desktop}");
        }
        let btrfs = Machine {
            mounts: Some("27 1 0:30 /@ / rw - btrfs /dev/sda2 rw\n"),
            ..LAPTOP
        };
        assert!(is_file(&btrfs.resolve()));
        let wsl = Machine {
            variables: &[WSL_VARIABLE],
            namespaces: Some("pid:[4026532200]"),
            ..LAPTOP
        };
        assert!(is_file(&wsl.resolve()));
        let mac = Machine {
            mounts: None,
            namespaces: Some(""),
            system: Kind::OtherUnix,
            ..LAPTOP
        };
        assert!(is_file(&mac.resolve()));
    }

    #[test]
    fn who_is_logged_on_to_windows_uses_a_folder_and_a_service_does_not() {
        let service = Machine {
            files: &[],
            mounts: None,
            namespaces: Some(""),
            system: Kind::Windows,
            ..LAPTOP
        };
        assert!(service.refusal().contains("one of many instances"));
        let person = Machine {
            variables: &[SESSION_VARIABLE],
            ..service
        };
        assert!(is_file(&person.resolve()));
        let container = Machine {
            files: &[CONTAINER_FILES[2]],
            ..person
        };
        assert!(container.refusal().contains("cexecsvc"));
        let pod = Machine {
            variables: &["KUBERNETES_SERVICE_HOST"],
            files: &[SERVICE_ACCOUNT_TOKEN, CONTAINER_FILES[2]],
            ..person
        };
        assert_eq!(pod.resolve().unwrap(), AutoMode::Kubernetes);
    }

    #[test]
    fn a_container_without_credentials_is_an_error_and_never_a_private_election() {
        let cases: [(&[&str], &[&str]); 4] = [
            (&["KUBERNETES_SERVICE_HOST"], &[]),
            (&["NOMAD_ALLOC_ID"], &[]),
            (&["SLURM_JOB_ID"], &[]),
            (&[], &["/run/.containerenv"]),
        ];
        for (variables, files) in cases {
            for directory_is_set in [false, true] {
                let container = Machine {
                    variables,
                    files,
                    directory_is_set,
                    ..LAPTOP
                };
                let sign = variables.first().or(files.first()).unwrap();
                assert!(container.refusal().contains(sign), "{sign}");
            }
        }
    }

    #[test]
    fn a_container_that_shows_no_sign_is_known_by_its_isolation() {
        let cases = [
            (
                Some(HOST_MOUNTS),
                Some("pid:[4026532200]"),
                "not the machine's own",
            ),
            (Some(HOST_MOUNTS), Some(""), "cannot read /proc/self/ns/pid"),
            (None, None, "cannot read /proc/self/mountinfo"),
            (Some(""), None, "has no root file system"),
            (
                Some("27 1 0:30 / / rw - overlay overlay rw,lowerdir=/l\n"),
                None,
                "its root file system is overlay",
            ),
            (
                Some("27 1 254:0 /srv/rootfs / rw - ext4 /dev/vda rw\n"),
                None,
                "its root is the folder /srv/rootfs",
            ),
        ];
        for (mounts, namespaces, says) in cases {
            for directory_is_set in [false, true] {
                let container = Machine {
                    mounts,
                    namespaces,
                    directory_is_set,
                    ..LAPTOP
                };
                let message = container.refusal();
                assert!(message.contains(says), "{message}");
            }
        }
    }

    #[test]
    fn a_host_on_which_no_person_works_is_one_of_many_unless_its_directory_is_set() {
        let mut server = Machine {
            files: &[],
            ..LAPTOP
        };
        assert!(server.refusal().contains("one of many instances"));
        server.directory_is_set = true;
        assert!(is_file(&server.resolve()));
    }
}
