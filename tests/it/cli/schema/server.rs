//! A client of yaml-language-server, which speaks the Language Server Protocol over its standard input and output.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lsp_server::{Message, Notification, Request};
use rayguard_test_support::packages;
use serde_json::{Value, json};

use crate::cli::connection::Connection;

/// A running server, and the files that are open in it.
pub(super) struct LanguageServer {
    connection: Connection,
    folder: PathBuf,
    /// The version of each open file, by its URI.
    versions: HashMap<String, u64>,
    /// The last diagnostics of each file, by its URI.
    diagnostics: HashMap<String, Vec<Value>>,
}

impl LanguageServer {
    /// Starts a server for a folder, with the settings that an editor has, apart from schemas in the internet.
    pub(super) fn start(folder: &Path) -> Self {
        packages::require();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/consumers/yaml-language-server");
        let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
        assert!(output.status.success(), "tests/consumers/yaml-language-server failed; the reason is above");
        let server = String::from_utf8(output.stdout).expect("a path in UTF-8");
        let mut command = Command::new("node");
        command.args([server.trim_end(), "--stdio"]).current_dir(folder);
        let connection = Connection::start(&mut command);
        let folder = folder.canonicalize().expect("a folder");
        let mut server = Self { connection, folder, versions: HashMap::new(), diagnostics: HashMap::new() };
        let text_document = json!({
            "hover": {"contentFormat": ["markdown"]},
            "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
        });
        let capabilities = json!({"workspace": {"configuration": true}, "textDocument": text_document});
        let root = server.uri("");
        server.request("initialize", json!({"processId": null, "rootUri": root, "capabilities": capabilities}));
        server.connection.notify("initialized", json!({}));
        server
    }

    fn uri(&self, file: &str) -> String {
        format!("file://{}", self.folder.join(file).display())
    }

    /// Opens a file, or changes its text, and waits until its diagnostics, each with its line and message, meet a condition.
    #[track_caller]
    pub(super) fn diagnose(&mut self, file: &str, text: &str, is_expected: impl Fn(&[(u64, String)]) -> bool) {
        self.edit(file, text);
        let uri = self.uri(file);
        loop {
            let found: Option<Vec<_>> =
                self.diagnostics.get(&uri).map(|found| found.iter().map(line_and_message).collect());
            if found.as_ref().is_some_and(|found| is_expected(found)) {
                return;
            }
            let message = self.connection.receive();
            let message =
                message.unwrap_or_else(|error| panic!("{file} has the diagnostics {found:#?}: {error}\n{text}"));
            self.handle(message);
        }
    }

    /// Opens a file, or changes its text.
    pub(super) fn edit(&mut self, file: &str, text: &str) {
        let uri = self.uri(file);
        self.diagnostics.remove(&uri);
        let version = self.versions.entry(uri.clone()).or_default();
        *version += 1;
        let version = *version;
        let mut document = json!({"uri": uri, "version": version});
        if version == 1 {
            document["languageId"] = "yaml".into();
            document["text"] = text.into();
            self.connection.notify("textDocument/didOpen", json!({"textDocument": document}));
        } else {
            let changes = json!([{"text": text}]);
            self.connection
                .notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
        }
    }

    /// Opens a file, or changes its text, and returns the answer to a question, such as `completion`, about the place after
    /// a part of the text.
    pub(super) fn ask_at(&mut self, file: &str, text: &str, question: &str, part: &str) -> Value {
        self.edit(file, text);
        let start = &text[..text.find(part).expect("the text is there") + part.len()];
        let line = start.matches('\n').count();
        let character = start.rsplit('\n').next().unwrap_or_default().len();
        let position = json!({"line": line, "character": character});
        let document = json!({"uri": self.uri(file)});
        self.request(&format!("textDocument/{question}"), json!({"textDocument": document, "position": position}))
    }

    fn request(&mut self, method: &str, parameters: Value) -> Value {
        let id = self.connection.request(method, parameters);
        loop {
            match self.connection.receive().unwrap_or_else(|error| panic!("{method}: {error}")) {
                Message::Response(response) if response.id == id => {
                    let response = serde_json::to_value(response).expect("JSON");
                    assert!(response["error"].is_null(), "{method}: {response}");
                    return response["result"].clone();
                }
                message => self.handle(message),
            }
        }
    }

    /// Answers a request of the server, and keeps the diagnostics that it sends.
    fn handle(&mut self, message: Message) {
        match message {
            Message::Notification(Notification { method, params }) if method == "textDocument/publishDiagnostics" => {
                let uri = params["uri"].as_str().expect("a URI").to_owned();
                // The diagnostics of an older text are late.
                let is_late =
                    params["version"].as_u64().is_some_and(|version| self.versions.get(&uri) != Some(&version));
                if !is_late {
                    self.diagnostics.insert(uri, params["diagnostics"].as_array().expect("a list").clone());
                }
            }
            Message::Request(Request { id, params, .. }) => {
                let settings = |item: &Value| match item["section"].as_str() {
                    Some("yaml") => {
                        json!({"validate": true, "hover": true, "completion": true, "schemaStore": {"enable": false}})
                    }
                    _ => json!({}),
                };
                let result = match params["items"].as_array() {
                    Some(items) => items.iter().map(settings).collect(),
                    None => Value::Null,
                };
                self.connection.respond(id, result);
            }
            _ => {}
        }
    }
}

fn line_and_message(diagnostic: &Value) -> (u64, String) {
    let line = diagnostic["range"]["start"]["line"].as_u64().expect("a line");
    (line + 1, diagnostic["message"].as_str().expect("a message").to_owned())
}
