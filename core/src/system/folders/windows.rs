//! By owner and access control list.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

use windows_permissions::constants::{
    AccessRights, AceFlags, AceType, SeObjectType, SecurityInformation,
};
use windows_permissions::utilities::current_process_sid;
use windows_permissions::wrappers::{
    ConvertSecurityDescriptorToStringSecurityDescriptor, GetSecurityInfo,
};
use windows_permissions::{Ace, LocalBox, SecurityDescriptor, Sid};

/// Who may do everything anyway, and who is nobody but the owner.
const TRUSTED: [&str; 5] = [
    "S-1-5-18",                                                       // the system
    "S-1-5-32-544",                                                   // administrators
    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464", // what installs Windows
    "S-1-3-0", // in what is inherited: who makes the file
    "S-1-3-4", // the rights of the owner
];

/// Kinds of entries, as Windows writes them, that allow something or deny it; what reads their rights
/// panics at others.
const KINDS: [&str; 7] = ["A", "D", "OA", "OD", "XA", "XD", "ZA"];

const FIX: &str = "change its owner or rights (icacls), or choose a directory in your user profile";

// Rights to folders, as in winnt.h.
const ADD_FILE: u32 = 0x02;
const ADD_SUBFOLDER: u32 = 0x04;
const DELETE_CHILD: u32 = 0x40;

/// Folders can be opened, and links themselves.
const ANY_KIND: u32 = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;

/// Makes `folder`, and those above it that are missing, with the rights of the one above.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Fails if this user may not make files in `folder`.
pub(crate) fn check_writable(folder: &Path) -> io::Result<()> {
    open(folder, ADD_FILE)?;
    if folder.is_dir() {
        Ok(())
    } else {
        Err(ErrorKind::NotADirectory.into())
    }
}

/// How somebody else can put another directory, or a link to one, in place of what is below `path`,
/// and what to do about it: the end of a sentence that begins with `path`.
pub(crate) fn threat_on_the_way(path: &Path) -> io::Result<Option<String>> {
    threat(&*security(path)?, Part::Place)
}

/// How somebody else can change what is in the directory `path`, and what to do about it, likewise.
pub(crate) fn threat_within(path: &Path) -> io::Result<Option<String>> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Ok(Some(
            "is not a directory, or is a link to one: remove it".to_owned(),
        ));
    }
    threat(&*security(path)?, Part::Contents)
}

/// What of a folder somebody may have rights to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Where it is, and who has rights to it.
    Place,
    /// Also what is in it, and what will be made in it.
    Contents,
}

impl Part {
    fn is_touched_by(self, entry: &Ace) -> bool {
        let mut rights = AccessRights::from_bits_truncate(DELETE_CHILD)
            | AccessRights::Delete
            | AccessRights::WriteDac
            | AccessRights::WriteOwner
            | AccessRights::GenericAll;
        if self == Self::Contents {
            rights |= AccessRights::from_bits_truncate(ADD_FILE | ADD_SUBFOLDER);
            rights |= AccessRights::GenericWrite;
        } else if entry.flags().contains(AceFlags::InheritOnly) {
            return false;
        }
        entry.mask().intersects(rights)
    }
}

fn threat(security: &SecurityDescriptor, part: Part) -> io::Result<Option<String>> {
    let own = current_process_sid()?;
    let is_trusted = |sid: &Sid| *sid == *own || TRUSTED.contains(&sid.to_string().as_str());
    let Some(owner) = security.owner() else {
        return Ok(Some(format!("has no owner: {FIX}")));
    };
    if !is_trusted(owner) {
        return Ok(Some(format!("belongs to user {owner}: {FIX}")));
    }
    let Some(entries) = security.dacl() else {
        return Ok(Some(format!("is writable by everybody: {FIX}")));
    };
    if let Some(kind) = unknown_kind(&as_text(security)?) {
        let doubt = format!("has an entry of kind {kind:?} that may let others write to it");
        return Ok(Some(format!("{doubt}: {FIX}")));
    }
    // What is denied beside may not be what is allowed here.
    let stranger = (0..entries.len())
        .filter_map(|index| entries.get_ace(index))
        .filter(|entry| allows(entry) && part.is_touched_by(entry))
        .find_map(|entry| match entry.sid() {
            Some(sid) if is_trusted(sid) => None,
            sid => Some(sid.map_or_else(|| "somebody".to_owned(), ToString::to_string)),
        });
    Ok(stranger.map(|sid| format!("is writable by {sid}: {FIX}")))
}

/// The list as text: `D:P(A;OICI;FA;;;SY)(…)`.
fn as_text(security: &SecurityDescriptor) -> io::Result<String> {
    let dacl = SecurityInformation::Dacl;
    match ConvertSecurityDescriptorToStringSecurityDescriptor(security, dacl) {
        Ok(text) => Ok(text.to_string_lossy().into_owned()),
        Err(why) => {
            let doubt = "its access control list has an entry of a kind that Windows cannot name";
            Err(io::Error::new(why.kind(), format!("{doubt} ({why})")))
        }
    }
}

/// The first kind of an entry in such a list that is none of [`KINDS`].
fn unknown_kind(list: &str) -> Option<&str> {
    let mut depth = 0;
    for (at, character) in list.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        // Deeper ones are of an entry's condition.
        if character == '(' && depth == 1 {
            let kind = list[at + 1..].split([';', ')']).next().unwrap_or_default();
            if !KINDS.contains(&kind) {
                return Some(kind);
            }
        }
    }
    None
}

fn allows(entry: &Ace) -> bool {
    use AceType::{
        ACCESS_ALLOWED_ACE_TYPE, ACCESS_ALLOWED_CALLBACK_ACE_TYPE,
        ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE, ACCESS_ALLOWED_OBJECT_ACE_TYPE,
    };
    matches!(
        entry.ace_type(),
        ACCESS_ALLOWED_ACE_TYPE
            | ACCESS_ALLOWED_CALLBACK_ACE_TYPE
            | ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE
            | ACCESS_ALLOWED_OBJECT_ACE_TYPE
    )
}

fn security(path: &Path) -> io::Result<LocalBox<SecurityDescriptor>> {
    let file = open(path, AccessRights::ReadControl.bits())?;
    let wanted = SecurityInformation::Owner | SecurityInformation::Dacl;
    GetSecurityInfo(&file, SeObjectType::SE_FILE_OBJECT, wanted)
}

fn open(path: &Path, access: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .access_mode(access)
        .custom_flags(ANY_KIND)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER_AND_SYSTEM: &str = "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;CO)";

    /// What is wrong with a folder of administrators that `also` names others for.
    fn threats(also: &str) -> [Option<String>; 2] {
        let text = format!("{OWNER_AND_SYSTEM}{also}");
        let security: LocalBox<SecurityDescriptor> = text.parse().unwrap();
        [Part::Place, Part::Contents].map(|part| threat(&security, part).unwrap())
    }

    #[test]
    fn who_may_do_everything_anyway_is_no_threat_and_nor_is_who_may_read() {
        assert_eq!(threats(""), [None, None]);
        assert_eq!(threats("(A;OICI;FRFX;;;WD)(A;;GRGX;;;AU)"), [None, None]);
        assert_eq!(threats("(D;OICI;FA;;;WD)"), [None, None], "a denial");
    }

    #[test]
    fn who_may_only_make_things_cannot_put_them_in_place_of_others() {
        // The rights of those who are logged on to the root of a drive.
        let [place, contents] = threats("(A;;LC;;;AU)(A;OICIIO;SDGXGWGR;;;AU)");
        assert_eq!(place, None);
        assert!(contents.unwrap().starts_with("is writable by S-1-5-11: "));
    }

    #[test]
    fn each_right_by_which_somebody_may_write_sooner_or_later_is_a_threat() {
        for right in ["FA", "GA", "SD", "WD", "WO", "DT"] {
            let found = threats(&format!("(A;;{right};;;WD)"));
            assert!(found.iter().all(Option::is_some), "{right}: {found:?}");
        }
        for right in ["FW", "GW", "DC", "LC"] {
            let [_, contents] = threats(&format!("(A;;{right};;;WD)"));
            assert!(contents.is_some(), "{right}");
        }
    }

    #[test]
    fn entries_of_unknown_kinds_are_found_and_conditions_are_none() {
        assert_eq!(unknown_kind("D:PAI(A;OICI;FA;;;SY)(D;;FA;;;WD)"), None);
        let condition =
            r#"D:(XA;;FR;;;WD;(@User.Title=="PM" && (Member_of {SID(BA)})))(OD;;FA;;;WD)"#;
        assert_eq!(unknown_kind(condition), None);
        assert_eq!(unknown_kind("D:(A;;FA;;;SY)(AL;;FA;;;WD)"), Some("AL"));
        assert_eq!(unknown_kind("D:(0x4;;FA;;;WD)"), Some("0x4"));
        assert_eq!(unknown_kind("D:()"), Some(""));
    }

    #[test]
    fn an_entry_of_an_unknown_kind_is_refused_without_a_panic() {
        // The only one that there is a word for; not every Windows makes it.
        let text = format!("{OWNER_AND_SYSTEM}(AL;;FA;;;WD)");
        let made: Result<LocalBox<SecurityDescriptor>, _> = text.parse();
        if let Ok(security) = made {
            let found = threat(&security, Part::Place).unwrap().unwrap();
            assert!(found.starts_with(r#"has an entry of kind "AL""#), "{found}");
        }
    }

    #[test]
    fn a_folder_of_somebody_else_or_without_a_list_is_refused() {
        for text in ["O:BUD:P(A;;FA;;;SY)", "D:P(A;;FA;;;SY)", "O:BA"] {
            let security: LocalBox<SecurityDescriptor> = text.parse().unwrap();
            let found = threat(&security, Part::Contents).unwrap();
            assert!(found.is_some(), "{text}");
        }
    }
}
