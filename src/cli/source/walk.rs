//! The files below a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::Gitignore;
use walkdir::{DirEntry, WalkDir};

use super::{Excluded, Source, has_extension};
use crate::cli::report::{Skipped, Unreadable};

/// The files below a folder, in the order of names, but for what is hidden, ignored by git or excluded. Links are
/// followed.
pub(super) fn walk(
    folder: &Path,
    excluded: Arc<Excluded>,
    heeds_git: bool,
    skipped: Arc<Skipped>,
) -> impl Iterator<Item = Result<Source, Unreadable>> + Send + use<> {
    let mut ignored = heeds_git.then(|| Ignored::around(folder));
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    let is_wanted = move |entry: &DirEntry| {
        let is_folder = entry.file_type().is_dir();
        // What could not have been a manifest is not missed.
        let counts = is_folder || has_extension(entry.path());
        if entry.depth() > 0 {
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                if counts && entry.file_name() != ".git" {
                    skipped.count_hidden();
                }
                return false;
            }
            if excluded.holds(entry.path(), is_folder) {
                if counts {
                    skipped.count_excluded();
                }
                return false;
            }
            if ignored.as_mut().is_some_and(|ignored| ignored.holds(entry, is_folder)) {
                if counts {
                    skipped.count_ignored();
                }
                return false;
            }
        }
        if is_folder && let Some(ignored) = &mut ignored {
            ignored.enter(entry);
        }
        true
    };
    entries.filter_entry(is_wanted).filter_map(|entry| match entry {
        Ok(entry) => (!entry.file_type().is_dir()).then(|| Ok(Source::File(entry.into_path()))),
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

/// What the `.gitignore` files say of the folders that a walk is in.
struct Ignored {
    /// The folder that is walked, as it was given and as it is known everywhere.
    root: (PathBuf, PathBuf),
    /// Those of the folder's own parents within its repository; the outermost first.
    above: Vec<Gitignore>,
    /// Those of folders below, each with its depth.
    below: Vec<(usize, Gitignore)>,
}

impl Ignored {
    fn around(folder: &Path) -> Self {
        let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let is_repository = |folder: &&Path| folder.join(".git").exists();
        let mut above = Vec::new();
        if let Some(repository) = absolute.ancestors().find(is_repository) {
            let parents = absolute.ancestors().skip(1).take_while(|parent| parent.starts_with(repository));
            above.extend(parents.filter_map(of_folder));
            above.reverse();
        }
        Self { root: (folder.to_owned(), absolute), above, below: Vec::new() }
    }

    fn absolute(&self, entry: &DirEntry) -> PathBuf {
        let (given, absolute) = &self.root;
        match entry.path().strip_prefix(given) {
            Ok(rest) if rest.as_os_str().is_empty() => absolute.clone(),
            Ok(rest) => absolute.join(rest),
            Err(_) => entry.path().to_owned(),
        }
    }

    /// Goes into a folder.
    fn enter(&mut self, entry: &DirEntry) {
        self.leave(entry.depth());
        let ignored = of_folder(self.absolute(entry));
        self.below.extend(ignored.map(|ignored| (entry.depth(), ignored)));
    }

    /// Forgets the folders that lie as deep as this, or deeper.
    fn leave(&mut self, depth: usize) {
        while self.below.last().is_some_and(|(below, _)| *below >= depth) {
            self.below.pop();
        }
    }

    /// Whether the nearest file that says anything of an entry ignores it.
    fn holds(&mut self, entry: &DirEntry, is_folder: bool) -> bool {
        self.leave(entry.depth());
        let path = self.absolute(entry);
        let nearest_first = self.below.iter().rev().map(|(_, ignored)| ignored).chain(self.above.iter().rev());
        let mut said = nearest_first.map(|ignored| ignored.matched(&path, is_folder));
        said.find(|said| !said.is_none()).is_some_and(|said| said.is_ignore())
    }
}

fn of_folder(folder: impl AsRef<Path>) -> Option<Gitignore> {
    let file = folder.as_ref().join(".gitignore");
    // What is wrong with a line of it is for git to say.
    file.is_file().then(|| Gitignore::new(file).0)
}
