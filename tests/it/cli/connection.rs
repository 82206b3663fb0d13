//! A connection to a language server: a program that speaks the Language Server Protocol over its standard input and output.

use std::io::{self, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use lsp_server::{Message, Notification, Request, RequestId, Response};
use serde_json::Value;

/// The longest time that a test waits for a message. It is reached only if a message never comes.
const LIMIT: Duration = Duration::from_mins(2);

/// A running server. It ends with this value.
pub(super) struct Connection {
    server: Child,
    stdin: ChildStdin,
    messages: Receiver<Message>,
    requests: i32,
}

impl Connection {
    /// Starts a server.
    pub(super) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut server = command.spawn().expect("the server starts");
        // Its own pipe, because Node.js makes the pipes that it inherits non-blocking for all that write into them.
        let mut stderr = server.stderr.take().expect("a pipe");
        thread::spawn(move || io::copy(&mut stderr, &mut io::stderr()));
        let stdin = server.stdin.take().expect("a pipe");
        let mut stdout = BufReader::new(server.stdout.take().expect("a pipe"));
        let (send, messages) = mpsc::channel();
        thread::spawn(move || {
            while let Ok(Some(message)) = Message::read(&mut stdout) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        Self { server, stdin, messages, requests: 0 }
    }

    pub(super) fn notify(&mut self, method: &str, params: Value) {
        self.send(&Message::Notification(Notification { method: method.to_owned(), params }));
    }

    /// Sends a request, and returns the identifier of its response.
    pub(super) fn request(&mut self, method: &str, params: Value) -> RequestId {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        self.send(&Message::Request(Request { id: id.clone(), method: method.to_owned(), params }));
        id
    }

    /// Answers a request of the server.
    pub(super) fn respond(&mut self, id: RequestId, result: Value) {
        self.send(&Message::Response(Response::new_ok(id, result)));
    }

    /// Waits for the next message.
    ///
    /// # Errors
    ///
    /// No message comes in time, or the server has ended.
    pub(super) fn receive(&self) -> Result<Message, RecvTimeoutError> {
        self.messages.recv_timeout(LIMIT)
    }

    /// Waits until the server ends, and reports whether it ends well.
    pub(super) fn has_ended_well(&mut self) -> bool {
        self.server.wait().expect("the server ends").success()
    }

    fn send(&mut self, message: &Message) {
        message.write(&mut self.stdin).expect("the server reads");
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let _ = self.server.kill(); // it has ended, unless a test failed
        let _ = self.server.wait();
    }
}
