//! The Serve configurations that were read last.
//!
//! A webhook sees the same one again and again: at each change of anything else in its RayService, at a dry run and the
//! write after it, in every manifest of a folder that one template made.

use std::sync::{Arc, Mutex, PoisonError};

use super::ServeConfig;

/// So many are kept, the one last asked for first.
const KEPT: usize = 32;
/// The longest text, in bytes, and the most deployments of one that is kept: all of them take less than 2 MiB.
const LONGEST: usize = 16 * 1024;
const MOST_DEPLOYMENTS: usize = 256;

static RECENT: Mutex<Vec<(Box<str>, Arc<ServeConfig>)>> = Mutex::new(Vec::new());

/// Reads a Serve configuration, or finds that it has been read.
pub(super) fn read(text: &str) -> Arc<ServeConfig> {
    if text.len() > LONGEST {
        return Arc::new(ServeConfig::read(text));
    }
    if let Some(known) = find(text) {
        return known;
    }
    // Nobody waits for this one meanwhile.
    let config = Arc::new(ServeConfig::read(text));
    if config.deployments().len() <= MOST_DEPLOYMENTS {
        let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
        recent.truncate(KEPT - 1);
        recent.insert(0, (text.into(), Arc::clone(&config)));
    }
    config
}

fn find(text: &str) -> Option<Arc<ServeConfig>> {
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    let place = recent.iter().position(|(known, _)| **known == *text)?;
    recent[..=place].rotate_right(1);
    Some(Arc::clone(&recent[0].1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(deployments: usize) -> String {
        let names: Vec<_> = (0..deployments).map(|number| format!("{{name: d{number}}}")).collect();
        format!("applications: [{{deployments: [{}]}}]", names.join(", "))
    }

    #[test]
    fn what_is_read_again_is_what_was_read() {
        for round in 0..2 {
            for deployments in 1..2 * KEPT {
                let read = read(&config(deployments));
                assert_eq!(read.deployments().len(), deployments, "in round {round}");
            }
        }
        assert!(RECENT.lock().expect("nobody panicked").len() <= KEPT);
    }

    #[test]
    fn what_is_large_is_not_kept() {
        let (long, many) = (format!("{}\n{}", config(1), "#".repeat(LONGEST)), config(MOST_DEPLOYMENTS + 1));
        assert_eq!(read(&long).deployments().len(), 1);
        assert_eq!(read(&many).deployments().len(), MOST_DEPLOYMENTS + 1);
        assert!(find(&long).is_none() && find(&many).is_none());
    }
}
