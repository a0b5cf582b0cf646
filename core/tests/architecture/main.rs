//! The rooms of the core, as `ARCHITECTURE.md` has them: what each may know, and no circles.

mod circle;
mod source;

use std::path::Path;

use self::source::Module;

/// A room, and all that it may use: modules of the crate, and other crates. `!` before a path takes
/// it away again.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
}

const ROOMS: &[Room] = &[
    Room {
        name: "election",
        may_use: &[
            "crate::clock",
            "crate::error",
            "crate::lease_record",
            "crate::named",
            "fastrand",
            "std",
            "!std::env",
            "!std::fs",
            "!std::io",
            "!std::net",
            "!std::process",
            "!std::sync",
            "!std::thread",
            "!std::time::Instant",
            "!std::time::SystemTime",
        ],
    },
    Room {
        name: "lease_record",
        may_use: &[
            "crate::clock",
            "crate::named",
            "jiff::Timestamp",
            "serde",
            "serde_json",
            "std",
        ],
    },
    Room {
        name: "lease_store",
        may_use: &[
            "*",
            "!crate",
            "crate::error",
            "crate::lease_record",
            "crate::clock",
            "crate::named",
            "crate::system",
            "crate::validation",
        ],
    },
    Room {
        name: "leadership",
        may_use: &[
            "crate::clock",
            "crate::election",
            "crate::error",
            "crate::lease_record",
            "crate::runtime",
            "std",
        ],
    },
    Room {
        name: "proof_of_death",
        may_use: &[
            "*",
            "!crate",
            "crate::clock::WallTime",
            "crate::error",
            "crate::identity",
            "crate::lease_record",
            "crate::lease_store::kubernetes::pods",
            "crate::runtime",
            "crate::system",
        ],
    },
    Room {
        name: "runtime",
        may_use: &["*", "!crate", "crate::error"],
    },
    Room {
        name: "system",
        may_use: &["*", "!crate"],
    },
    Room {
        name: "config",
        may_use: &[
            "*",
            "!crate::lease_store",
            "crate::lease_store::location::NamespaceSource",
            "!crate::runtime",
            "!crate::leadership",
            "!crate::shared",
        ],
    },
    Room {
        name: "elector",
        may_use: &["*", "!crate::config", "!crate::open", "!crate::runtime"],
    },
];

/// What only some rooms may use.
const RESERVED: &[(&str, &[&str])] = &[
    ("kube", &["lease_store::kubernetes"]),
    ("k8s_openapi", &["lease_store::kubernetes"]),
    ("hyper", &["lease_store::kubernetes"]),
    ("h2", &["lease_store::kubernetes"]),
    ("tower", &["lease_store::kubernetes"]),
    ("libc", &["runtime"]),
    ("rustix", &["runtime", "system"]),
    ("std::os", &["runtime", "system"]),
    ("std::thread::Builder", &["runtime"]),
    ("std::thread::spawn", &["runtime"]),
    ("prometheus_client", &["metrics"]),
];

fn modules() -> Vec<Module> {
    source::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

#[test]
fn no_modules_need_each_other() {
    let circles = circle::among_siblings(&modules());
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn each_room_uses_only_what_it_may() {
    let modules = modules();
    let mut wrong = Vec::new();
    for room in ROOMS {
        assert!(
            modules.iter().any(|module| module.is_in(room.name)),
            "there is no `{}` any more",
            room.name
        );
    }
    for module in &modules {
        for used in &module.uses {
            let room = ROOMS.iter().find(|room| module.is_in(room.name));
            let own = format!("crate::{}", module.room());
            if let Some(room) = room
                && !within(used, &own)
                && !allows(room.may_use, used)
            {
                wrong.push(format!("{module} uses {used}"));
            }
            for (reserved, rooms) in RESERVED {
                if within(used, reserved) && !rooms.iter().any(|room| module.is_in(room)) {
                    wrong.push(format!("{module} uses {used}, which is for {rooms:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_is_where_it_is_reviewed() {
    let modules = modules();
    let unsafe_modules = modules.iter().filter(|module| module.is_unsafe);
    let elsewhere: Vec<_> = unsafe_modules
        .filter(|module| !["runtime", "leadership"].iter().any(|it| module.is_in(it)))
        .map(ToString::to_string)
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[test]
fn one_room_asks_which_operating_system_this_is() {
    let modules = modules();
    let asking = modules.iter().filter(|module| module.asks_for_system);
    let (within, elsewhere): (Vec<_>, Vec<_>) =
        asking.partition(|module| ["runtime", "system"].iter().any(|it| module.is_in(it)));
    assert!(!within.is_empty(), "nobody asks");
    let elsewhere: Vec<_> = elsewhere.iter().map(ToString::to_string).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

/// The last entry that is about `used` decides.
fn allows(may_use: &[&str], used: &str) -> bool {
    may_use.iter().fold(false, |allowed, entry| {
        let (path, allows) = match entry.strip_prefix('!') {
            Some(path) => (path, false),
            None => (*entry, true),
        };
        if path == "*" || within(used, path) {
            allows
        } else {
            allowed
        }
    })
}

fn within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
