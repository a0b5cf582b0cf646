use std::error::Error as _;
use std::fs;

use super::*;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

const BELOW: [&str; 2] = ["default", "job"];

/// The message, which must be that of a faulty setting.
fn refusal(directory: &Path) -> String {
    let error = prepare(directory, BELOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().starts_with("directory = "), "{error}");
    error.message().to_owned()
}

#[test]
fn missing_folders_are_made() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("deep/.leasehold");
    let folder = prepare(&directory, BELOW).unwrap();
    assert_eq!(
        folder,
        directory
            .canonicalize()
            .unwrap()
            .join("default")
            .join("job")
    );
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
fn a_path_that_is_no_folder_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(refusal(&file).contains("choose a directory"));
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
