//! The changes that an editor offers at a finding.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use lsp_types::{
    CodeAction, CodeActionContext, CodeActionKind, CodeActionTriggerKind, DocumentChanges, OneOf,
    OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit, WorkspaceEdit,
};
use rayguard_check::fix;
use rayguard_check::report::ReportedFinding;
use rayguard_manifest::fix::Edit;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::edit::{Change, edit};
use rayguard_policy::policy::IGNORE_PREFIX;
use rayguard_policy::rules::INEFFECTIVE_EXEMPTION;
use serde::{Deserialize, Serialize};

use super::capability::Editor;
use super::diagnostic;
use super::document::Document;
use super::page::Pages;
use super::text_edit;
use super::workspace::Workspace;

/// The kind of the action that fixes a whole document. An editor can run it at each save.
pub(super) const FIX_ALL: CodeActionKind = CodeActionKind::new("source.fixAll.rayguard");

/// What identifies an action whose edit an editor asks for later.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Chosen {
    pub(super) uri: String,
    /// Nobody has chosen it: the editor does it at each save, for example.
    pub(super) is_automatic: bool,
}

/// The number of findings in a range for which there are actions. To know that a fix is safe takes some checks.
const MOST_FINDINGS: usize = 20;

/// Returns the actions for a range of a document, in bytes.
pub(super) fn of(
    document: &Document,
    range: &Range<usize>,
    context: &CodeActionContext,
    workspace: &Workspace,
    pages: &mut Pages,
    editor: Editor,
) -> Vec<CodeAction> {
    let is_wanted = |kind: &CodeActionKind| {
        let is_part = |wanted: &CodeActionKind| {
            let rest = kind.as_str().strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        context.only.as_ref().is_none_or(|only| only.iter().any(is_part))
    };
    let actions = Actions { document, workspace, editor };
    let mut offered = Vec::new();
    if is_wanted(&CodeActionKind::QUICKFIX) {
        let at_range = |it: &&ReportedFinding| it.bytes.start <= range.end && range.start <= it.bytes.end;
        let found: Vec<_> = document.report.findings().filter(at_range).take(MOST_FINDINGS).collect();
        for reported in &found {
            let Some(action) = actions.fix(reported) else { continue };
            let diagnostics = Some(vec![diagnostic::of_finding(document, reported, workspace, pages)]);
            offered.push(CodeAction { diagnostics, ..action });
        }
        let mut known = BTreeSet::new();
        for reported in found {
            // One annotation exempts an object from all findings of a rule.
            if known.insert((reported.object.to_string(), reported.finding.rule.name)) {
                offered.extend(actions.exempt(reported));
            }
        }
    }
    if is_wanted(&FIX_ALL) {
        let is_automatic = context.trigger_kind == Some(CodeActionTriggerKind::AUTOMATIC);
        offered.extend(actions.fix_all(is_automatic));
    }
    offered
}

/// Returns the edit that does what `check --fix` does.
///
/// # Errors
///
/// No fix is possible. The message says why.
pub(super) fn fix_all(document: &Document, workspace: &Workspace, editor: Editor) -> Result<WorkspaceEdit, String> {
    Actions { document, workspace, editor }.all_fixes()
}

struct Actions<'a> {
    document: &'a Document,
    workspace: &'a Workspace,
    editor: Editor,
}

impl Actions<'_> {
    /// Returns the action that fixes one finding.
    fn fix(&self, reported: &ReportedFinding) -> Option<CodeAction> {
        reported.finding.fix.as_ref()?;
        let (policy, namespace) = (self.workspace.policy.policy(), &self.workspace.namespace);
        let rule = reported.finding.rule.name;
        let changed = fix::with_fix(&self.document.text, policy, namespace, rule, &reported.bytes)?;
        Some(CodeAction {
            title: format!("Fix: {}", reported.finding.help),
            kind: Some(CodeActionKind::QUICKFIX),
            is_preferred: Some(true),
            edit: Some(self.edit(&changed.text)),
            ..CodeAction::default()
        })
    }

    /// Returns the action that exempts the object from a rule. The reason is left empty: the object is exempt once
    /// somebody has written one.
    fn exempt(&self, reported: &ReportedFinding) -> Option<CodeAction> {
        let rule = reported.finding.rule;
        if *rule == INEFFECTIVE_EXEMPTION {
            return None;
        }
        let path = FieldPath::of(["metadata", "annotations"]).key(format!("{IGNORE_PREFIX}{}", rule.name));
        let object = fix::object_at(&self.document.text, reported.bytes.start)?;
        let change = Change { object, edits: vec![Edit::Set { path, value: "".into() }] };
        let edited = edit(&self.document.text, &[change]);
        edited.obstacles.iter().all(Option::is_none).then(|| CodeAction {
            title: format!("Exempt {} from {}; then write the reason", reported.object, rule.name),
            kind: Some(CodeActionKind::QUICKFIX),
            edit: Some(self.edit(&edited.text)),
            ..CodeAction::default()
        })
    }

    /// Returns the action that does what `check --fix` does. An editor that can ask for its edit later does so, because
    /// all fixes of a document take longer than an editor should wait at each move of the cursor.
    fn fix_all(&self, is_automatic: bool) -> Option<CodeAction> {
        if !self.document.report.findings().any(|reported| reported.finding.fix.is_some()) {
            return None;
        }
        let action = CodeAction {
            title: "Fix all findings that have a safe fix".to_owned(),
            kind: Some(FIX_ALL),
            ..CodeAction::default()
        };
        if self.editor.asks_for_edits {
            let chosen = Chosen { uri: self.document.uri.as_str().to_owned(), is_automatic };
            return Some(CodeAction { data: serde_json::to_value(chosen).ok(), ..action });
        }
        self.all_fixes().ok().map(|edit| CodeAction { edit: Some(edit), ..action })
    }

    fn all_fixes(&self) -> Result<WorkspaceEdit, String> {
        let (policy, namespace) = (self.workspace.policy.policy(), &self.workspace.namespace);
        let changed = fix::with_fixes(&self.document.text, policy, namespace);
        if changed.count > 0 {
            return Ok(self.edit(&changed.text));
        }
        let reasons = changed.unfixed.iter().map(|it| format!("{}: {}", it.what, it.reason));
        Err(format!("rayguard: nothing is fixed: {}", reasons.collect::<Vec<_>>().join("; ")))
    }

    fn edit(&self, after: &str) -> WorkspaceEdit {
        let Document { uri, version, text, .. } = self.document;
        let edits = text_edit::between(text, after, self.document.lines());
        if self.editor.knows_versions {
            let text_document = OptionalVersionedTextDocumentIdentifier { uri: uri.clone(), version: Some(*version) };
            let edits = edits.into_iter().map(OneOf::<TextEdit, _>::Left).collect();
            let changes = DocumentChanges::Edits(vec![TextDocumentEdit { text_document, edits }]);
            WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() }
        } else {
            #[expect(clippy::mutable_key_type, reason = "the protocol's own type")]
            let changes = HashMap::from([(uri.clone(), edits)]);
            WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
        }
    }
}
