//! The files to read: from paths, folders, patterns and the standard input.

mod excluded;
mod glob;
mod walk;

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::skipped::Skipped;
pub(super) use excluded::Excluded;
use rayguard_check::report::Unreadable;
use walk::walk;

/// A file to read.
#[derive(Debug)]
pub(super) enum Source {
    /// The standard input, with its name in messages.
    Stdin(String),
    File(PathBuf),
}

impl Source {
    /// Returns the name in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Source::Stdin(name) => name.clone(),
            Source::File(path) => path.display().to_string(),
        }
    }

    /// Reports whether the content can be read more than once.
    pub(super) fn is_rereadable(&self) -> bool {
        matches!(self, Source::File(path) if path.is_file())
    }

    /// Reads the content.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(super) fn read(&self) -> Result<Vec<u8>, Unreadable> {
        let read = match self {
            Source::Stdin(_) => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
            Source::File(path) => fs::read(path),
        };
        read.map_err(|error| unreadable(self.name(), &error))
    }
}

/// The files to search for.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) paths: Vec<PathBuf>,
    /// The name of the standard input in messages.
    pub(super) stdin: String,
    pub(super) excluded: Excluded,
    /// Whether to skip the files that git ignores.
    pub(super) honours_gitignore: bool,
}

pub(super) type Sources = Box<dyn Iterator<Item = Result<Source, Unreadable>> + Send>;

impl Search {
    /// Reports whether no path is given and the standard input is a terminal.
    pub(super) fn would_read_terminal(&self) -> bool {
        self.paths.is_empty() && io::stdin().is_terminal()
    }

    /// Returns the files in the order of the paths. Folders are read while the iterator advances, and skipped files are
    /// counted then.
    pub(super) fn sources(self, skipped: &Arc<Skipped>) -> Sources {
        let Self { mut paths, stdin, excluded, honours_gitignore } = self;
        if paths.is_empty() {
            paths.push(PathBuf::from("-"));
        }
        let (excluded, skipped) = (Arc::new(excluded), Arc::clone(skipped));
        Box::new(paths.into_iter().flat_map(move |path| -> Sources {
            if path.as_os_str() == "-" {
                return Box::new(iter::once(Ok(Source::Stdin(stdin.clone()))));
            }
            let (excluded, skipped) = (Arc::clone(&excluded), Arc::clone(&skipped));
            if path.is_dir() {
                return Box::new(walk(&path, excluded, honours_gitignore, skipped).filter(is_manifest));
            }
            if !path.exists()
                && let Some((folder, glob)) = glob::split(&path)
            {
                return glob::matching(&path, walk(&folder, excluded, honours_gitignore, skipped), glob);
            }
            if excluded.contains(&path, false) {
                skipped.count_excluded();
                return Box::new(iter::empty());
            }
            Box::new(iter::once(Ok(Source::File(path))))
        }))
    }
}

/// Reports whether an entry of a folder is a manifest, or an error.
fn is_manifest(found: &Result<Source, Unreadable>) -> bool {
    match found {
        Ok(Source::File(path)) => has_extension(path),
        _ => true,
    }
}

/// Reports whether a file has the extension of a manifest.
fn has_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
}

/// Returns the error of a file or a folder that the system does not let rayguard read.
pub(super) fn unreadable(name: String, error: &io::Error) -> Unreadable {
    Unreadable::new(name, format!("cannot be read: {}", without_number(error)))
}

/// Returns the message of a system error without its number.
pub(super) fn without_number(error: &io::Error) -> String {
    let message = error.to_string();
    message.split(" (os error").next().unwrap_or_default().to_owned()
}
