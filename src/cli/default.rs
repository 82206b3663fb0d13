//! `rayguard default`: prints manifests with the defaults of the webhook.

use std::fmt::Write as _;

use clap::Args;
use rayguard_check::object::{self, ObjectName};
use rayguard_check::report::Unreadable;
use rayguard_manifest::json::Json;
use rayguard_manifest::patch::apply;
use rayguard_manifest::yaml::{self, Lines, Section};
use rayguard_policy::policy::{Policy, Webhook};
use serde_json::json;
use similar::TextDiff;

use super::fix;
use super::output;
use super::source::Source;
use super::text::TextRenderer;
use super::{CliError, Input, Status};

/// Print manifests with the defaults that the webhook would write into them
///
/// Everything that is read is printed, also other objects and documents that cannot be read, so that nothing is lost in
///
///   helm template CHART | rayguard default - | kubectl apply -f -
///
/// A document that gets no defaults is printed unchanged. Any other document is printed as YAML, without its comments.
#[derive(Args, Debug)]
pub(super) struct DefaultArgs {
    #[command(flatten)]
    input: Input,

    /// Print only the changes, as a unified diff of the objects in YAML
    #[arg(long, conflicts_with = "patch")]
    diff: bool,

    /// Print the defaults as JSON Patches (RFC 6902)
    ///
    /// One line of JSON for every KubeRay object: its `file`, `object` (`apiVersion`, `kind`, `namespace`, `name`) and
    /// `patch`, which is empty if there is nothing to add.
    #[arg(long)]
    patch: bool,

    /// Write the defaults into the files, and keep everything else in them as it is
    ///
    /// With --diff, print the changes, and write nothing; it then exits with 1 if there are changes. Exits with 2 if
    /// defaults could not be written.
    #[arg(long, conflicts_with = "patch")]
    in_place: bool,
}

/// Applies the defaults to files.
struct Defaulter<'d> {
    policy: &'d Policy,
    args: &'d DefaultArgs,
    errors: TextRenderer,
    out: String,
}

pub(super) fn run(args: &DefaultArgs) -> Result<Status, CliError> {
    // This shows what the webhook would write.
    let policy = Policy { webhook: Some(Webhook::Installed), ..args.input.policy()? };
    if args.in_place {
        return fix::in_place(&policy, &args.input, args.diff);
    }
    let mut defaulter = Defaulter { policy: &policy, args, errors: TextRenderer::styled(None), out: String::new() };
    let mut status = Status::Clean;
    let (sources, _) = args.input.sources()?;
    for source in sources {
        match source.and_then(|source: Source| Ok((source.name(), source.read()?))) {
            Ok((name, bytes)) => status = status.max(defaulter.file(&name, &bytes)?),
            Err(unreadable) => {
                output::message(&defaulter.errors.unreadable(&unreadable));
                status = Status::Unchecked;
            }
        }
        output::print(&std::mem::take(&mut defaulter.out))?;
    }
    Ok(status)
}

impl Defaulter<'_> {
    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<Status, CliError> {
        let text = match yaml::decode(bytes) {
            Ok(text) => text,
            Err(error) => {
                output::message(&self.errors.unreadable(&Unreadable::encoding(name, &error)));
                return Ok(Status::Unchecked);
            }
        };
        let lines = Lines::of(text);
        let mut status = Status::Clean;
        for section in yaml::sections(text) {
            for error in section.documents.iter().filter_map(|document| document.as_ref().err()) {
                output::message(&self.errors.unreadable(&Unreadable::document(name, &lines, error)));
                status = Status::Unchecked;
            }
            self.section(&section, name)?;
        }
        Ok(status)
    }

    fn section(&mut self, section: &Section<'_>, file: &str) -> Result<(), CliError> {
        let mut defaulted = Vec::new();
        let mut is_changed = false;
        for document in section.documents.iter().flatten() {
            let mut json = document.json.clone();
            is_changed |= self.defaults(&mut json, file)?;
            defaulted.push(json);
        }
        if self.args.diff || self.args.patch {
            return Ok(());
        }
        match section.verbatim() {
            Some(text) if !is_changed && !section.documents.is_empty() => self.print(text),
            _ => {
                for json in &defaulted {
                    let yaml = yaml::to_string(json).map_err(std::io::Error::other)?;
                    self.print(&yaml);
                }
            }
        }
        Ok(())
    }

    /// Prints a document after a line of dashes, unless it has one.
    fn print(&mut self, document: &str) {
        if !document.starts_with("---") {
            self.out.push_str("---\n");
        }
        self.out.push_str(document);
        if !document.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// Writes the defaults into an object, or into those of a list, and reports whether there were any.
    fn defaults(&mut self, json: &mut Json<'_>, file: &str) -> Result<bool, CliError> {
        if object::is_list(json) {
            let field = |name: &str| json.field(name).as_str().map(str::to_owned);
            let (api_version, kind) = (field("apiVersion"), field("kind"));
            let mut is_changed = false;
            if let Some(Json::Array(items)) = json.as_object_mut().and_then(|object| object.get_mut("items")) {
                for item in items {
                    object::complete(item, api_version.as_deref(), kind.as_deref());
                    is_changed |= self.defaults(item, file)?;
                }
            }
            return Ok(is_changed);
        }
        let Some(outcome) = self.policy.dry_run(json, Some(self.args.input.namespace())) else { return Ok(false) };
        let name = ObjectName::of(json, self.args.input.namespace());
        if self.args.patch {
            let line = json!({"file": file, "object": name, "patch": outcome.patch});
            let _ = writeln!(self.out, "{line}");
        }
        let before = json.clone();
        // The patch is for the object with the defaults of KubeRay's schema. It can also be applied to the manifest,
        // unless that has a null or a value of another type where the patch adds something.
        if apply(json, &outcome.patch).is_err() {
            *json = outcome.object;
        }
        let is_changed = !outcome.patch.0.is_empty();
        if self.args.diff && is_changed {
            self.diff(&before, json, &format!("{file} ({name})"))?;
        }
        Ok(is_changed)
    }

    fn diff(&mut self, before: &Json<'_>, after: &Json<'_>, title: &str) -> Result<(), CliError> {
        let before = yaml::to_string(before).map_err(std::io::Error::other)?;
        let after = yaml::to_string(after).map_err(std::io::Error::other)?;
        let diff = TextDiff::from_lines(&before, &after);
        let after_title = format!("{title} with defaults");
        let diff = diff.unified_diff().header(title, &after_title).to_string();
        self.out += &fix::coloured(&diff);
        Ok(())
    }
}
