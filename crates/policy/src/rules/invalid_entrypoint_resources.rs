#![doc = include_str!("invalid_entrypoint_resources.md")]

use std::fmt::Write as _;

use serde_json::Value;

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-entrypoint-resources",
    summary: "entrypointResources that are not a JSON map of numbers",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_entrypoint_resources.md"),
    cel: Cel::No("it reads the JSON of `entrypointResources`, which CEL cannot"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(job) = object.job() else { return };
    let written = job.text("entrypointResources");
    if written.is_empty() {
        return;
    }
    let is_http = job.submission_mode() == "HTTPMode";
    let has_shell = settings.kuberay.version >= Version::v1(3);
    if !is_http && has_shell && (object.submitter(&settings.kuberay).is_none() || written.contains(['$', '`'])) {
        return; // shell-in-job-fields reports what bash replaces
    }
    if !is_http && !has_shell && !matches!(job.submission_mode(), "" | "K8sJobMode") {
        return;
    }
    let passed = if is_http || !has_shell { written.to_owned() } else { as_bash_passes(written) };
    let mut report = |message: &str, help: &str| {
        findings.invalid(job.path().field("entrypointResources"), message, help);
    };
    let help = r#"write a map of numbers in one line, such as '{"special_hardware": 1}'"#;
    let resources = match serde_json::from_str::<Value>(&passed) {
        Ok(Value::Object(resources)) => resources,
        Ok(Value::Null) if is_http => return,
        Ok(_) => return report("Ray expects a JSON map of resources, and refuses the job", help),
        // Python accepts some escapes in strings that are no text.
        Err(_) if passed.contains("\\u") => return,
        Err(_) if passed != written && serde_json::from_str::<Value>(written).is_ok() => {
            let message = r"KubeRay passes a line break or tab as \n or \t, and Ray cannot read this as JSON";
            return report(message, "write it in one line, without a line break at the end");
        }
        Err(_) => return report("Ray cannot read this as JSON, and refuses the job", help),
    };
    for (name, value) in &resources {
        let why = match value {
            _ if matches!(name.as_str(), "CPU" | "GPU") => {
                let field = if name == "CPU" { "entrypointNumCpus" } else { "entrypointNumGpus" };
                let message = format!("Ray refuses {name} in the resources of a job");
                return report(&message, &format!("write {field} instead"));
            }
            Value::Bool(_) if !is_http => continue,
            Value::Null if is_http => continue,
            Value::Number(number) if number.as_f64().is_some_and(|number| number < 0.0) => "is negative",
            Value::Number(_) => continue,
            _ => "is not a number",
        };
        return report(&format!("Ray refuses the job, because the quantity of {name:.40} {why}"), help);
    }
}

/// Returns a text that KubeRay has quoted as a string of Go, as bash passes it on: control characters have become
/// escapes, which bash does not know.
fn as_bash_passes(written: &str) -> String {
    let mut passed = String::with_capacity(written.len());
    for char in written.chars() {
        match char {
            '\x07' => passed.push_str("\\a"),
            '\x08' => passed.push_str("\\b"),
            '\x0b' => passed.push_str("\\v"),
            '\x0c' => passed.push_str("\\f"),
            '\n' => passed.push_str("\\n"),
            '\r' => passed.push_str("\\r"),
            '\t' => passed.push_str("\\t"),
            // Writing to a String cannot fail.
            '\0'..' ' | '\x7f' => _ = write!(passed, "\\x{:02x}", u32::from(char)),
            _ => passed.push(char),
        }
    }
    passed
}
