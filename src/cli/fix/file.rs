//! A file that gets another text in one step.

#![allow(clippy::disallowed_methods, reason = "the core writes no files; this is the shell")]

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

/// What all names of a file have in common that lead to the same place.
pub(super) fn identity(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

/// Puts a text in the place of the one that was read, for all readers at once, with the same owner and permissions. A link stays
/// one, and what it leads to is replaced. A file that is not any more what was read, or that may not be written, stays.
pub(super) fn replace(path: &Path, read: &[u8], text: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path)?;
    let metadata = fs::metadata(&target)?;
    let permissions = metadata.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".rayguard-").tempfile_in(folder)?;
    file.write_all(text)?;
    keep_owner(file.as_file(), &metadata)?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    if fs::read(&target)? != read {
        return Err(io::Error::other("somebody else has changed it meanwhile"));
    }
    file.persist(&target)?;
    Ok(())
}

/// Gives a new file the owner and the group that another one has. This takes permissions, which are to be set afterwards.
fn keep_owner(file: &File, of: &Metadata) -> io::Result<()> {
    let is = file.metadata()?;
    if (is.uid(), is.gid()) == (of.uid(), of.gid()) {
        return Ok(());
    }
    fchown(file, Some(of.uid()), Some(of.gid())).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => io::Error::new(error.kind(), "its owner and group could not be kept"),
        _ => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_changed_meanwhile_is_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.yaml");
        fs::write(&path, "theirs").expect("a file");
        let error = replace(&path, b"read", b"ours").expect_err("it is not what was read");
        assert_eq!(error.to_string(), "somebody else has changed it meanwhile");
        assert_eq!(fs::read(&path).expect("a file"), b"theirs");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is left behind");
        replace(&path, b"theirs", b"ours").expect("it can be written");
        assert_eq!(fs::read(&path).expect("a file"), b"ours");
    }
}
