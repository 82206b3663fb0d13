//! What the editor and the server can do.

use lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, HoverProviderCapability,
    SaveOptions, ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions,
};

use super::action;
use super::position::Encoding;

/// What the editor can do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Editor {
    pub(super) encoding: Encoding,
    /// It compares the version of a document with that of an edit.
    pub(super) knows_versions: bool,
    /// It asks for the edit of an action when somebody chooses the action.
    pub(super) asks_for_edits: bool,
    /// It reports changes of files on the disk.
    pub(super) watches_files: bool,
}

impl Editor {
    pub(super) fn of(capabilities: &ClientCapabilities) -> Self {
        let workspace = capabilities.workspace.as_ref();
        let edits = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        let actions = capabilities.text_document.as_ref().and_then(|it| it.code_action.as_ref());
        let resolves = actions.and_then(|actions| actions.resolve_support.as_ref());
        let watches = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
        Self {
            encoding: Encoding::of(capabilities.general.as_ref()),
            knows_versions: edits.and_then(|edits| edits.document_changes).unwrap_or_default(),
            asks_for_edits: resolves.is_some_and(|resolves| resolves.properties.iter().any(|name| name == "edit")),
            watches_files: watches.and_then(|watches| watches.dynamic_registration).unwrap_or_default(),
        }
    }
}

/// Returns what the server can do.
pub(super) fn of_server(encoding: Encoding) -> ServerCapabilities {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::FULL),
        save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
        ..TextDocumentSyncOptions::default()
    };
    let actions = CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, action::FIX_ALL]),
        resolve_provider: Some(true),
        ..CodeActionOptions::default()
    };
    ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        ..ServerCapabilities::default()
    }
}
