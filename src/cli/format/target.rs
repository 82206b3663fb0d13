//! The files and streams that reports are written to.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::cli::output::{Messages, Stdout};

/// The destination of a report. A regular file is replaced when the report is complete.
pub(super) enum Target {
    Stdout(Stdout),
    Stderr(Messages),
    /// A file that is not regular, or in whose folder no file can be created.
    File(BufWriter<File>),
    New(BufWriter<NamedTempFile>, PathBuf),
}

impl Target {
    /// Opens a file for writing.
    ///
    /// # Errors
    ///
    /// The file cannot be created.
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        // If the path is a link, its target is replaced.
        let path = resolved(path);
        let old = path.metadata();
        if old.as_ref().is_ok_and(|old| !old.is_file()) {
            return Ok(Self::File(BufWriter::new(File::create(&path)?)));
        }
        let permissions = old.map_or_else(|_| Permissions::from_mode(0o666), |old| old.permissions());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match Builder::new().prefix(".rayguard-").permissions(permissions).tempfile_in(folder) {
            Ok(new) => Ok(Self::New(BufWriter::new(new), path)),
            Err(_) => Ok(Self::File(BufWriter::new(File::create(&path)?))),
        }
    }

    /// Completes the output.
    ///
    /// # Errors
    ///
    /// The file cannot be written or replaced.
    pub(super) fn close(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush(),
            Self::Stderr(_) => Ok(()),
            Self::File(mut file) => file.flush(),
            Self::New(file, path) => {
                let new = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                new.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }

    fn out(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(stdout) => stdout,
            Self::Stderr(messages) => messages,
            Self::File(file) => file,
            Self::New(file, _) => file,
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out().flush()
    }
}

/// Returns the path without links, so that two paths of one file are equal. The file itself may not exist yet.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let in_folder = || Some(folder?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}
