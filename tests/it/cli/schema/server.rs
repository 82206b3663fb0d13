//! A client of yaml-language-server, which speaks the Language Server Protocol over its standard input and output.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rayguard_test_support::packages;
use serde_json::{Value, json};

/// The longest time that the server may take to answer.
const LIMIT: Duration = Duration::from_mins(2);

/// A running server, and the files that are open in it.
pub(super) struct LanguageServer {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    folder: PathBuf,
    requests: u64,
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
        command.args([server.trim_end(), "--stdio"]).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("Node.js runs");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = output;
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let folder = folder.canonicalize().expect("a folder");
        let mut server = Self {
            process,
            input,
            messages,
            folder,
            requests: 0,
            versions: HashMap::new(),
            diagnostics: HashMap::new(),
        };
        let text_document = json!({
            "hover": {"contentFormat": ["markdown"]},
            "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
        });
        let capabilities = json!({"workspace": {"configuration": true}, "textDocument": text_document});
        let root = server.uri("");
        server.request("initialize", &json!({"processId": null, "rootUri": root, "capabilities": capabilities}));
        server.notify("initialized", &json!({}));
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
            let message = self.messages.recv_timeout(LIMIT);
            let message =
                message.unwrap_or_else(|error| panic!("{file} has the diagnostics {found:#?}: {error}\n{text}"));
            self.handle(&message);
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
            self.notify("textDocument/didOpen", &json!({"textDocument": document}));
        } else {
            let changes = json!([{"text": text}]);
            self.notify("textDocument/didChange", &json!({"textDocument": document, "contentChanges": changes}));
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
        self.request(&format!("textDocument/{question}"), &json!({"textDocument": document, "position": position}))
    }

    fn request(&mut self, method: &str, parameters: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}));
        loop {
            let message = self.messages.recv_timeout(LIMIT).unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == id && message["method"].is_null() {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.handle(&message);
        }
    }

    fn notify(&mut self, method: &str, parameters: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": parameters}));
    }

    /// Answers a request of the server, and keeps the diagnostics that it sends.
    fn handle(&mut self, message: &Value) {
        let parameters = &message["params"];
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = parameters["uri"].as_str().expect("a URI").to_owned();
            // The diagnostics of an older text are late.
            let is_late =
                parameters["version"].as_u64().is_some_and(|version| self.versions.get(&uri) != Some(&version));
            if !is_late {
                self.diagnostics.insert(uri, parameters["diagnostics"].as_array().expect("a list").clone());
            }
        } else if !message["id"].is_null() {
            let settings = |item: &Value| match item["section"].as_str() {
                Some("yaml") => {
                    json!({"validate": true, "hover": true, "completion": true, "schemaStore": {"enable": false}})
                }
                _ => json!({}),
            };
            let result: Value = match parameters["items"].as_array() {
                Some(items) => items.iter().map(settings).collect(),
                None => Value::Null,
            };
            self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}));
        }
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }
}

impl Drop for LanguageServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the next message; `None` at the end of the output.
fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("Content-Length") => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn line_and_message(diagnostic: &Value) -> (u64, String) {
    let line = diagnostic["range"]["start"]["line"].as_u64().expect("a line");
    (line + 1, diagnostic["message"].as_str().expect("a message").to_owned())
}
