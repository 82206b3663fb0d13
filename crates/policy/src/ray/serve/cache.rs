//! A cache of parsed Serve configurations.
//!
//! A webhook receives the same one again and again: at each change of another field of its RayService, at a dry run and
//! the write after it, and in every manifest that one template made.

use std::sync::{Arc, Mutex, PoisonError};

use super::ServeConfig;

/// The number of configurations that a cache keeps, the one last used first.
const CAPACITY: usize = 32;
/// The longest text, in bytes, and the most deployments and faults of a configuration that is kept: a full cache takes less
/// than 3 MiB.
const MAX_BYTES: usize = 16 * 1024;
const MAX_DEPLOYMENTS: usize = 256;
const MAX_FAULTS: usize = 64;

/// The Serve configurations that were parsed last, by their text and the minor version of Ray 2 that they are for.
#[derive(Debug, Default)]
pub struct ServeConfigCache {
    entries: Mutex<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    text: Box<str>,
    minor: Option<u8>,
    config: Arc<ServeConfig>,
}

impl ServeConfigCache {
    /// Returns the configuration of a text for a minor version of Ray 2, parsed now or before.
    pub(super) fn read(&self, text: &str, minor: Option<u8>, parse: impl Fn(&str) -> ServeConfig) -> Arc<ServeConfig> {
        if text.len() > MAX_BYTES {
            return Arc::new(parse(text));
        }
        if let Some(known) = self.find(text, minor) {
            return known;
        }
        // The lock is not held while the text is parsed.
        let config = Arc::new(parse(text));
        let faults = config.applications().map_or(0, |applications| applications.faults.len());
        if config.deployments().len() <= MAX_DEPLOYMENTS && faults <= MAX_FAULTS {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.truncate(CAPACITY - 1);
            entries.insert(0, Entry { text: text.into(), minor, config: Arc::clone(&config) });
        }
        config
    }

    fn find(&self, text: &str, minor: Option<u8>) -> Option<Arc<ServeConfig>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let position = entries.iter().position(|known| known.minor == minor && *known.text == *text)?;
        entries[..=position].rotate_right(1);
        Some(Arc::clone(&entries[0].config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(deployments: usize) -> String {
        let names: Vec<_> = (0..deployments).map(|number| format!("{{name: d{number}}}")).collect();
        format!("applications: [{{import_path: 'a:b', deployments: [{}]}}]", names.join(", "))
    }

    fn read(cache: &ServeConfigCache, text: &str, minor: Option<u8>) -> Arc<ServeConfig> {
        cache.read(text, minor, |text| ServeConfig::parse(text, minor))
    }

    #[test]
    fn a_cached_configuration_equals_the_parsed_one() {
        let cache = ServeConfigCache::default();
        for round in 0..2 {
            for deployments in 1..2 * CAPACITY {
                let read = read(&cache, &config(deployments), None);
                assert_eq!(read.deployments().len(), deployments, "in round {round}");
            }
        }
        assert!(cache.entries.lock().expect("nobody panicked").len() <= CAPACITY);
    }

    #[test]
    fn large_configurations_are_not_cached() {
        let cache = ServeConfigCache::default();
        let (long, many) = (format!("{}\n{}", config(1), "#".repeat(MAX_BYTES)), config(MAX_DEPLOYMENTS + 1));
        let faulty = format!("applications: [{{deployments: [{}]}}]", "{}, ".repeat(MAX_FAULTS + 1));
        assert_eq!(read(&cache, &long, None).deployments().len(), 1);
        assert_eq!(read(&cache, &many, None).deployments().len(), MAX_DEPLOYMENTS + 1);
        assert_eq!(read(&cache, &faulty, None).deployments().len(), MAX_FAULTS + 1);
        assert!([long, many, faulty].iter().all(|text| cache.find(text, None).is_none()));
    }

    #[test]
    fn a_configuration_is_cached_for_each_release() {
        let cache = ServeConfigCache::default();
        let text = "applications: [{import_path: 'a:b', deployments: [{name: d, max_surge_percent: 101}]}]";
        for round in 0..2 {
            for (minor, faults) in [(Some(59), 1), (Some(60), 1), (None, 0)] {
                let config = read(&cache, text, minor);
                let applications = config.applications().expect("applications");
                assert_eq!(applications.faults.len(), faults, "for {minor:?} in round {round}");
            }
        }
    }
}
