//! The answers as JSON; `docs/playground/src/protocol.ts` describes them.

use std::ops::Range;

use rayguard_check::fix::{Changed, Unfixed};
use rayguard_check::report::{Report, ReportedFinding, Summary};
use rayguard_manifest::yaml::Lines;
use rayguard_policy::policy::assumption::Assumption;
use rayguard_policy::policy::file::ConfigError;
use rayguard_policy::policy::{Policy, Webhook};
use serde::Serialize;

use crate::offset::Offsets;

/// What the program knows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct About {
    pub(crate) version: &'static str,
    pub(crate) kuberay: Vec<String>,
    pub(crate) assumed_kuberay: String,
}

/// The result of a check.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checked {
    findings: Vec<FindingItem>,
    errors: Vec<ErrorItem>,
    summary: Summary,
    policy_errors: Vec<ErrorItem>,
    kuberay: Option<String>,
    webhook: Option<&'static str>,
    /// What the verdict assumes, in a few words each.
    assumptions: Vec<String>,
}

/// A finding with its place in the editor.
#[derive(Serialize)]
struct FindingItem {
    /// The finding as in the JSON of the command.
    #[serde(flatten)]
    finding: serde_json::Value,
    #[serde(flatten)]
    place: Place,
    fixable: bool,
}

/// A place in the editor, and in bytes.
#[derive(Serialize)]
struct Place {
    from: usize,
    to: usize,
    bytes: Range<usize>,
}

/// A document, a policy or a change that is not possible.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorItem {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(flatten)]
    place: Option<Place>,
}

/// A text after a change.
#[derive(Serialize)]
pub(crate) struct ChangedText {
    pub(crate) text: String,
    count: usize,
    unfixed: Vec<ErrorItem>,
}

/// The defaults of the webhook.
#[derive(Serialize)]
pub(crate) struct Defaults {
    #[serde(flatten)]
    pub(crate) changed: ChangedText,
    pub(crate) diff: String,
}

impl Checked {
    /// Returns the result for a text with a valid policy.
    pub(crate) fn of(text: &str, policy: &Policy, report: &Report, summary: Summary) -> Self {
        let offsets = Offsets::of(text);
        let finding = |finding: &ReportedFinding| FindingItem {
            fixable: finding.finding.fix.is_some(),
            place: Place::of(&offsets, &finding.bytes),
            finding: serde_json::to_value(finding).unwrap_or_default(),
        };
        let error = |error: &rayguard_check::report::Unreadable| ErrorItem {
            message: error.message.clone(),
            help: error.help,
            line: error.region.as_ref().map(|region| region.line),
            column: error.region.as_ref().map(|region| region.column),
            place: error.bytes.as_ref().map(|bytes| Place::of(&offsets, bytes)),
        };
        let mut assumptions: Vec<_> = summary.assumptions.iter().map(|assumed| assumed.phrase.clone()).collect();
        assumptions.dedup(); // there are many feature gates
        let states_version = policy.states(Assumption::KubeRayVersion);
        Self {
            findings: report.findings().map(finding).collect(),
            errors: report.errors.iter().map(error).collect(),
            policy_errors: Vec::new(),
            kuberay: states_version.then(|| policy.settings.kuberay.version.to_string()),
            webhook: policy.webhook.map(|webhook| match webhook {
                Webhook::Installed => "installed",
                Webhook::Absent => "absent",
            }),
            assumptions,
            summary,
        }
    }

    /// Returns the result for a policy with errors: nothing is checked.
    pub(crate) fn refused(policy: &str, errors: &[ConfigError]) -> Self {
        let offsets = Offsets::of(policy);
        let lines = Lines::of(policy);
        let item = |error: &ConfigError| {
            let place = error.position.map(|position| {
                let start = lines.byte(position);
                let end = lines.start(position.line) + lines.line(position.line).trim_end().len();
                Place::of(&offsets, &(start..end.max(start)))
            });
            ErrorItem {
                message: match error.path.to_string() {
                    path if path.is_empty() => error.message.clone(),
                    path => format!("{path}: {}", error.message),
                },
                help: None,
                line: error.position.map(|position| position.line),
                column: error.position.map(|position| position.column),
                place,
            }
        };
        Self { policy_errors: errors.iter().map(item).collect(), ..Self::default() }
    }
}

impl Place {
    fn of(offsets: &Offsets<'_>, bytes: &Range<usize>) -> Self {
        Self { from: offsets.utf16(bytes.start), to: offsets.utf16(bytes.end), bytes: bytes.clone() }
    }
}

impl ErrorItem {
    /// Returns the reason why a change is not possible, without a place.
    pub(crate) fn reason(message: String) -> Self {
        Self { message, help: None, line: None, column: None, place: None }
    }
}

impl ChangedText {
    /// Returns the text after a change. Without a change, the policy is wrong or there is nothing to fix.
    pub(crate) fn of(text: &str, changed: Option<Changed>) -> Self {
        let Some(Changed { text, count, unfixed }) = changed else { return Self::same(text, None) };
        let unfixed = unfixed.into_iter().map(|Unfixed { what, location, reason }| ErrorItem {
            line: Some(location.start.line),
            column: Some(location.start.column),
            ..ErrorItem::reason(format!("{what}: {reason}"))
        });
        Self { count, unfixed: unfixed.collect(), text }
    }

    /// Returns a text that is not changed, with the reason.
    pub(crate) fn same(text: &str, reason: Option<String>) -> Self {
        let unfixed = reason.into_iter().map(ErrorItem::reason).collect();
        Self { text: text.to_owned(), count: 0, unfixed }
    }

    /// Returns a changed text.
    pub(crate) fn done(text: String) -> Self {
        Self { text, count: 1, unfixed: Vec::new() }
    }
}
