//! Where a finding is, for programs that know the files of a repository.

use std::borrow::Cow;
use std::path::{Component, Path};

use crate::cli::here::from_here;
use crate::cli::report::Place;

/// A file as a repository knows it: from the working folder on, with slashes. What lies elsewhere stays as it is.
pub(super) fn file(name: &str) -> Cow<'_, str> {
    let path = from_here(Path::new(name));
    let is_plain = path == Path::new(name) && !path.components().any(|part| part == Component::CurDir);
    if is_plain {
        return Cow::Borrowed(name);
    }
    let parts = path.components().filter(|part| *part != Component::CurDir);
    Cow::Owned(parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

/// A file, and a place in it unless it is only what the file was made from.
pub(super) struct Spot<'s> {
    pub(super) file: Cow<'s, str>,
    pub(super) place: Option<&'s Place>,
}

impl<'s> Spot<'s> {
    /// For what was found in a text. What Helm has rendered from a template is somewhere in that template.
    pub(super) fn of(name: &'s str, template: Option<&'s str>, place: Option<&'s Place>) -> Self {
        match template {
            Some(template) => Self { file: Cow::Borrowed(template), place: None },
            None => Self { file: file(name), place },
        }
    }
}

/// A number that stays the same as long as these words do: FNV-1a, of 64 bits.
pub(super) fn fingerprint<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let bytes = words.into_iter().flat_map(|word| word.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
