//! The files below a folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs};

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
    let filter =
        Arc::new(Mutex::new(Filter { excluded, ignored: heeds_git.then(|| Ignored::around(folder)), skipped }));
    let lock = |filter: &Mutex<Filter>, path: &Path, depth: usize, is_folder: bool| {
        filter.lock().unwrap_or_else(PoisonError::into_inner).wants(path, depth, is_folder)
    };
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    let of_entries = Arc::clone(&filter);
    let is_wanted = move |entry: &DirEntry| lock(&of_entries, entry.path(), entry.depth(), entry.file_type().is_dir());
    entries.filter_entry(is_wanted).filter_map(move |entry| match entry {
        Ok(entry) => (!entry.file_type().is_dir()).then(|| Ok(Source::File(entry.into_path()))),
        Err(error) => {
            let path = error.path().unwrap_or(Path::new(""));
            let leads_round = error.loop_ancestor().is_some();
            // A link that leads nowhere is missed only if it could have been a manifest.
            let is_missed = leads_round || !path.is_symlink() || has_extension(path);
            if !is_missed || !lock(&filter, path, error.depth(), leads_round) {
                return None;
            }
            let name = path.display().to_string();
            let unreadable = match error.io_error() {
                Some(error) => Unreadable::io(name, error),
                None => Unreadable::new(name, "a folder that contains itself, by a link"),
            };
            Some(Err(unreadable))
        }
    })
}

/// What of a folder is to be read.
struct Filter {
    excluded: Arc<Excluded>,
    /// None where git is not heeded.
    ignored: Option<Ignored>,
    skipped: Arc<Skipped>,
}

impl Filter {
    /// Whether something so many folders deep is to be read, and counts it if it is not. A folder is then gone into.
    fn wants(&mut self, path: &Path, depth: usize, is_folder: bool) -> bool {
        let Self { excluded, ignored, skipped } = self;
        // What could not have been a manifest is not missed.
        let counts = is_folder || has_extension(path);
        let name = path.file_name().unwrap_or_default();
        if depth > 0 {
            let why: Option<fn(&Skipped)> = if name.as_encoded_bytes().starts_with(b".") {
                Some(Skipped::count_hidden)
            } else if excluded.holds(path, is_folder) {
                Some(Skipped::count_excluded)
            } else if ignored.as_mut().is_some_and(|ignored| ignored.holds(path, depth, is_folder)) {
                Some(Skipped::count_ignored)
            } else {
                None
            };
            if let Some(count) = why {
                if counts && name != ".git" {
                    count(skipped);
                }
                return false;
            }
        }
        if is_folder && let Some(ignored) = ignored {
            ignored.enter(path, depth);
        }
        true
    }
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
        // As far up as the repository goes; without one, as far as the working folder.
        let is_repository = |folder: &&Path| folder.join(".git").exists();
        let here = env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
        let top = absolute.ancestors().find(is_repository).unwrap_or(&here);
        let parents = absolute.ancestors().skip(1).take_while(|parent| parent.starts_with(top));
        let mut above: Vec<_> = parents.filter_map(of_folder).collect();
        above.reverse();
        Self { root: (folder.to_owned(), absolute), above, below: Vec::new() }
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        let (given, absolute) = &self.root;
        match path.strip_prefix(given) {
            Ok(rest) if rest.as_os_str().is_empty() => absolute.clone(),
            Ok(rest) => absolute.join(rest),
            Err(_) => path.to_owned(),
        }
    }

    /// Goes into a folder.
    fn enter(&mut self, folder: &Path, depth: usize) {
        self.leave(depth);
        let ignored = of_folder(self.absolute(folder));
        self.below.extend(ignored.map(|ignored| (depth, ignored)));
    }

    /// Forgets the folders that lie as deep as this, or deeper.
    fn leave(&mut self, depth: usize) {
        while self.below.last().is_some_and(|(below, _)| *below >= depth) {
            self.below.pop();
        }
    }

    /// Whether the nearest file that says anything of it ignores it.
    fn holds(&mut self, path: &Path, depth: usize, is_folder: bool) -> bool {
        self.leave(depth);
        let path = self.absolute(path);
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
