//! A mounted Secret, as kubelet creates and updates it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder of a mounted Secret: the files are links into `..data`, which is a link to the folder of one version.
pub(crate) struct Mount {
    folder: TempDir,
    versions: u32,
}

impl Mount {
    /// Mounts a Secret with these files: its keys and their values.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let mut mount = Self { folder: TempDir::new().expect("a folder"), versions: 0 };
        mount.swap(files);
        for (name, _) in files {
            symlink(Path::new("..data").join(name), mount.file(name)).expect("a link");
        }
        mount
    }

    /// Replaces the files, as kubelet's `AtomicWriter` does.
    pub(crate) fn swap(&mut self, files: &[(&str, &str)]) {
        self.versions += 1;
        let path = self.folder.path();
        let (name, link) = (format!("..version_{}", self.versions), path.join("..data_tmp"));
        fs::create_dir(path.join(&name)).expect("a folder");
        for (file, text) in files {
            fs::write(path.join(&name).join(file), text).expect("written");
        }
        symlink(&name, &link).expect("a link");
        fs::rename(link, path.join("..data")).expect("renamed");
        let before = path.join(format!("..version_{}", self.versions - 1));
        if before.exists() {
            fs::remove_dir_all(before).expect("removed");
        }
    }

    /// Returns the path of a key's file.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
