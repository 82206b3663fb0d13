//! Names that `ray start` does not have: what was probably meant.

use super::options::{OPTIONS, StartOption, Versions};
use crate::spelling;

/// What to write instead of a name that some version of Ray had.
const REPLACED: [(&str, &str); 9] = [
    ("dashboard-grpc-port", "remove it; Ray ignores it since Ray 2.45"),
    ("gcs-server-port", "remove it, and set port on the head; Ray ignored this parameter before"),
    ("internal-config", "write system-config, on the head"),
    ("plasma-store-socket-name", "remove it; Ray chooses the socket"),
    ("raylet-socket-name", "remove it; Ray chooses the socket"),
    ("redis-address", "remove it; KubeRay sets address on the workers"),
    ("redis-max-memory", "remove it; Ray starts no Redis"),
    ("redis-port", "write port, on the head"),
    ("storage", "remove it, and set storage_path in Ray Train or Ray Tune"),
];

/// The name that differs least from an unknown one; `None` if none is similar enough.
pub(super) fn closest(name: &str, versions: Versions) -> Option<&'static str> {
    let known = OPTIONS.names(versions);
    let normal = normal(name);
    known.iter().find(|known| **known == normal).copied().or_else(|| spelling::closest(&normal, &known))
}

/// Reports whether a name differs from a known one only in its form or by two letters, so that nothing else is meant.
pub(super) fn is_slip(name: &str, known: &str) -> bool {
    /// How many letters may differ in a long name, where such a similarity is no coincidence.
    const TYPOS: usize = 2;
    const LONG: usize = 8;
    let normal = normal(name);
    normal == known
        || known.len() >= LONG
            && known.len().abs_diff(normal.len()) <= TYPOS
            && strsim::osa_distance(&normal, known) <= TYPOS
}

/// Returns what to write instead of an unknown name.
pub(super) fn help(name: &str, option: Option<&StartOption>, versions: Versions) -> String {
    if let Some((_, help)) = REPLACED.iter().find(|(replaced, _)| *replaced == name) {
        return (*help).to_owned();
    }
    match option {
        Some(option) if *option.minors.start() > versions.newest() => {
            format!("remove it, or use Ray 2.{} or newer", option.minors.start())
        }
        Some(_) => "remove it".to_owned(),
        None => match closest(name, versions) {
            // KubeRay refuses this parameter since 1.5.
            Some("labels") => "move it to labels, a field of the group".to_owned(),
            Some(known) => format!("write {known}"),
            None => "remove it".to_owned(),
        },
    }
}

/// Returns a name without the usual mistakes: blanks, leading dashes, case, underscores, a unit or plural at the end.
fn normal(name: &str) -> String {
    /// A longer name is not compared.
    const LONGEST: usize = 100;
    if name.len() > LONGEST {
        return name.to_owned();
    }
    let bare = name.trim().trim_start_matches('-').to_lowercase().replace('_', "-");
    let is_known = |name: &str| OPTIONS.find(name).is_some();
    let plural = format!("{bare}s");
    match bare.strip_suffix('s') {
        _ if is_known(&bare) => bare,
        Some(singular) if is_known(singular) => singular.to_owned(),
        _ if is_known(&plural) => plural,
        _ => bare,
    }
}
