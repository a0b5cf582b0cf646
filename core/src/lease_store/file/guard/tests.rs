use std::error::Error as _;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};

use rustix::process::geteuid;

use super::*;

const BELOW: [&str; 2] = ["default", "job"];

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// The message, which must be that of a faulty setting.
fn refusal(directory: &Path) -> String {
    let error = prepare(directory, BELOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().starts_with("directory = "), "{error}");
    error.message().to_owned()
}

#[test]
fn missing_folders_are_made_for_the_owner_only() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("deep/.leasehold");
    let folder = prepare(&directory, BELOW).unwrap();
    assert_eq!(
        folder,
        directory.canonicalize().unwrap().join("default/job")
    );
    for made in folder.ancestors().take(4) {
        assert_eq!(mode(made), 0o700, "{}", made.display());
    }
    assert_eq!(prepare(&directory, BELOW).unwrap(), folder, "a second time");
}

#[test]
fn who_only_looks_makes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("deep/.leasehold");
    assert_eq!(find(&directory, BELOW).unwrap(), None);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);

    fs::create_dir_all(&directory).unwrap();
    assert_eq!(find(&directory, BELOW).unwrap(), None);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);

    let made = prepare(&directory, BELOW).unwrap();
    assert_eq!(find(&directory, BELOW).unwrap(), Some(made));
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
fn what_cannot_be_looked_into_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    for directory in [&file, &file.join("below"), Path::new("elections")] {
        let error = find(directory, BELOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().starts_with("directory = "), "{error}");
    }
}

#[test]
fn who_checks_makes_nothing() {
    let home = tempfile::tempdir().unwrap();
    check(&home.path().join("deep/.leasehold"), BELOW).unwrap();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);

    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let error = check(&file.join("below"), BELOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
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
    assert!(refusal(&directory).contains(home.path().to_str().unwrap()));
}

#[test]
fn a_link_of_ones_own_is_followed_to_a_folder_that_is_checked() {
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
    assert!(refusal(home.path()).contains("is no folder, or a link to one"));
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

#[test]
fn a_path_that_is_no_folder_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(refusal(&file).contains("choose a folder"));
    assert!(refusal(Path::new("elections")).contains("absolute"));
    assert!(refusal(Path::new("")).contains("absolute"));
}

#[test]
fn what_the_system_says_is_said_once() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let error = prepare(&file.join("below"), BELOW).unwrap_err();
    assert!(error.message().contains("os error"), "{error}");
    assert!(error.source().is_none(), "it would be said again");
}
