//! By the volume's serial number and the file's index; readable as their folder is.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use winapi_util::file::information;

/// Links themselves, and folders, can be opened as well.
const ANY_KIND: u32 = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;

/// How long a file may be in use by somebody who reads it.
const LONGEST_READ: Duration = Duration::from_millis(200);
const NAP: Duration = Duration::from_millis(2);

/// Tells a file from every other one of this machine, also from one that takes its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    volume: u64,
    index: u64,
}

impl FileId {
    /// Of an open file.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let information = information(file)?;
        Ok(Self {
            volume: information.volume_serial_number(),
            index: information.file_index(),
        })
    }

    /// Of the file at `path`; of a link itself.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        // To look at it, and nothing else.
        let mut options = OpenOptions::new();
        options.access_mode(0).custom_flags(ANY_KIND);
        Self::of(&options.open(path)?)
    }
}

/// To open files with that nobody but their owner may read, if they are made in a folder like that.
pub(crate) fn private() -> OpenOptions {
    OpenOptions::new()
}

/// Puts the file `from` in the place of `to`, in the same folder. After a crash, or a loss of power,
/// the old or the new one is there; once this has returned, the new one.
pub(crate) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    let started = Instant::now();
    while let Err(error) = fs::rename(from, to) {
        // Somebody reads the old one, a candidate or a virus scanner.
        if error.kind() != io::ErrorKind::PermissionDenied || started.elapsed() > LONGEST_READ {
            return Err(error);
        }
        thread::sleep(NAP);
    }
    // A folder cannot be flushed. NTFS writes its log, and the new name with it, when a file is.
    OpenOptions::new().write(true).open(to)?.sync_all()
}
