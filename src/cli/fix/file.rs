//! Atomic replacement of a file.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};

/// Returns the path of a file without links, which is equal for all its names.
pub(super) fn identity(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok()
}

/// Replaces the content of a file atomically, and keeps its owner and permissions. If the path is a link, its target is
/// replaced. `read` is the content that was read before.
///
/// # Errors
///
/// The file is read-only, cannot be written, or does not have the content that was read before. It is then unchanged.
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
        return Err(io::Error::other("the file has changed since it was read"));
    }
    file.persist(&target)?;
    Ok(())
}

/// Sets the owner and the group of a new file to those of the old one. This clears permissions, so they must be set
/// afterwards.
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
    fn a_file_that_has_changed_since_it_was_read_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.yaml");
        fs::write(&path, "theirs").expect("a file");
        let error = replace(&path, b"read", b"ours").expect_err("it is not what was read");
        assert_eq!(error.to_string(), "the file has changed since it was read");
        assert_eq!(fs::read(&path).expect("a file"), b"theirs");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is left behind");
        replace(&path, b"theirs", b"ours").expect("it can be written");
        assert_eq!(fs::read(&path).expect("a file"), b"ours");
    }
}
