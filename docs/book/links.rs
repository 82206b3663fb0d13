//! Rewrites the links of the project's documents: in the repository they lead to files, on the site to pages.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::rules::RuleEntry;
use super::{ASSETS, GUIDES};

/// The targets of links.
pub(crate) struct Links {
    /// The page of each file that has one.
    pages: BTreeMap<String, String>,
    /// The URL of the repository, for files without a page.
    repository: Option<String>,
}

impl Links {
    pub(crate) fn new(rules: &[RuleEntry], repository: Option<String>) -> Self {
        let guides = GUIDES.iter().flat_map(|(_, guides)| *guides).map(|(source, _, page)| (*source, *page));
        let mut pages: BTreeMap<_, _> = guides.map(|(source, page)| (source.to_owned(), page.to_owned())).collect();
        pages.insert("README.md".to_owned(), "index.md".to_owned());
        pages.insert("docs/playground/page.html".to_owned(), "playground.md".to_owned());
        pages.extend(rules.iter().map(|rule| (rule.source(), rule.page())));
        for asset in ASSETS {
            pages.insert(format!("docs/{asset}"), asset.to_owned());
        }
        Self { pages, repository }
    }

    /// Returns the text of a file with its links rewritten for its page. Code blocks stay unchanged.
    pub(crate) fn lead_from(&self, source: &str, page: &str, text: &str) -> String {
        let mut fence: Option<&str> = None;
        let mut lines = String::new();
        for line in text.split_inclusive('\n') {
            let mark = line.trim_start().split(|character| character != '`').next().unwrap_or_default();
            match fence {
                Some(open) if mark == open => fence = None,
                None if mark.len() >= 3 => fence = Some(mark),
                _ => {}
            }
            if fence.is_some() { lines += line } else { lines += &self.line(source, page, line) }
        }
        lines
    }

    fn line(&self, source: &str, page: &str, line: &str) -> String {
        let mut rest = line;
        let mut done = String::new();
        while let Some((before, after)) = rest.split_once("](") {
            let Some((target, behind)) = after.split_once(')') else { break };
            rest = behind;
            match self.target(source, page, target) {
                Some(target) => done += &format!("{before}]({target})"),
                // A target without a page or URL leaves only the text of the link.
                None => match before.rsplit_once('[') {
                    Some((before, words)) => done += &format!("{before}{words}"),
                    None => done += &format!("{before}]({target})"),
                },
            }
        }
        done + rest
    }

    /// Returns the target of a file's link on the page of the file, or `None` if there is no target.
    fn target(&self, source: &str, page: &str, target: &str) -> Option<String> {
        if target.contains("://") || target.starts_with('#') {
            return Some(target.to_owned());
        }
        let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
        let file = normal(&Path::new(source).parent().unwrap_or(Path::new("")).join(file));
        // The page of a folder is the page of its README.
        let to = self.pages.get(&file).or_else(|| self.pages.get(&format!("{file}/README.md")));
        let to = match (to, &self.repository) {
            (Some(to), _) => format!("{}{to}", "../".repeat(page.matches('/').count())),
            (None, Some(repository)) => format!("{repository}/{file}"),
            (None, None) => return None,
        };
        Some(anchor.map_or(to.clone(), |anchor| format!("{to}#{anchor}")))
    }
}

/// Returns a path without `.` and `..`.
fn normal(path: &Path) -> String {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = normal.pop(),
            Component::Normal(name) => normal.push(name),
            _ => {}
        }
    }
    normal.to_string_lossy().into_owned()
}
