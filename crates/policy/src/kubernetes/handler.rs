//! What a probe or a lifecycle handler does.

use rayguard_manifest::json::Json;

use super::pod::Pod;
use super::{At, Subject, Violations, choice, port};
use crate::reason::Reason;
use crate::spelling::quote;

const SUBJECT: Subject = Subject::Probe;

/// The actions of a probe or a lifecycle handler, of which exactly one must be there.
#[derive(Clone, Copy)]
pub(super) struct Handlers<'h> {
    pub(super) exec: &'h Json<'h>,
    pub(super) http_get: &'h Json<'h>,
    pub(super) tcp_socket: &'h Json<'h>,
    pub(super) grpc: &'h Json<'h>,
    pub(super) sleep: &'h Json<'h>,
}

impl<'h> Handlers<'h> {
    /// Reads the actions.
    pub(super) fn read(json: &'h Json<'h>) -> Self {
        const NULL: &Json<'static> = &Json::Null;
        let mut handlers = Self { exec: NULL, http_get: NULL, tcp_socket: NULL, grpc: NULL, sleep: NULL };
        for (name, value) in json.entries() {
            match &**name {
                "exec" => handlers.exec = value,
                "httpGet" => handlers.http_get = value,
                "tcpSocket" => handlers.tcp_socket = value,
                "grpc" => handlers.grpc = value,
                "sleep" => handlers.sleep = value,
                _ => {}
            }
        }
        handlers
    }

    /// Reports everything that Kubernetes refuses in the actions (`validateHandler`).
    pub(super) fn validate(self, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
        let actions = [
            ("exec", self.exec),
            ("httpGet", self.http_get),
            ("tcpSocket", self.tcp_socket),
            ("grpc", self.grpc),
            ("sleep", self.sleep),
        ];
        let mut first = None;
        for (name, action) in actions {
            if action.is_null() {
                continue;
            }
            let at = at.field(name);
            match first {
                Some(first) => {
                    let message = format!("only one action is allowed, and {first} is one");
                    violations.forbidden(SUBJECT, &at, message, format!("keep {first} or {name}"));
                }
                None => {
                    first = Some(name);
                    match name {
                        "exec" => check_exec(action, &at, violations),
                        "httpGet" => check_http_get(action, &at, violations),
                        "tcpSocket" => {
                            port::check_number_or_name(action.field("port"), SUBJECT, &at.field("port"), violations);
                        }
                        "grpc" => {
                            if let Some(number) = action.field("port").as_i64() {
                                port::check_number(number, SUBJECT, &at.field("port"), violations);
                            }
                        }
                        _ => check_sleep(action, pod, &at, violations),
                    }
                }
            }
        }
        if first.is_none() {
            let help = "add an action, such as exec or httpGet, or remove it";
            violations.required(SUBJECT, at, "the probe or handler has no action", help);
        }
    }
}

fn check_exec(exec: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let command = exec.field("command");
    if exec.as_object().is_some() && (command.is_null() || matches!(command, Json::Array(items) if items.is_empty())) {
        violations.required(SUBJECT, &at.field("command"), "the action has no command", "write a command as a list");
    }
}

/// Checks an HTTP request (`validateHTTPGetAction`).
fn check_http_get(http_get: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (name, value) in http_get.entries() {
        match &**name {
            "port" => port::check_number_or_name(value, SUBJECT, &at.field("port"), violations),
            "scheme" => {
                if let Some(scheme) = value.as_nonempty_str() {
                    choice::check(scheme, &["HTTP", "HTTPS"], SUBJECT, &at.field("scheme"), violations);
                }
            }
            "httpHeaders" => {
                for (index, header) in value.items().iter().enumerate() {
                    let Some(name) = header.field("name").as_str() else { continue };
                    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
                    if name.is_empty() || !name.bytes().all(is_valid) {
                        let message = format!("{} is not the name of an HTTP header", quote(name));
                        let list = at.field("httpHeaders");
                        let at = list.index(index);
                        violations.invalid(SUBJECT, &at.field("name"), message, "write letters, digits and '-'");
                    }
                }
            }
            _ => {}
        }
    }
}

/// Checks the duration of a pause (`validateSleepAction`).
fn check_sleep(sleep: &Json<'_>, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    let Some(seconds) = sleep.field("seconds").as_i64() else { return };
    let at = at.field("seconds");
    let grace = pod.grace_period();
    if seconds < 0 || seconds > grace {
        let message = format!("{seconds} s is not between 0 and the Pod's terminationGracePeriodSeconds, {grace}");
        violations.invalid(SUBJECT, &at, message, "write fewer seconds, or a longer terminationGracePeriodSeconds");
    } else if seconds == 0 {
        let message = "Kubernetes before 1.33 refuses a pause of 0 seconds";
        violations.add(SUBJECT, Reason::Invalid, &at, message, "write 1 or more").in_some_versions();
    }
}
