//! The files below a folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs};

use ignore::gitignore::Gitignore;
use rayguard_check::report::Unreadable;
use walkdir::{DirEntry, WalkDir};

use super::{Excluded, Source, has_extension, unreadable};
use crate::cli::skipped::Skipped;

/// Returns the files below a folder in the order of their names, without those that are hidden, ignored by git or
/// excluded. Links are followed.
pub(super) fn walk(
    folder: &Path,
    excluded: Arc<Excluded>,
    honours_gitignore: bool,
    skipped: Arc<Skipped>,
) -> impl Iterator<Item = Result<Source, Unreadable>> + Send + use<> {
    let filter =
        Arc::new(Mutex::new(Filter { excluded, ignored: honours_gitignore.then(|| Ignored::new(folder)), skipped }));
    let lock = |filter: &Mutex<Filter>, path: &Path, depth: usize, is_folder: bool| {
        filter.lock().unwrap_or_else(PoisonError::into_inner).includes(path, depth, is_folder)
    };
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    let of_entries = Arc::clone(&filter);
    let is_wanted = move |entry: &DirEntry| lock(&of_entries, entry.path(), entry.depth(), entry.file_type().is_dir());
    entries.filter_entry(is_wanted).filter_map(move |entry| match entry {
        Ok(entry) => (!entry.file_type().is_dir()).then(|| Ok(Source::File(entry.into_path()))),
        Err(error) => {
            let path = error.path().unwrap_or(Path::new(""));
            let is_loop = error.loop_ancestor().is_some();
            // A broken link is an error only if it has the extension of a manifest.
            let is_reported = is_loop || !path.is_symlink() || has_extension(path);
            if !is_reported || !lock(&filter, path, error.depth(), is_loop) {
                return None;
            }
            let name = path.display().to_string();
            let unreadable = match error.io_error() {
                Some(error) => unreadable(name, error),
                None => Unreadable::new(name, "a folder that contains itself through a link"),
            };
            Some(Err(unreadable))
        }
    })
}

/// Decides which entries of a folder to read.
struct Filter {
    excluded: Arc<Excluded>,
    /// `None` if `.gitignore` files are not honoured.
    ignored: Option<Ignored>,
    skipped: Arc<Skipped>,
}

impl Filter {
    /// Reports whether to read an entry at this depth below the folder, and counts it if not. Enters a folder that is
    /// read.
    fn includes(&mut self, path: &Path, depth: usize, is_folder: bool) -> bool {
        let Self { excluded, ignored, skipped } = self;
        // Files that are not manifests are not counted.
        let counts = is_folder || has_extension(path);
        let name = path.file_name().unwrap_or_default();
        if depth > 0 {
            let skip: Option<fn(&Skipped)> = if name.as_encoded_bytes().starts_with(b".") {
                Some(Skipped::count_hidden)
            } else if excluded.contains(path, is_folder) {
                Some(Skipped::count_excluded)
            } else if ignored.as_mut().is_some_and(|ignored| ignored.contains(path, depth, is_folder)) {
                Some(Skipped::count_ignored)
            } else {
                None
            };
            if let Some(count) = skip {
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

/// The `.gitignore` files that apply to the current folder of a walk.
struct Ignored {
    /// The top folder of the walk: as it was given, and absolute.
    root: (PathBuf, PathBuf),
    /// The files of its parent folders in the same repository; the outermost first.
    above: Vec<Gitignore>,
    /// The files of folders below it, each with its depth.
    below: Vec<(usize, Gitignore)>,
}

impl Ignored {
    fn new(folder: &Path) -> Self {
        let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        // Up to the root of the repository; without a repository, up to the working folder.
        let is_repository = |folder: &&Path| folder.join(".git").exists();
        let working_folder = env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
        let top = absolute.ancestors().find(is_repository).unwrap_or(&working_folder);
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

    /// Enters a folder.
    fn enter(&mut self, folder: &Path, depth: usize) {
        self.leave(depth);
        let ignored = of_folder(self.absolute(folder));
        self.below.extend(ignored.map(|ignored| (depth, ignored)));
    }

    /// Leaves the folders at this depth or deeper.
    fn leave(&mut self, depth: usize) {
        while self.below.last().is_some_and(|(below, _)| *below >= depth) {
            self.below.pop();
        }
    }

    /// Reports whether a path is ignored. The nearest file with a pattern for it decides.
    fn contains(&mut self, path: &Path, depth: usize, is_folder: bool) -> bool {
        self.leave(depth);
        let path = self.absolute(path);
        let nearest_first = self.below.iter().rev().map(|(_, ignored)| ignored).chain(self.above.iter().rev());
        let mut matches = nearest_first.map(|ignored| ignored.matched(&path, is_folder));
        matches.find(|matched| !matched.is_none()).is_some_and(|matched| matched.is_ignore())
    }
}

fn of_folder(folder: impl AsRef<Path>) -> Option<Gitignore> {
    let file = folder.as_ref().join(".gitignore");
    // Errors in a line are ignored: git reports them.
    file.is_file().then(|| Gitignore::new(file).0)
}
