//! A cache of parsed Serve configurations.
//!
//! A webhook receives the same one again and again: at each change of another field of its RayService, at a dry run and
//! the write after it, and in every manifest that one template made.

use std::sync::{Arc, Mutex, PoisonError};

use super::ServeConfig;

/// The number of configurations that a cache keeps, the one last used first.
const CAPACITY: usize = 32;
/// The longest text, in bytes, and the most deployments of a configuration that is kept: a full cache takes less than 2
/// MiB.
const MAX_BYTES: usize = 16 * 1024;
const MAX_DEPLOYMENTS: usize = 256;

/// The Serve configurations that were parsed last, by their text.
#[derive(Debug, Default)]
pub struct ServeConfigCache {
    entries: Mutex<Vec<(Box<str>, Arc<ServeConfig>)>>,
}

impl ServeConfigCache {
    /// Returns the configuration of a text, parsed now or before.
    pub(super) fn read(&self, text: &str) -> Arc<ServeConfig> {
        if text.len() > MAX_BYTES {
            return Arc::new(ServeConfig::read(text));
        }
        if let Some(known) = self.find(text) {
            return known;
        }
        // The lock is not held while the text is parsed.
        let config = Arc::new(ServeConfig::read(text));
        if config.deployments().len() <= MAX_DEPLOYMENTS {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.truncate(CAPACITY - 1);
            entries.insert(0, (text.into(), Arc::clone(&config)));
        }
        config
    }

    fn find(&self, text: &str) -> Option<Arc<ServeConfig>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let position = entries.iter().position(|(known, _)| **known == *text)?;
        entries[..=position].rotate_right(1);
        Some(Arc::clone(&entries[0].1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(deployments: usize) -> String {
        let names: Vec<_> = (0..deployments).map(|number| format!("{{name: d{number}}}")).collect();
        format!("applications: [{{deployments: [{}]}}]", names.join(", "))
    }

    #[test]
    fn a_cached_configuration_equals_the_parsed_one() {
        let cache = ServeConfigCache::default();
        for round in 0..2 {
            for deployments in 1..2 * CAPACITY {
                let read = cache.read(&config(deployments));
                assert_eq!(read.deployments().len(), deployments, "in round {round}");
            }
        }
        assert!(cache.entries.lock().expect("nobody panicked").len() <= CAPACITY);
    }

    #[test]
    fn large_configurations_are_not_cached() {
        let cache = ServeConfigCache::default();
        let (long, many) = (format!("{}\n{}", config(1), "#".repeat(MAX_BYTES)), config(MAX_DEPLOYMENTS + 1));
        assert_eq!(cache.read(&long).deployments().len(), 1);
        assert_eq!(cache.read(&many).deployments().len(), MAX_DEPLOYMENTS + 1);
        assert!(cache.find(&long).is_none() && cache.find(&many).is_none());
    }
}
