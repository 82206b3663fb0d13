//! The messages between the editor and the language server.

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, select, unbounded};
use lsp_server::{Connection, ErrorCode, Message, Notification, ProtocolError, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
    LogMessage, Notification as _, PublishDiagnostics, ShowMessage,
};
use lsp_types::request::{CodeActionRequest, CodeActionResolveRequest, HoverRequest, RegisterCapability, Request as _};
use lsp_types::{
    CodeAction, CodeActionOrCommand, CodeActionParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWatchedFilesRegistrationOptions, DidCloseTextDocumentParams, DidOpenTextDocumentParams, FileSystemWatcher,
    GlobPattern, HoverParams, InitializeParams, LogMessageParams, MessageType, PublishDiagnosticsParams, Registration,
    RegistrationParams, ShowMessageParams,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::action::Chosen;
use super::capability::{self, Editor};
use super::page::Pages;
use super::policy::WatchedPolicy;
use super::workspace::Workspace;
use super::{LspArgs, action, diagnostic, hover, scan, uri};
use crate::cli::output;
use crate::cli::text;

/// The time between two looks at the policy file.
const POLICY_INTERVAL: Duration = Duration::from_secs(1);

/// What an editor can set at the start. The arguments of the command take precedence.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    /// The policy file, relative to the first folder of the workspace.
    config: Option<PathBuf>,
    namespace: Option<String>,
    docs_url: Option<String>,
}

/// Serves an editor until it ends the connection.
///
/// # Errors
///
/// The editor does not speak the protocol.
pub(super) fn serve(connection: Connection, args: LspArgs) -> Result<(), ProtocolError> {
    let (id, params) = connection.initialize_start()?;
    let params: InitializeParams = serde_json::from_value(params).unwrap_or_default();
    let editor = Editor::of(&params.capabilities);
    connection.initialize_finish(id, initialize_result(editor))?;
    let mut server = Server::new(connection, args, &params, editor);
    if editor.watches_files {
        server.watch_files();
    }
    server.report_policy();
    server.run()
}

fn initialize_result(editor: Editor) -> Value {
    serde_json::json!({
        "capabilities": capability::of_server(editor.encoding),
        "serverInfo": {"name": "rayguard", "version": env!("CARGO_PKG_VERSION")},
    })
}

/// A file of the workspace, with its text.
type FoundFile = (PathBuf, String);

struct Server {
    connection: Connection,
    workspace: Workspace,
    pages: Pages,
    editor: Editor,
    /// The files of the workspace, which are searched for at the start.
    files: Receiver<FoundFile>,
}

impl Server {
    fn new(connection: Connection, args: LspArgs, params: &InitializeParams, editor: Editor) -> Self {
        let options = params.initialization_options.clone();
        let options: Options = options.and_then(|it| serde_json::from_value(it).ok()).unwrap_or_default();
        let folders = folders(params);
        let relative = |path: PathBuf| folders.first().map_or_else(|| path.clone(), |folder| folder.join(&path));
        let config = args.config.or_else(|| options.config.map(relative));
        let policy = WatchedPolicy::read(config, args.webhook.map(super::WebhookState::webhook));
        let namespace = args.namespace.or(options.namespace).unwrap_or_else(|| "default".to_owned());
        let (send, files) = unbounded();
        let searched = folders.clone();
        // A large workspace is no reason to wait with the findings of the open document.
        thread::spawn(move || {
            for file in searched.iter().flat_map(|folder| scan::files(folder)) {
                if send.send(file).is_err() {
                    return; // the editor has ended the connection
                }
            }
        });
        Self {
            connection,
            workspace: Workspace::new(folders, policy, namespace, editor.encoding),
            pages: Pages::new(args.docs_url.or(options.docs_url)),
            editor,
            files,
        }
    }

    /// Handles all messages. Findings are sent when no message waits, so that a burst of changes is checked once.
    fn run(&mut self) -> Result<(), ProtocolError> {
        loop {
            if self.connection.receiver.is_empty() {
                self.publish();
            }
            let message = select! {
                recv(self.connection.receiver) -> message => match message {
                    Ok(message) => message,
                    Err(_) => return Ok(()),
                },
                recv(self.files) -> file => {
                    match file {
                        Ok((path, text)) => {
                            self.guard(|server| server.workspace.add_file(&path, Some(&text)));
                        }
                        // The search has ended.
                        Err(_) => self.files = crossbeam_channel::never(),
                    }
                    continue;
                }
                default(POLICY_INTERVAL) => {
                    self.refresh_policy();
                    continue;
                }
            };
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    let id = request.id.clone();
                    let response = self.guard(|server| server.answer(request)).unwrap_or_else(|| {
                        let message = "rayguard failed on this request; its log shows why".to_owned();
                        Response::new_err(id, ErrorCode::InternalError as i32, message)
                    });
                    self.send(Message::Response(response));
                }
                Message::Notification(notification) => {
                    self.guard(|server| server.take(notification));
                }
                Message::Response(_) => {}
            }
        }
    }

    /// Runs a part of the work. If it panics, the server goes on without its result; the message of the panic is in the
    /// log.
    fn guard<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        panic::catch_unwind(AssertUnwindSafe(|| work(self))).ok()
    }

    fn answer(&mut self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let result = match method.as_str() {
            HoverRequest::METHOD => parse(params).map(|params| self.hover(&params)),
            CodeActionRequest::METHOD => parse(params).map(|params| self.code_actions(&params)),
            CodeActionResolveRequest::METHOD => parse(params).map(|action| self.resolve(action)),
            _ => {
                let message = format!("rayguard has no {method}");
                return Response::new_err(id, ErrorCode::MethodNotFound as i32, message);
            }
        };
        match result {
            Ok(value) => Response::new_ok(id, value),
            Err(message) => Response::new_err(id, ErrorCode::InvalidParams as i32, message),
        }
    }

    fn hover(&mut self, params: &HoverParams) -> Value {
        let position = &params.text_document_position_params;
        let uri = position.text_document.uri.as_str();
        self.workspace.refresh(uri);
        let hover = self.workspace.documents.get(uri).and_then(|document| {
            let byte = document.byte(position.position);
            hover::at(document, byte, &self.workspace)
        });
        serde_json::to_value(hover).unwrap_or_default()
    }

    fn code_actions(&mut self, params: &CodeActionParams) -> Value {
        let uri = params.text_document.uri.as_str();
        self.workspace.refresh(uri);
        let Self { workspace, pages, editor, .. } = self;
        let actions = workspace.documents.get(uri).map(|document| {
            let range = document.byte(params.range.start)..document.byte(params.range.end);
            action::of(document, &range, &params.context, workspace, pages, *editor)
        });
        let actions = actions.unwrap_or_default().into_iter().map(CodeActionOrCommand::CodeAction).collect::<Vec<_>>();
        serde_json::to_value(actions).unwrap_or_default()
    }

    fn resolve(&mut self, chosen: CodeAction) -> Value {
        let data = chosen.data.clone().and_then(|data| serde_json::from_value::<Chosen>(data).ok());
        let data = data.filter(|_| chosen.edit.is_none());
        let document = data.as_ref().and_then(|data| self.workspace.documents.get(&data.uri));
        let edit = match document.map(|document| action::fix_all(document, &self.workspace, self.editor)) {
            None => chosen.edit.clone(),
            Some(Ok(edit)) => Some(edit),
            Some(Err(message)) => {
                // A message at each save would be in the way.
                if data.is_some_and(|data| data.is_automatic) {
                    self.notify::<LogMessage>(LogMessageParams { typ: MessageType::INFO, message });
                } else {
                    self.notify::<ShowMessage>(ShowMessageParams { typ: MessageType::INFO, message });
                }
                None
            }
        };
        serde_json::to_value(CodeAction { edit, ..chosen }).unwrap_or_default()
    }

    fn take(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        let taken = match method.as_str() {
            DidOpenTextDocument::METHOD => parse(params).map(|params: DidOpenTextDocumentParams| {
                let document = params.text_document;
                self.workspace.open(&document.uri, document.version, document.text);
            }),
            DidChangeTextDocument::METHOD => parse(params).map(|params| self.change(params)),
            DidCloseTextDocument::METHOD => parse(params).map(|params: DidCloseTextDocumentParams| {
                self.workspace.close(&params.text_document.uri);
                // An editor keeps the findings of a closed document otherwise.
                self.publish_one(params.text_document.uri, Vec::new(), None);
            }),
            DidChangeWatchedFiles::METHOD => parse(params).map(|params: DidChangeWatchedFilesParams| {
                for path in params.changes.iter().filter_map(|change| uri::path(&change.uri)) {
                    self.workspace.read_file(&path);
                }
                self.refresh_policy();
            }),
            DidSaveTextDocument::METHOD => {
                self.refresh_policy();
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(message) = taken {
            output::message(&text::error(&format!("{method}: {message}")));
        }
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let encoding = self.workspace.encoding;
        let uri = params.text_document.uri.as_str();
        let Some(document) = self.workspace.documents.get_mut(uri) else { return };
        // Each change is the whole text.
        if let Some(change) = params.content_changes.into_iter().next_back() {
            document.change(params.text_document.version, change.text, encoding);
        }
    }

    /// Sends the findings of all documents that have changed, or whose neighbours have.
    fn publish(&mut self) {
        // A check can make other documents stale, each at most once.
        let stale = |workspace: &Workspace| {
            let mut stale = workspace.documents.iter().filter(|(_, document)| document.is_stale);
            stale.next().map(|(uri, _)| uri.clone())
        };
        while let Some(uri) = stale(&self.workspace) {
            let checked = self.guard(|server| {
                server.workspace.refresh(&uri);
                let Self { workspace, pages, .. } = server;
                let document = workspace.documents.get(&uri)?;
                Some((document.uri.clone(), diagnostic::of(document, workspace, pages), document.version))
            });
            match checked.flatten() {
                Some((uri, diagnostics, version)) => self.publish_one(uri, diagnostics, Some(version)),
                None => {
                    // The text is not checked again until it changes.
                    if let Some(document) = self.workspace.documents.get_mut(&uri) {
                        document.is_stale = false;
                    }
                }
            }
        }
    }

    fn publish_one(&self, uri: lsp_types::Uri, diagnostics: Vec<lsp_types::Diagnostic>, version: Option<i32>) {
        self.notify::<PublishDiagnostics>(PublishDiagnosticsParams { uri, diagnostics, version });
    }

    fn refresh_policy(&mut self) {
        if self.workspace.policy.refresh() {
            self.workspace.mark_all_stale();
            self.report_policy();
        }
    }

    /// Shows why the policy file cannot be used.
    fn report_policy(&self) {
        if let Some(error) = self.workspace.policy.error() {
            let message = format!("rayguard: the policy stays as it was: {error}");
            self.notify::<ShowMessage>(ShowMessageParams { typ: MessageType::ERROR, message });
        }
    }

    /// Asks the editor to report changes of files on the disk.
    fn watch_files(&self) {
        let of_pattern =
            |pattern: &str| FileSystemWatcher { glob_pattern: GlobPattern::String(pattern.to_owned()), kind: None };
        let watchers = vec![of_pattern("**/*.{yaml,yml,json}")];
        let options = DidChangeWatchedFilesRegistrationOptions { watchers };
        let registration = Registration {
            id: "files".to_owned(),
            method: DidChangeWatchedFiles::METHOD.to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        let params = RegistrationParams { registrations: vec![registration] };
        self.send(Message::Request(Request::new(1.into(), RegisterCapability::METHOD.to_owned(), params)));
    }

    fn notify<N: lsp_types::notification::Notification>(&self, params: N::Params) {
        self.send(Message::Notification(Notification::new(N::METHOD.to_owned(), params)));
    }

    fn send(&self, message: Message) {
        // It fails only if the editor has ended the connection, which the next receive reports.
        let _ = self.connection.sender.send(message);
    }
}

fn parse<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}

/// Returns the folders of the workspace.
fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let folders = params.workspace_folders.iter().flatten().filter_map(|folder| uri::path(&folder.uri));
    let folders: Vec<_> = folders.collect();
    #[expect(deprecated, reason = "older editors send nothing else")]
    let root = params.root_uri.as_ref().and_then(uri::path);
    let folders = if folders.is_empty() { root.into_iter().collect() } else { folders };
    // The search would read the whole disk.
    folders.into_iter().filter(|folder| folder != Path::new("/")).collect()
}
