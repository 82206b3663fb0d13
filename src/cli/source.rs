//! Where texts come from: files, folders, the standard input.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal, Read};
use std::iter;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap::error::ErrorKind;
use walkdir::{DirEntry, WalkDir};

use super::Cli;
use super::report::Unreadable;

/// A text to read.
#[derive(Debug)]
pub(super) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// The name by which the user knows it.
    pub(super) fn name(&self) -> String {
        match self {
            Source::Stdin => "<stdin>".to_owned(),
            Source::File(path) => path.display().to_string(),
        }
    }

    /// Reads it to the end.
    pub(super) fn read(&self) -> Result<Vec<u8>, Unreadable> {
        let read = match self {
            Source::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
            // The core reads no files; this is the shell.
            #[allow(clippy::disallowed_methods)]
            Source::File(path) => fs::read(path),
        };
        read.map_err(|error| Unreadable::io(self.name(), &error))
    }
}

type Sources = Box<dyn Iterator<Item = Result<Source, Unreadable>> + Send>;

/// The texts at some paths, in the order in which they are to be read; folders are looked into on the way. Ends the
/// program where there is nothing to read and nobody to ask.
pub(super) fn find(paths: &[PathBuf]) -> impl Iterator<Item = Result<Source, Unreadable>> + Send + use<> {
    if paths.is_empty() && io::stdin().is_terminal() {
        let message = "no path given, and the standard input is a terminal";
        Cli::command().error(ErrorKind::MissingRequiredArgument, message).exit();
    }
    let paths = if paths.is_empty() { vec![PathBuf::from("-")] } else { paths.to_vec() };
    paths.into_iter().flat_map(|path| -> Sources {
        if path.as_os_str() == "-" {
            Box::new(iter::once(Ok(Source::Stdin)))
        } else if path.is_dir() {
            Box::new(walk(&path))
        } else {
            Box::new(iter::once(Ok(Source::File(path))))
        }
    })
}

/// The manifests below a folder, in the order of names. Links are followed.
fn walk(folder: &Path) -> impl Iterator<Item = Result<Source, Unreadable>> + Send + use<> {
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    let visible = |entry: &DirEntry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
    entries.filter_entry(visible).filter_map(|entry| match entry {
        Ok(entry) => {
            let extension = entry.path().extension().and_then(OsStr::to_str)?.to_ascii_lowercase();
            let is_manifest = !entry.file_type().is_dir() && matches!(&*extension, "yaml" | "yml" | "json");
            is_manifest.then(|| Ok(Source::File(entry.into_path())))
        }
        Err(error) => {
            let name = error.path().map(|path| path.display().to_string()).unwrap_or_default();
            let unreadable = match error.io_error() {
                Some(error) => Unreadable::io(name, error),
                None => Unreadable::new(name, "a folder that contains itself, by a link"),
            };
            Some(Err(unreadable))
        }
    })
}
