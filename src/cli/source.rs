//! Where texts come from: files, folders, the standard input.

mod excluded;
mod glob;
mod walk;

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::report::{Skipped, Unreadable};
pub(super) use excluded::Excluded;
use walk::walk;

/// A text to read.
#[derive(Debug)]
pub(super) enum Source {
    /// The standard input, and what it is called.
    Stdin(String),
    File(PathBuf),
}

impl Source {
    /// The name by which the user knows it.
    pub(super) fn name(&self) -> String {
        match self {
            Source::Stdin(name) => name.clone(),
            Source::File(path) => path.display().to_string(),
        }
    }

    /// Whether it can be read more than once.
    pub(super) fn is_there_again(&self) -> bool {
        matches!(self, Source::File(path) if path.is_file())
    }

    /// Reads it to the end.
    pub(super) fn read(&self) -> Result<Vec<u8>, Unreadable> {
        let read = match self {
            Source::Stdin(_) => {
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

/// Which texts to read.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) paths: Vec<PathBuf>,
    /// What the standard input is called.
    pub(super) stdin: String,
    pub(super) excluded: Excluded,
    /// Whether what git ignores is passed over.
    pub(super) heeds_git: bool,
}

pub(super) type Sources = Box<dyn Iterator<Item = Result<Source, Unreadable>> + Send>;

impl Search {
    /// Whether there is nothing to read and nobody to ask.
    pub(super) fn is_idle(&self) -> bool {
        self.paths.is_empty() && io::stdin().is_terminal()
    }

    /// The texts, in the order in which they are to be read; folders are looked into on the way. What is passed over is
    /// counted by the time that it would have come.
    pub(super) fn sources(self, skipped: &Arc<Skipped>) -> Sources {
        let Self { mut paths, stdin, excluded, heeds_git } = self;
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
                return Box::new(walk(&path, excluded, heeds_git, skipped).filter(is_manifest));
            }
            if !path.exists()
                && let Some((folder, glob)) = glob::split(&path)
            {
                return glob::matching(&path, walk(&folder, excluded, heeds_git, skipped), glob);
            }
            if excluded.holds(&path, false) {
                skipped.count_excluded();
                return Box::new(iter::empty());
            }
            Box::new(iter::once(Ok(Source::File(path))))
        }))
    }
}

/// Whether what was found in a folder is to be read; what cannot be looked into is told.
fn is_manifest(found: &Result<Source, Unreadable>) -> bool {
    match found {
        Ok(Source::File(path)) => has_extension(path),
        _ => true,
    }
}

/// Whether a file is called as manifests are.
fn has_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
}
