//! The files that `--exclude` excludes.

use std::path::{Component, Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::cli::here::from_here;

/// Patterns as in `.gitignore` files, relative to the working folder.
#[derive(Debug)]
pub(crate) struct Excluded(Gitignore);

impl Excluded {
    /// Parses patterns.
    ///
    /// # Errors
    ///
    /// A pattern is invalid. The message is returned.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, String> {
        let mut builder = GitignoreBuilder::new("");
        for pattern in patterns {
            builder.add_line(None, pattern).map_err(|error| format!("--exclude {pattern:?}: {error}"))?;
        }
        builder.build().map(Self).map_err(|error| format!("--exclude: {error}"))
    }

    /// Returns the patterns that exclude nothing.
    pub(crate) fn none() -> Self {
        Self(Gitignore::empty())
    }

    /// Reports whether a file or a folder is excluded, or a folder that contains it.
    pub(super) fn contains(&self, path: &Path, is_folder: bool) -> bool {
        if self.0.is_empty() {
            return false;
        }
        // A path outside of the working folder is matched by the names in it.
        let names = from_here(path).components().filter(|part| matches!(part, Component::Normal(_)));
        let path: PathBuf = names.collect();
        !path.as_os_str().is_empty() && self.0.matched_path_or_any_parents(&path, is_folder).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_the_syntax_of_gitignore() {
        let excluded = |patterns: &[&str], path: &str| {
            let patterns: Vec<_> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
            Excluded::new(&patterns).expect("patterns").contains(Path::new(path), false)
        };
        for (patterns, path, expected) in [
            (&[][..], "a.yaml", false),
            (&["a.yaml"], "a.yaml", true),
            (&["a.yaml"], "./x/a.yaml", true),
            (&["/a.yaml"], "x/a.yaml", false),
            (&["x/"], "x/y/a.yaml", true),
            (&["**/y/*.yaml"], "x/y/a.yaml", true),
            (&["*.yaml", "!b.yaml"], "b.yaml", false),
            (&["y"], "../y/a.yaml", true),
            (&["y"], "/", false),
        ] {
            assert_eq!(excluded(patterns, path), expected, "{patterns:?} {path}");
        }
        let error = Excluded::new(&["{a".to_owned()]).expect_err("no pattern");
        assert!(error.starts_with("--exclude \"{a\": "), "{error}");
    }
}
