//! By owner and access control list.

use windows_permissions::constants::{SeObjectType, SecurityInformation};
use windows_permissions::wrappers::SetNamedSecurityInfo;
use windows_permissions::{LocalBox, SecurityDescriptor};

use super::*;

/// Lets this user, the system and administrators write, and those whom `also` names.
fn set_access(path: &Path, also: &str) {
    let list = format!("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;CO){also}");
    let list: LocalBox<SecurityDescriptor> = list.parse().unwrap();
    let what = SecurityInformation::Dacl | SecurityInformation::ProtectedDacl;
    let kind = SeObjectType::SE_FILE_OBJECT;
    SetNamedSecurityInfo(path.as_os_str(), kind, what, None, None, list.dacl(), None).unwrap();
}

#[test]
fn folders_that_others_may_write_to_are_refused() {
    for shared in ["", "default", "default/job"] {
        let home = tempfile::tempdir().unwrap();
        prepare(home.path(), BELOW).unwrap();
        set_access(&home.path().join(shared), "(A;OICI;FA;;;WD)");
        assert!(refusal(home.path()).contains("is writable by "), "{shared}");
    }
}

#[test]
fn folders_that_others_may_read_are_fine() {
    let home = tempfile::tempdir().unwrap();
    set_access(home.path(), "(A;OICI;FR;;;WD)");
    assert!(prepare(home.path(), BELOW).is_ok());
}
