//! By owner and mode.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};

use rustix::process::geteuid;

use super::*;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn missing_folders_are_made_for_the_owner_only() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("deep/.leasehold");
    let folder = prepare(&directory, BELOW).unwrap();
    for made in folder.ancestors().take(4) {
        assert_eq!(mode(made), 0o700, "{}", made.display());
    }
}

#[test]
fn who_only_looks_may_look_where_no_election_could_be() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("ours");
    let made = prepare(&directory, BELOW).unwrap();
    for unfit in [home.path(), &directory] {
        set_mode(unfit, 0o777);
        assert_eq!(find(&directory, BELOW).unwrap(), Some(made.clone()));
        let error = check(&directory, BELOW).unwrap_err();
        assert!(error.message().contains("chmod go-w"), "{error}");
        set_mode(unfit, 0o700);
    }
    // Only root can give a folder away, and so look into that of somebody else.
    if geteuid().is_root() {
        chown(&directory, Some(4242), None).unwrap();
        assert_eq!(find(&directory, BELOW).unwrap(), Some(made));
        assert!(refusal(&directory).contains("belongs to user 4242"));
    }
}

#[test]
fn folders_that_others_may_write_to_are_refused() {
    for shared in ["", "default", "default/job"] {
        for mode in [0o770, 0o702, 0o1777] {
            let home = tempfile::tempdir().unwrap();
            prepare(home.path(), BELOW).unwrap();
            set_mode(&home.path().join(shared), mode);
            assert!(
                refusal(home.path()).contains("chmod go-w"),
                "{shared} {mode:o}"
            );
        }
    }
}

#[test]
fn folders_that_others_may_read_are_fine() {
    let home = tempfile::tempdir().unwrap();
    set_mode(home.path(), 0o755);
    assert!(prepare(home.path(), BELOW).is_ok());
}

#[test]
fn a_folder_that_others_may_put_another_in_place_of_is_refused_unless_it_is_sticky() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("ours");
    prepare(&directory, BELOW).unwrap();
    set_mode(home.path(), 0o1777);
    assert!(prepare(&directory, BELOW).is_ok());
    set_mode(home.path(), 0o777);
    let writable = format!("{} is writable by group or others", home.path().display());
    assert!(refusal(&directory).contains(&writable));
}

#[test]
fn a_link_of_this_user_is_followed_to_a_folder_that_is_checked() {
    let home = tempfile::tempdir().unwrap();
    let shared = home.path().join("shared");
    fs::create_dir(&shared).unwrap();
    let link = home.path().join("link");
    symlink(&shared, &link).unwrap();
    let folder = prepare(&link, BELOW).unwrap();
    assert!(folder.starts_with(shared.canonicalize().unwrap()));

    set_mode(&shared, 0o777);
    refusal(&link);
    refusal(&link.join("below"));
}

#[test]
fn a_link_inside_of_the_folder_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), home.path().join("default")).unwrap();
    assert!(refusal(home.path()).contains("is not a directory, or is a link to one"));
}

#[test]
fn what_belongs_to_somebody_else_is_refused() {
    // Only root can give a file away.
    if !geteuid().is_root() {
        return;
    }
    let somebody = Some(4242);
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("ours");
    prepare(&directory, BELOW).unwrap();
    chown(&directory, somebody, None).unwrap();
    assert!(refusal(&directory).contains("belongs to user 4242"));

    let target = home.path().join("target");
    fs::create_dir(&target).unwrap();
    let link = home.path().join("link");
    symlink(&target, &link).unwrap();
    lchown(&link, somebody, None).unwrap();
    assert!(refusal(&link).contains("belongs to user 4242"));
}
