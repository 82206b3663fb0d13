//! Where a report goes.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::cli::output::Data;

/// Where a report is written. A file has it once it is complete, and what it had before until then.
pub(super) enum Target {
    Stdout(Data),
    /// What is no ordinary file, or lies where nothing can be put beside it.
    File(BufWriter<File>),
    New(BufWriter<NamedTempFile>, PathBuf),
}

impl Target {
    /// Opens a file; the standard output if there is none.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self::Stdout(Data::new())) };
        // Of a link, what it leads to.
        let path = place(path);
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

    /// Gives the file what was written.
    pub(super) fn close(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut data) => data.flush(),
            Self::File(mut file) => file.flush(),
            Self::New(file, path) => {
                let new = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                new.persist(path).map(drop).map_err(|error| error.error)
            }
        }
    }

    fn out(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(data) => data,
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

/// What a path comes to: the same for two that lead to one file, be it there or not.
pub(super) fn place(path: &Path) -> PathBuf {
    let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let beside = || Some(folder?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}
