//! The files of the workspace that are not open in the editor.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayguard_manifest::yaml;
use rayguard_policy::kuberay::Kind;

use crate::cli::skipped::Skipped;
use crate::cli::source::{Excluded, Search, Source};

/// Returns the files of a folder that `rayguard check FOLDER` reads and that seem to contain an object of KubeRay, each
/// with its text.
pub(super) fn files(folder: &Path) -> impl Iterator<Item = (PathBuf, String)> + use<> {
    let search = Search {
        paths: vec![folder.to_owned()],
        stdin: String::new(),
        excluded: Excluded::none(),
        honours_gitignore: true,
    };
    let sources = search.sources(&Arc::new(Skipped::default()));
    sources.filter_map(|source| match source {
        Ok(Source::File(path)) => text(&path).map(|text| (path, text)),
        _ => None,
    })
}

/// Returns the text of a file, if it seems to contain an object of KubeRay.
pub(super) fn text(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    let text = yaml::decode(&bytes).ok()?;
    Kind::is_named_in(text).then(|| text.to_owned())
}
