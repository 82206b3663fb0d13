//! Locations for programs that know the files of a repository.

use std::borrow::Cow;
use std::path::{Component, Path};

use rayguard_check::report::Region;

use crate::cli::here::from_here;

/// Returns the path of a file relative to the working folder, with slashes. A path outside of the folder is unchanged.
pub(super) fn file(name: &str) -> Cow<'_, str> {
    let path = from_here(Path::new(name));
    let is_plain = path == Path::new(name) && !path.components().any(|part| part == Component::CurDir);
    if is_plain {
        return Cow::Borrowed(name);
    }
    let parts = path.components().filter(|part| *part != Component::CurDir);
    Cow::Owned(parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

/// A file of a repository, and the region in it, unless the file is a template.
pub(super) struct RepositoryLocation<'s> {
    pub(super) file: Cow<'s, str>,
    pub(super) region: Option<&'s Region>,
}

impl<'s> RepositoryLocation<'s> {
    /// Returns the location of a region of a file. If Helm rendered the file from a template, it is that template: the
    /// region in the template is not known.
    pub(super) fn of(name: &'s str, template: Option<&'s str>, region: Option<&'s Region>) -> Self {
        match template {
            Some(template) => Self { file: Cow::Borrowed(template), region: None },
            None => Self { file: file(name), region },
        }
    }
}

/// Returns the 64-bit FNV-1a hash of these words.
pub(super) fn fingerprint<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let bytes = words.into_iter().flat_map(|word| word.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
