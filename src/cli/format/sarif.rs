//! SARIF 2.1.0 (OASIS), as code scanning and editors read it.

use std::io::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rayguard_check::report::{Region, Report, ReportedFinding, Severity, Summary, Unreadable};
use rayguard_policy::rule::{Level, Rule};
use serde_json::{Value, json};

use super::ReportWriter;
use super::items::{Items, indented};
use super::repository::{RepositoryLocation, fingerprint};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The characters to escape in the path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[derive(Default)]
pub(super) struct Sarif {
    is_begun: bool,
    results: Items,
    /// The rules with findings, in the order of their first findings.
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

    fn result(&mut self, reported: &ReportedFinding, exempted: Option<&str>) -> Value {
        let rule = reported.finding.rule;
        let index = self.rules.iter().position(|known| *known == rule).unwrap_or_else(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        });
        let ReportedFinding { object, finding, file, template, region, .. } = reported;
        let path = finding.path.to_string();
        let mut location = location(&RepositoryLocation::of(file, template.as_deref(), Some(region)));
        location["logicalLocations"] = json!([{
            "name": path.rsplit('.').next(),
            "fullyQualifiedName": format!("{object}: {path}"),
            "kind": "member",
        }]);
        let mut result = json!({
            "ruleId": rule.name,
            "ruleIndex": index,
            "level": level(reported.severity()),
            "message": {"text": format!("{object}: {}", reported.line())},
            "locations": [location],
            "partialFingerprints": {"rayguard/v1": fingerprint([rule.name, &*object.to_string(), &*path])},
        });
        if let Some(reason) = exempted {
            result["suppressions"] = json!([{"kind": "inSource", "justification": reason}]);
        }
        result
    }
}

impl ReportWriter for Sarif {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        self.begin(out)?;
        for reported in report.findings() {
            let result = self.result(reported, None);
            self.results.write(out, 8, &result)?;
        }
        for (reported, reason) in report.objects.iter().flat_map(|object| &object.exempted) {
            let result = self.result(reported, Some(reason));
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
        // The execution is successful if everything could be checked, even if there are findings.
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

/// Describes a rule, with its page as help.
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

fn location(location: &RepositoryLocation<'_>) -> Value {
    let path = utf8_percent_encode(&location.file, PATH);
    let artifact = if location.file.starts_with('/') {
        json!({"uri": format!("file://{path}")})
    } else {
        json!({"uri": path.to_string(), "uriBaseId": "%SRCROOT%"})
    };
    let mut physical = json!({"artifactLocation": artifact});
    if let Some(Region { line, column, end_line, end_column }) = location.region {
        physical["region"] =
            json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column});
    }
    json!({"physicalLocation": physical})
}

fn notification(error: &Unreadable) -> Value {
    json!({
        "level": "error",
        "message": {"text": error.line()},
        "locations": [location(&RepositoryLocation::of(&error.file, None, error.region.as_deref()))],
    })
}
