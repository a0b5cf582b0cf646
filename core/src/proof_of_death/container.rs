//! The container's proof: a container of a pod is started again only when all of its last instance is dead.
//!
//! That holds for a container with a PID namespace of its own, whose processes the kernel kills with the
//! first of them, and within one boot of the machine: a machine that is made again under the same name,
//! while the first one goes on somewhere, has the pod's UID and the container's name as well.

use std::collections::BTreeSet;
use std::fs;

use crate::identity;
use crate::lease_record::Container;

/// The machine's own PID namespace (Linux, `include/linux/proc_ns.h`): that of `hostPID`.
const MACHINE: &str = "pid:[4026531836]";
/// The first process of a pod whose containers share a PID namespace.
const PAUSE: &str = "pause";
/// What container runtimes call a container: so many digits, in lower case.
const DIGITS_OF_ID: usize = 64;
/// Where a field of `/proc/PID/stat` is, behind the name in parentheses.
const START_TIME: usize = 22 - 3;

/// Whether `ours` is a later instance of the container that `theirs` is.
pub(super) fn is_restarted(ours: Option<&Container>, theirs: Option<&Container>) -> bool {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return false;
    };
    ours.pod_uid == theirs.pod_uid && ours.name == theirs.name && ours.started > theirs.started
}

/// The container that this process runs in, if that is one of a pod with a PID namespace of its own.
pub(super) fn of_this_process() -> Option<Container> {
    Facts::read()?.container()
}

/// What a process can learn of itself without asking anybody.
struct Facts {
    pid_namespace: String,
    /// Of this process.
    status: String,
    /// Of the first process of the namespace that `/proc` shows.
    first_name: String,
    first_stat: String,
    mounts: String,
    /// The control groups of this process, and of the first one.
    groups: String,
    first_groups: String,
}

impl Facts {
    fn read() -> Option<Self> {
        let text = |path: &str| fs::read_to_string(path).ok();
        Some(Self {
            pid_namespace: fs::read_link("/proc/self/ns/pid")
                .ok()?
                .to_str()?
                .to_owned(),
            status: text("/proc/self/status")?,
            first_name: text("/proc/1/comm")?,
            first_stat: text("/proc/1/stat")?,
            mounts: text("/proc/self/mountinfo")?,
            groups: text("/proc/self/cgroup").unwrap_or_default(),
            first_groups: text("/proc/1/cgroup").unwrap_or_default(),
        })
    }

    fn container(&self) -> Option<Container> {
        // `/proc` must show the namespace of this process, and that must end with its first process.
        let is_its_own = self.pid_namespace != MACHINE
            && self.first_name.trim_end() != PAUSE
            && is_in_the_namespace_of_proc(&self.status)
            && has_one_proc(&self.mounts);
        if !is_its_own {
            return None;
        }
        let (pod_uid, name) = pod_and_container(&self.mounts)?;
        // That of the container whose end is the end of this process.
        let id = id_in(&self.groups).filter(|id| id_in(&self.first_groups).as_ref() == Some(id));
        Some(Container {
            pod_uid,
            pod_name: identity::host_name(),
            name,
            started: start_time(&self.first_stat)?,
            id,
        })
    }
}

/// A process has a number in each namespace from that of `/proc` down to its own.
fn is_in_the_namespace_of_proc(status: &str) -> bool {
    let mut lines = status.lines();
    let numbers = lines.find_map(|line| line.strip_prefix("NSpid:"));
    numbers.is_some_and(|numbers| numbers.split_whitespace().count() == 1)
}

/// A sandbox within the container, with a PID namespace of its own, mounts another over the container's.
fn has_one_proc(mounts: &str) -> bool {
    let is_whole = |line: &&str| {
        let is_proc = |(_, kind): (&str, &str)| kind.starts_with("proc ");
        line.split(' ').nth(3) == Some("/") && line.split_once(" - ").is_some_and(is_proc)
    };
    mounts.lines().filter(is_whole).count() == 1
}

/// In the kernel's ticks since the boot.
fn start_time(stat: &str) -> Option<u64> {
    // The name may have spaces and parentheses in it.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(START_TIME)?.parse().ok()
}

/// The pod's UID and the container's name, as kubelet has them in the path of the file that it mounts
/// for the container's last words: `…/pods/UID/containers/NAME/…`. `None` if that is not clear.
fn pod_and_container(mounts: &str) -> Option<(String, String)> {
    let mut found = mounts.lines().filter_map(|line| {
        let root = line.split(' ').nth(3)?;
        let (_, below) = root.rsplit_once("/pods/")?;
        match below.split('/').collect::<Vec<_>>()[..] {
            [uid, "containers", name, _] => Some((uid.to_owned(), name.to_owned())),
            _ => None,
        }
    });
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// The container's ID, as its runtime has it in the path of its control groups: `…/ID` or, with systemd,
/// `…/cri-containerd-ID.scope`. `None` if that is not clear, or if its groups are all that a process sees,
/// as is usual with the second version of control groups.
fn id_in(groups: &str) -> Option<String> {
    let ids: BTreeSet<_> = groups
        .lines()
        .filter_map(|line| line.splitn(3, ':').nth(2))
        .filter_map(|path| path.rsplit(['/', ':', '-', '.']).find(|part| is_id(part)))
        .collect();
    let mut ids = ids.into_iter();
    let first = ids.next()?;
    ids.next().is_none().then(|| first.to_owned())
}

fn is_id(text: &str) -> bool {
    let is_digit = |letter: u8| matches!(letter, b'0'..=b'9' | b'a'..=b'f');
    text.len() == DIGITS_OF_ID && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
1 2 0:57 / / ro,relatime - overlay overlay rw
3 1 0:60 / /proc rw - proc proc rw
4 1 0:61 / /dev/shm rw - tmpfs shm rw
5 1 254:0 /var/lib/kubelet/pods/4c1f-8a/etc-hosts /etc/hosts rw - ext4 /dev/vda rw
6 1 254:0 /var/lib/kubelet/pods/4c1f-8a/containers/app/0f3a9c21 /dev/termination-log rw - ext4 /dev/vda rw
7 1 254:0 /var/lib/kubelet/pods/4c1f-8a/volumes/kubernetes.io~empty-dir/tmp /tmp rw - ext4 /dev/vda rw
";

    /// What all runtimes mount: some of `/proc` once more, so that it cannot be written to.
    const MOUNTS_OF_VERSION_2: &str = "\
659 450 0:183 / / rw,relatime master:88 - overlay overlay rw,lowerdir=/var/lib/layers/26/fs,upperdir=/var/lib/layers/27/fs
660 659 0:185 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
661 659 0:186 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
664 663 0:31 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
451 660 0:185 /bus /proc/bus ro,nosuid,nodev,noexec,relatime - proc proc rw
452 660 0:185 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw
453 660 0:191 / /proc/acpi ro,relatime - tmpfs tmpfs ro
";

    fn facts() -> Facts {
        Facts {
            pid_namespace: "pid:[4026532512]".to_owned(),
            status: "Name:\tjava\nNSpid:\t7\n".to_owned(),
            first_name: "java\n".to_owned(),
            first_stat: "1 (ja) va) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 48211 9"
                .to_owned(),
            mounts: MOUNTS.to_owned(),
            groups: groups('a'),
            first_groups: groups('a'),
        }
    }

    fn id(digit: char) -> String {
        digit.to_string().repeat(DIGITS_OF_ID)
    }

    /// As with version 1 of control groups.
    fn groups(digit: char) -> String {
        let path = format!("/kubepods/burstable/pod4c1f-8a/{}", id(digit));
        format!("12:cpu,cpuacct:{path}\n1:name=systemd:{path}\n0::/\n")
    }

    #[test]
    fn a_process_in_a_container_of_its_own_knows_it() {
        let container = facts().container().unwrap();
        assert_eq!(container.pod_uid, "4c1f-8a");
        assert_eq!(container.name, "app");
        assert_eq!(container.started, 48_211);
        assert_eq!(container.id, Some(id('a')));
    }

    #[test]
    fn the_kernel_names_the_container_as_its_runtime_does() {
        let systemd = "/kubepods.slice/kubepods-pod4c1f_8a.slice";
        let forms = [
            format!("0::{systemd}/cri-containerd-{}.scope", id('a')),
            format!("0::{systemd}/crio-{}.scope/container", id('a')),
            format!("3:pids:/system.slice/docker-{}.scope", id('a')),
            format!("3:pids:/system.slice{systemd}:cri-containerd:{}", id('a')),
            // A node that is itself a container.
            format!(
                "3:pids:/docker/{}/kubelet/kubepods/pod4c1f-8a/{}",
                id('b'),
                id('a')
            ),
            format!(
                "0::/machine.slice/libpod-{}.scope/container/kubelet.slice{systemd}/cri-containerd-{}.scope",
                id('b'),
                id('a')
            ),
            // With version 2 alone, where containers see the groups of their node.
            format!("0::/kubepods/burstable/pod4c1f-8a/{}", id('a')),
            format!("0::{systemd}/docker-{}.scope", id('a')),
            // systemd is the container's first process.
            format!("0::{systemd}/cri-containerd-{}.scope/init.scope", id('a')),
        ];
        for form in forms {
            assert_eq!(id_in(&form), Some(id('a')), "{form}");
        }
    }

    #[test]
    fn where_it_is_not_clear_what_a_container_is_called_it_has_no_name() {
        let unclear = [
            "0::/\n".to_owned(),
            "0::/init.scope\n".to_owned(),
            // Above what it sees.
            "0::/../../app\n".to_owned(),
            "0::/kubepods/pod4c1f-8a/app\n".to_owned(),
            "0::/kubepods.slice/kubepods-pod4c1f_8a.slice\n".to_owned(),
            format!("0::/kubepods/{}\n", id('A')),
            format!("0::/kubepods/{}0\n", id('a')),
            format!("{}{}", groups('a'), groups('b')),
        ];
        for groups in unclear {
            assert_eq!(id_in(&groups), None, "{groups}");
        }
        // As in a container for debugging, which shares the processes of another.
        for (own, first) in [("a", "b"), ("a", ""), ("", "a")] {
            let groups = |digit: &str| digit.chars().map(groups).collect::<String>();
            let facts = Facts {
                groups: groups(own),
                first_groups: groups(first),
                ..facts()
            };
            assert_eq!(
                facts.container().unwrap().id,
                None,
                "{own:?} below {first:?}"
            );
        }
    }

    /// With version 2 of control groups, of which a container sees its own alone. What runtimes mount is
    /// of the pod's sandbox, or of a layer of the image, and no name of the container.
    #[test]
    fn what_runtimes_mount_tells_pod_and_container_but_not_its_id() {
        let mounted = [
            // containerd, of a node whose volumes are elsewhere.
            format!(
                "2348 2337 254:1 /data/containerd/io.containerd.grpc.v1.cri/sandboxes/{b}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw\n\
                 2346 2337 254:1 /data/kubelet/pods/4c1f-8a/etc-hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw\n\
                 2347 2337 254:1 /data/kubelet/pods/4c1f-8a/containers/app/2a1b97f0 /dev/termination-log rw,relatime - ext4 /dev/vda1 rw\n\
                 2351 2337 254:1 /data/kubelet/pods/4c1f-8a/volume-subpaths/tmp/app/0 /tmp/sub rw,relatime - ext4 /dev/vda1 rw\n",
                b = id('b')
            ),
            // CRI-O.
            format!(
                "1341 1337 0:24 /containers/storage/overlay-containers/{b}/userdata/hostname /etc/hostname rw,nosuid,nodev - tmpfs tmpfs rw,mode=755\n\
                 1342 1337 0:24 /containers/storage/overlay-containers/{b}/userdata/.containerenv /run/.containerenv rw,nosuid,nodev - tmpfs tmpfs rw\n\
                 1343 1337 8:4 /ostree/deploy/os/var/lib/kubelet/pods/4c1f-8a/containers/app/7e02c4d1 /dev/termination-log rw,relatime - xfs /dev/sda4 rw\n",
                b = id('b')
            ),
            // Docker, of a node that is itself a container.
            format!(
                "571 566 254:1 /docker/volumes/node/_data/lib/kubelet/pods/4c1f-8a/containers/app/0447d6c5 /dev/termination-log rw,relatime - ext4 /dev/vda1 rw\n\
                 572 564 254:1 /docker/volumes/node/_data/lib/docker/containers/{b}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw\n",
                b = id('b')
            ),
        ];
        for mounted in mounted {
            let facts = Facts {
                mounts: format!("{MOUNTS_OF_VERSION_2}{mounted}"),
                groups: "0::/\n".to_owned(),
                first_groups: "0::/\n".to_owned(),
                ..facts()
            };
            let container = facts.container().expect(&mounted);
            assert_eq!(container.pod_uid, "4c1f-8a", "{mounted}");
            assert_eq!(container.name, "app", "{mounted}");
            assert_eq!(container.id, None, "{mounted}");
        }
    }

    #[test]
    fn what_does_not_die_with_its_first_process_is_no_container_of_its_own() {
        let doubts: [fn(&mut Facts); 9] = [
            |facts| facts.pid_namespace = MACHINE.to_owned(),
            |facts| facts.first_name = "pause\n".to_owned(),
            // In a namespace below that of `/proc`, or where an old kernel does not say.
            |facts| facts.status = "NSpid:\t7\t1\n".to_owned(),
            |facts| facts.status = "Name:\tjava\n".to_owned(),
            |facts| facts.first_stat = "1 (java)".to_owned(),
            // A sandbox has mounted its own.
            |facts| {
                facts
                    .mounts
                    .push_str("8 3 0:62 / /proc rw - proc proc rw\n");
            },
            |facts| facts.mounts = String::new(),
            |facts| facts.mounts = MOUNTS.replace("/containers/app/", "/containers/"),
            // Two of them, as in one that looks after others.
            |facts| facts.mounts = format!("{MOUNTS}{}", MOUNTS.replace("/app/", "/other/")),
        ];
        for (number, doubt) in doubts.into_iter().enumerate() {
            let mut facts = facts();
            doubt(&mut facts);
            assert_eq!(facts.container(), None, "doubt {number}");
        }
    }

    #[test]
    fn only_a_later_instance_of_the_very_container_is_a_restart_of_it() {
        let last = facts().container().unwrap();
        let next = Container {
            started: last.started + 1,
            ..last.clone()
        };
        assert!(is_restarted(Some(&next), Some(&last)));
        let others = [
            last.clone(),
            Container {
                started: last.started - 1,
                ..last.clone()
            },
            Container {
                pod_uid: "another".to_owned(),
                ..next.clone()
            },
            Container {
                name: "sidecar".to_owned(),
                ..next.clone()
            },
        ];
        for other in others {
            assert!(!is_restarted(Some(&other), Some(&last)), "{other:?}");
        }
        assert!(!is_restarted(None, Some(&last)));
        assert!(!is_restarted(Some(&next), None));
    }
}
