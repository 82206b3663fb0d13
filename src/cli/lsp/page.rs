//! The pages of rules, to which an editor links the names of rules.

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;
use std::{env, fs};

use lsp_types::Uri;
use rayguard_policy::rule::Rule;
use rayguard_policy::rule_set;

use super::uri;

/// The number of digits of the hash of the rules that name the folder of their pages.
const HASH_DIGITS: usize = 12;

/// The folder of the pages, of which another release has others. The hash of all rules takes some milliseconds.
static FOLDER: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("rayguard").join("rules").join(&rule_set::hash()[..HASH_DIGITS]))
});

/// Returns the address of the page of each rule: on a documentation site, or in the cache folder of the user.
#[derive(Debug)]
pub(super) struct Pages {
    site: Option<String>,
    known: HashMap<&'static str, Option<Uri>>,
}

impl Pages {
    pub(super) fn new(site: Option<String>) -> Self {
        Self { site, known: HashMap::new() }
    }

    /// Returns the address of the page of a rule; `None` if its file cannot be written.
    pub(super) fn uri(&mut self, rule: &'static Rule) -> Option<Uri> {
        let Self { site, known } = self;
        known
            .entry(rule.name)
            .or_insert_with(|| match site {
                Some(site) => Uri::from_str(&format!("{}/rules/{}.html", site.trim_end_matches('/'), rule.name)).ok(),
                None => {
                    let folder = FOLDER.as_ref()?;
                    let file = folder.join(rule.name).with_extension("md");
                    if fs::read(&file).ok().as_deref() != Some(rule.docs.as_bytes()) {
                        fs::create_dir_all(folder).and_then(|()| fs::write(&file, rule.docs)).ok()?;
                    }
                    uri::of_path(&file)
                }
            })
            .clone()
    }
}
