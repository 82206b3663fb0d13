//! Patches for kustomize: files that contain only a part of an object.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayguard_manifest::json::Json;
use rayguard_manifest::yaml;

/// The names of a kustomization file (`RecognizedKustomizationFileNames` in kustomize's `api/konfig/general.go`).
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The largest number of folders above a file in which a kustomization file is looked for.
const MAX_PARENTS: usize = 8;

/// Finds out which files are patches. Each folder is read only once.
#[derive(Debug, Default)]
pub(super) struct Patches {
    /// The files that the kustomization of a folder names as patches.
    folders: Mutex<HashMap<PathBuf, Arc<HashSet<PathBuf>>>>,
}

impl Patches {
    /// Reports whether a kustomization file in the file's folder, or in one above it, names the file as a patch.
    pub(super) fn contains(&self, file: &Path) -> bool {
        let Ok(file) = file.canonicalize() else { return false };
        file.ancestors().skip(1).take(MAX_PARENTS).any(|folder| self.of(folder).contains(&file))
    }

    fn of(&self, folder: &Path) -> Arc<HashSet<PathBuf>> {
        let known = self.folders.lock().unwrap_or_else(PoisonError::into_inner).get(folder).map(Arc::clone);
        known.unwrap_or_else(|| {
            let patches = Arc::new(read(folder));
            let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
            folders.insert(folder.to_owned(), Arc::clone(&patches));
            patches
        })
    }
}

/// Returns the files that the kustomization of a folder names as patches. A file that cannot be read names none.
fn read(folder: &Path) -> HashSet<PathBuf> {
    let texts = FILE_NAMES.iter().filter_map(|name| fs::read(folder.join(name)).ok());
    let mut patches = HashSet::new();
    for text in texts {
        let Ok(text) = yaml::decode(&text) else { continue };
        for document in yaml::documents(text).into_iter().flatten() {
            let files = files(&document.json).into_iter();
            patches.extend(files.filter_map(|file| folder.join(file).canonicalize().ok()));
        }
    }
    patches
}

/// Returns the files that a kustomization names as patches. An entry can also be the text of a patch.
fn files<'k>(kustomization: &'k Json<'_>) -> Vec<&'k str> {
    let items = |field: &str| kustomization.field(field).items().iter();
    let by_path = items("patches").chain(items("patchesJson6902")).map(|patch| patch.field("path"));
    by_path.chain(items("patchesStrategicMerge")).filter_map(Json::as_nonempty_str).collect()
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::yaml::documents;

    use super::*;

    fn json(text: &str) -> Json<'_> {
        documents(text).remove(0).expect("YAML").json
    }

    #[test]
    fn the_patches_of_a_kustomization_are_its_files_and_not_its_texts() {
        let kustomization = json(
            "resources: [base.yaml]\npatches:\n- path: head.yaml\n- {path: workers.yaml, target: {kind: RayCluster}}\n\
             - patch: |-\n    - {op: remove, path: /spec}\npatchesStrategicMerge:\n- old.yaml\npatchesJson6902:\n\
             - {path: operations.yaml}\n",
        );
        assert_eq!(files(&kustomization), ["head.yaml", "workers.yaml", "operations.yaml", "old.yaml"]);
        assert!(files(&json("resources: [a.yaml]")).is_empty());
    }
}
