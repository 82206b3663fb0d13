//! Writes the pages of the documentation site, for mdBook to build: `book RAYGUARD FOLDER [REPOSITORY]`.
//!
//! The pages are the project's own documents, with links between pages, and the program's output about its rules, its
//! commands and its policy file. Almost no text is written only for the site.

#![allow(clippy::format_push_string, reason = "the cost of these texts does not matter")]

mod commands;
mod links;
mod policy;
mod rules;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use links::Links;

/// The root of the project.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A file of the project, its title in the contents, and its page.
type Guide = (&'static str, &'static str, &'static str);

/// The guides in reading order, under the headings of the contents.
const GUIDES: &[(&str, &[Guide])] = &[
    (
        "Use",
        &[
            ("docs/outputs.md", "Inputs and outputs", "outputs.md"),
            ("docs/fixing.md", "Fixing", "fixing.md"),
            ("docs/editors.md", "Editors", "editors.md"),
            ("docs/survival.md", "Forecasts", "survival.md"),
            ("docs/pipelines.md", "CI pipelines, pip, pre-commit, kubectl and shells", "pipelines.md"),
            ("docs/policy-file.md", "The policy file in an editor", "policy-file.md"),
            ("docs/other-programs.md", "What other programs refuse", "other-programs.md"),
            ("docs/comparison.md", "Comparison with other tools", "comparison.md"),
        ],
    ),
    (
        "Operate",
        &[
            ("docs/install.md", "Install, upgrade, remove", "install.md"),
            ("docs/verify.md", "Verify a release", "verify.md"),
            ("docs/validating-admission-policy.md", "Without a webhook", "validating-admission-policy.md"),
            ("charts/rayguard/README.md", "The chart's values", "chart.md"),
            ("docs/certificates.md", "Certificates", "certificates.md"),
            ("docs/authentication.md", "Client authentication", "authentication.md"),
            ("docs/audit.md", "Audit", "audit.md"),
            ("docs/metrics.md", "Metrics", "metrics.md"),
            ("docs/operations.md", "Operations", "operations.md"),
            ("docs/troubleshooting.md", "Troubleshooting", "troubleshooting.md"),
        ],
    ),
    (
        "Quality and development",
        &[
            ("docs/good-practices.md", "Good practices", "good-practices.md"),
            ("docs/reliability.md", "Reliability", "reliability.md"),
            ("docs/threat-model.md", "Threat model", "threat-model.md"),
            ("SECURITY.md", "Security policy", "security.md"),
            ("docs/performance.md", "Performance", "performance.md"),
            ("docs/fuzzing.md", "Fuzzing", "fuzzing.md"),
            ("docs/architecture.md", "Architecture", "architecture.md"),
            ("CONTRIBUTING.md", "Contributing", "contributing.md"),
            ("CHANGELOG.md", "Changelog", "changelog.md"),
        ],
    ),
];

/// The files in `docs` that pages show or link, and that are no pages.
const ASSETS: [&str; 11] = [
    "drawings/crates.svg",
    "drawings/paths.svg",
    "growth-groups.svg",
    "growth-size.svg",
    "policy.schema.json",
    "survival-kept.svg",
    "survival-lost.svg",
    "refusal.svg",
    "life-of-an-object.svg",
    "year-descriptors.svg",
    "year-memory.svg",
];

/// The page of the playground, for the contents and the search. docs/build puts docs/playground/page.html in its place.
const PLAYGROUND: &str = "# Playground\n\nCheck a manifest with rayguard in the browser: an editor with findings, fixes, \
                          the defaults of the webhook, and a policy. Nothing leaves the browser.\n";

/// The error of a page or of the contents that cannot be made.
type Fault = Box<dyn Error>;

/// Writes pages into a folder.
struct Pages {
    folder: PathBuf,
    links: Links,
}

impl Pages {
    /// Writes the text of a page.
    fn write(&self, page: &str, text: &str) -> Result<(), Fault> {
        let file = self.folder.join("src").join(page);
        fs::create_dir_all(file.parent().unwrap_or(&self.folder))?;
        Ok(fs::write(file, text)?)
    }

    /// Writes a page from a file of the project.
    fn copy(&self, source: &str, page: &str) -> Result<(), Fault> {
        let text = fs::read_to_string(Path::new(ROOT).join(source)).map_err(|error| format!("{source}: {error}"))?;
        self.write(page, &self.links.lead_from(source, page, &text))
    }
}

fn main() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1);
    let (Some(rayguard), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("book RAYGUARD FOLDER [REPOSITORY]".into());
    };
    let repository = arguments.next().filter(|url| !url.is_empty());
    let rules = rules::read(&rayguard)?;
    let pages = Pages { folder: folder.into(), links: Links::new(&rules, repository) };

    if let Some(left_out) = left_out()? {
        return Err(format!("{left_out} has no page: add it to GUIDES in docs/book/main.rs").into());
    }
    pages.copy("README.md", "index.md")?;
    pages.write("playground.md", PLAYGROUND)?;
    let mut contents = "# Contents\n\n[rayguard](index.md)\n\n[Playground](playground.md)\n".to_owned();
    for (index, (heading, guides)) in GUIDES.iter().enumerate() {
        // The reference comes before the last heading.
        if index == GUIDES.len() - 1 {
            contents += "\n# Reference\n\n- [Commands](commands.md)\n- [The policy file](policy.md)\n- [Rules](rules/index.md)\n";
            for rule in &rules {
                contents += &format!("  - [{}]({})\n", rule.name, rule.page());
            }
        }
        contents += &format!("\n# {heading}\n\n");
        for (source, title, page) in *guides {
            pages.copy(source, page)?;
            contents += &format!("- [{title}]({page})\n");
        }
    }
    pages.write("SUMMARY.md", &contents)?;
    pages.write("commands.md", &commands::page(&rayguard)?)?;
    pages.write("policy.md", &policy::page())?;
    pages.write("rules/index.md", &rules::contents(&rules))?;
    for rule in &rules {
        pages.write(&rule.page(), &pages.links.lead_from(&rule.source(), &rule.page(), &rule.text(&rayguard)?))?;
    }
    for asset in ASSETS {
        let target = pages.folder.join("src").join(asset);
        fs::create_dir_all(target.parent().unwrap_or(&pages.folder))?;
        fs::copy(Path::new(ROOT).join("docs").join(asset), target)?;
    }
    for (file, name) in [("docs/book.toml", "book.toml"), ("docs/book/site.css", "site.css")] {
        fs::copy(Path::new(ROOT).join(file), pages.folder.join(name))?;
    }
    Ok(())
}

/// Returns a document in `docs` that is not one of the guides.
fn left_out() -> Result<Option<String>, Fault> {
    for entry in fs::read_dir(Path::new(ROOT).join("docs"))? {
        let name = format!("docs/{}", entry?.file_name().to_string_lossy());
        let is_guide = || GUIDES.iter().flat_map(|(_, guides)| *guides).any(|(source, ..)| *source == name);
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") && !is_guide() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Runs rayguard and returns its standard output.
fn run(rayguard: &str, arguments: &[&str]) -> Result<String, Fault> {
    let mut command = std::process::Command::new(rayguard);
    // The width of a page next to the contents.
    let output = command.args(arguments).env_remove("RAYGUARD_CONFIG").env("COLUMNS", "80").output()?;
    if !output.status.success() {
        return Err(format!("rayguard {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
