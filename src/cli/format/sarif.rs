//! SARIF 2.1.0 (OASIS), as code scanning and editors read it.

use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rayguard_policy::rule::{Level, Rule};
use serde_json::{Value, json};

use super::Form;
use super::items::{Items, indented};
use super::place::{Spot, fingerprint};
use crate::cli::report::{Found, Place, Report, Severity, Summary, Unreadable};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What the path of a URI need not escape.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[derive(Default)]
pub(super) struct Sarif {
    is_begun: bool,
    results: Items,
    /// The rules that have found something, in the order in which they first did.
    rules: Vec<&'static Rule>,
    notifications: Vec<Value>,
}

impl Sarif {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.is_begun, true) {
            return Ok(());
        }
        let head = format!("{{\n  \"version\": \"2.1.0\",\n  \"$schema\": \"{SCHEMA}\",\n  \"runs\": [\n    {{\n");
        write!(out, "{head}      \"columnKind\": \"unicodeCodePoints\",\n      \"results\": ")
    }

    fn result(&mut self, found: &Found, exempted: Option<&str>) -> Value {
        let rule = found.finding.rule;
        let index = self.rules.iter().position(|known| *known == rule).unwrap_or_else(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        });
        let Found { object, finding, file, template, place } = found;
        let path = finding.path.to_string();
        let mut location = location(&Spot::of(file, template.as_deref(), Some(place)));
        location["logicalLocations"] = json!([{
            "name": path.rsplit('.').next(),
            "fullyQualifiedName": format!("{object}: {path}"),
            "kind": "member",
        }]);
        let mut result = json!({
            "ruleId": rule.name,
            "ruleIndex": index,
            "level": level(found.severity()),
            "message": {"text": format!("{object}: {}", found.line())},
            "locations": [location],
            "partialFingerprints": {"rayguard/v1": fingerprint([rule.name, &*object.to_string(), &*path])},
        });
        if let Some(reason) = exempted {
            result["suppressions"] = json!([{"kind": "inSource", "justification": reason}]);
        }
        result
    }
}

impl Form for Sarif {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        self.begin(out)?;
        for found in report.findings() {
            let result = self.result(found, None);
            self.results.write(out, 8, &result)?;
        }
        for (found, reason) in report.objects.iter().flat_map(|object| &object.exempted) {
            let result = self.result(found, Some(reason));
            self.results.write(out, 8, &result)?;
        }
        self.notifications.extend(report.errors.iter().map(notification));
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        self.begin(out)?;
        self.results.end(out, 6)?;
        let tool = json!({"driver": {
            "name": env!("CARGO_PKG_NAME"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": self.rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
        }});
        // It has succeeded if everything could be checked, whatever was found.
        let invocations = json!([{
            "executionSuccessful": self.notifications.is_empty(),
            "toolExecutionNotifications": self.notifications,
        }]);
        for (name, value) in [("tool", tool), ("invocations", invocations)] {
            write!(out, ",\n      \"{name}\": {}", indented(&serde_json::to_string_pretty(&value)?, 6))?;
        }
        out.write_all(b"\n    }\n  ]\n}\n")
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A rule, with its page as help.
fn descriptor(rule: &Rule) -> Value {
    let severity = match rule.level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Audit | Level::Off => "note",
    };
    json!({
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.docs, "markdown": rule.docs},
        "defaultConfiguration": {"level": severity},
        "properties": {"tags": [rule.category]},
    })
}

fn location(spot: &Spot<'_>) -> Value {
    let path = utf8_percent_encode(&spot.file, PATH);
    let artifact = if spot.file.starts_with('/') {
        json!({"uri": format!("file://{path}")})
    } else {
        json!({"uri": path.to_string(), "uriBaseId": "%SRCROOT%"})
    };
    let mut physical = json!({"artifactLocation": artifact});
    if let Some(Place { line, column, end_line, end_column }) = spot.place {
        physical["region"] =
            json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column});
    }
    json!({"physicalLocation": physical})
}

fn notification(error: &Unreadable) -> Value {
    json!({
        "level": "error",
        "message": {"text": error.line()},
        "locations": [location(&Spot::of(&error.file, None, error.place.as_deref()))],
    })
}
