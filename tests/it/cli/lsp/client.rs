//! A client of the language server: the real binary, and messages over its standard input and output.

use std::collections::BTreeMap;

use lsp_server::{Message, Notification, Response};
use serde_json::{Value, json};

use crate::cli::Shell;
use crate::cli::connection::Connection;

/// An editor that is connected to the language server.
pub(super) struct Client<'s> {
    shell: &'s Shell,
    connection: Connection,
    /// The notifications that came while the client waited for a response.
    notifications: Vec<Notification>,
    versions: i32,
    /// The findings of each document that the server sent last.
    last: BTreeMap<String, Vec<Value>>,
}

impl<'s> Client<'s> {
    /// Starts the server, with the shell's folder as the workspace.
    pub(super) fn start(shell: &'s Shell, arguments: &[&str]) -> Self {
        Self::with(shell, arguments, &json!({}))
    }

    /// Starts the server with these options of the editor.
    pub(super) fn with(shell: &'s Shell, arguments: &[&str], options: &Value) -> Self {
        let arguments: Vec<_> = ["lsp"].iter().chain(arguments).copied().collect();
        let mut command = shell.command(&arguments);
        command.env("XDG_CACHE_HOME", shell.path().join(".cache"));
        let connection = Connection::start(&mut command);
        let mut client = Self { shell, connection, notifications: Vec::new(), versions: 0, last: BTreeMap::new() };
        let folder = format!("file://{}", shell.path().display());
        let initialized = client.request(
            "initialize",
            json!({
                "capabilities": {
                    "workspace": {"workspaceEdit": {"documentChanges": true}},
                    "textDocument": {"codeAction": {"dataSupport": true, "resolveSupport": {"properties": ["edit"]}}},
                },
                "workspaceFolders": [{"uri": folder, "name": "test"}],
                "initializationOptions": options,
            }),
        );
        assert_eq!(initialized["serverInfo"]["name"], "rayguard");
        assert_eq!(initialized["capabilities"]["positionEncoding"], "utf-16");
        client.notify("initialized", json!({}));
        client
    }

    pub(super) fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.shell.path().display())
    }

    pub(super) fn notify(&mut self, method: &str, params: Value) {
        self.connection.notify(method, params);
    }

    /// Sends a request, and returns its response.
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Response {
        let id = self.connection.request(method, params);
        loop {
            match self.connection.receive().expect("the server answers") {
                Message::Response(response) if response.id == id => return response,
                Message::Notification(notification) => self.notifications.push(notification),
                message => panic!("{message:?}"),
            }
        }
    }

    /// Sends a request, and returns its result.
    pub(super) fn request(&mut self, method: &str, params: Value) -> Value {
        let response = self.ask(method, params);
        serde_json::to_value(response).expect("JSON")["result"].clone()
    }

    /// Opens a document with a text, and returns its findings.
    pub(super) fn open(&mut self, name: &str, text: &str) -> Vec<Value> {
        self.versions += 1;
        let document = json!({"uri": self.uri(name), "languageId": "yaml", "version": self.versions, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
        self.findings(name)
    }

    /// Changes the text of a document, and returns its findings.
    pub(super) fn change(&mut self, name: &str, text: &str) -> Vec<Value> {
        self.versions += 1;
        let document = json!({"uri": self.uri(name), "version": self.versions});
        let changes = json!([{"text": text}]);
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
        self.findings(name)
    }

    /// Closes a document, and waits until its findings are gone.
    pub(super) fn close(&mut self, name: &str) {
        let uri = self.uri(name);
        self.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
        self.wait("textDocument/publishDiagnostics", |it| it["uri"] == *uri && it["version"].is_null());
    }

    /// Waits for the findings of the last version of a document.
    fn findings(&mut self, name: &str) -> Vec<Value> {
        let (uri, version) = (self.uri(name), self.versions);
        let params = self
            .wait("textDocument/publishDiagnostics", |params| params["uri"] == *uri && params["version"] == version);
        params["diagnostics"].as_array().expect("a list").clone()
    }

    /// Waits until the findings of a document meet a condition, and returns them.
    pub(super) fn until(&mut self, name: &str, condition: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let uri = self.uri(name);
        loop {
            if let Some(findings) = self.last.get(&uri).filter(|findings| condition(findings)) {
                return findings.clone();
            }
            self.wait("textDocument/publishDiagnostics", |params| params["uri"] == *uri);
        }
    }

    /// Waits for a notification that meets a condition, and returns its parameters.
    pub(super) fn wait(&mut self, method: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let is_it = |it: &Notification| it.method == method && condition(&it.params);
        loop {
            if let Some(index) = self.notifications.iter().position(is_it) {
                let Notification { params, .. } = self.notifications.remove(index);
                if let (Some(uri), Some(findings)) = (params["uri"].as_str(), params["diagnostics"].as_array()) {
                    self.last.insert(uri.to_owned(), findings.clone());
                }
                return params;
            }
            match self.connection.receive().expect("the server sends it") {
                Message::Notification(notification) => self.notifications.push(notification),
                message => panic!("{message:?}"),
            }
        }
    }

    /// Returns the actions for a range.
    pub(super) fn actions(&mut self, name: &str, range: &Value, only: Option<&str>) -> Vec<Value> {
        let mut context = json!({"diagnostics": []});
        if let Some(only) = only {
            context["only"] = json!([only]);
        }
        let document = json!({"uri": self.uri(name)});
        let params = json!({"textDocument": document, "range": range, "context": context});
        self.request("textDocument/codeAction", params).as_array().expect("a list").clone()
    }

    /// Returns the text of a hover; empty without one.
    pub(super) fn hover(&mut self, name: &str, position: &Value) -> String {
        let document = json!({"uri": self.uri(name)});
        let hover = self.request("textDocument/hover", json!({"textDocument": document, "position": position}));
        hover["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Ends the server as an editor does, and expects that it ends well.
    pub(super) fn end(mut self) {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        assert!(self.connection.has_ended_well());
    }
}

/// Returns the byte of a position that counts units of UTF-16.
pub(super) fn byte(text: &str, position: &Value) -> usize {
    let number = |field: &str| usize::try_from(position[field].as_u64().expect("a number")).expect("a small number");
    let start = text.split_inclusive('\n').take(number("line")).map(str::len).sum::<usize>();
    let mut left = number("character");
    let column = text[start..].char_indices().find(|(_, char)| {
        let is_here = left == 0;
        left = left.saturating_sub(char.len_utf16());
        is_here
    });
    start + column.map_or(text.len() - start, |(at, _)| at)
}

/// Applies the edit of an action to a text.
pub(super) fn apply(text: &str, action: &Value) -> String {
    let mut edits = action["edit"]["documentChanges"][0]["edits"].as_array().cloned().unwrap_or_default();
    edits.sort_by_key(|edit| std::cmp::Reverse(byte(text, &edit["range"]["start"])));
    let mut text = text.to_owned();
    for edit in edits {
        let range = byte(&text, &edit["range"]["start"])..byte(&text, &edit["range"]["end"]);
        text.replace_range(range, edit["newText"].as_str().expect("a text"));
    }
    text
}

/// Returns the position of the first occurrence of a text.
pub(super) fn position(text: &str, what: &str) -> Value {
    let at = text.find(what).unwrap_or_else(|| panic!("there is no {what}"));
    let line = text[..at].matches('\n').count();
    let column = text[..at].rsplit('\n').next().unwrap_or_default().encode_utf16().count();
    json!({"line": line, "character": column})
}
