//! JUnit XML, as Jenkins, GitLab and others read it. Every file is a suite, and every object is a test. A file or a
//! document that could not be checked is a test too.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use rayguard_check::report::{ObjectReport, Report, ReportedFinding, Severity, Summary};

use super::ReportWriter;

pub(super) struct Junit {
    /// The least severity with which a test fails.
    threshold: Option<Severity>,
    is_begun: bool,
}

impl Junit {
    pub(super) fn new(threshold: Option<Severity>) -> Self {
        Self { threshold, is_begun: false }
    }

    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.is_begun, true) {
            return Ok(());
        }
        Writer::new(&mut *out).write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        out.write_all(b"\n<testsuites name=\"rayguard\">\n")
    }
}

impl ReportWriter for Junit {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        self.begin(out)?;
        if report.objects.is_empty() && report.errors.is_empty() {
            return Ok(());
        }
        let failures = report.objects.iter().filter(|object| object.reaches(self.threshold)).count();
        let errors = report.errors.len();
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        let suite = writer.create_element("testsuite").with_attributes([
            ("name", &*xml(&report.file)),
            ("tests", &(report.objects.len() + errors).to_string()),
            ("failures", &failures.to_string()),
            ("errors", &errors.to_string()),
        ]);
        suite.write_inner_content(|writer| {
            report.objects.iter().try_for_each(|object| test(writer, object, self.threshold))?;
            for error in &report.errors {
                let attributes = [("name", xml(&error.location())), ("classname", xml(&error.file))];
                let test = writer.create_element("testcase").with_attributes(borrowed(&attributes));
                test.write_inner_content(|writer| {
                    let attributes = [("message", xml(&error.message)), ("type", "unreadable".to_owned())];
                    let error_element = writer.create_element("error").with_attributes(borrowed(&attributes));
                    let line = format!("{}: {}", error.location(), error.line());
                    error_element.write_text_content(BytesText::new(&xml(&line))).map(drop)
                })?;
            }
            Ok(())
        })?;
        out.write_all(&writer.into_inner())?;
        out.write_all(b"\n")
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        self.begin(out)?;
        out.write_all(b"</testsuites>\n")
    }
}

/// Writes the test of an object. It fails if a finding reaches the threshold; else it has the findings as its output.
fn test(writer: &mut Writer<Vec<u8>>, object: &ObjectReport, threshold: Option<Severity>) -> io::Result<()> {
    let attributes = [("name", xml(&object.object.to_string())), ("classname", xml(&object.file))];
    let element = writer.create_element("testcase").with_attributes(borrowed(&attributes));
    if object.findings.is_empty() {
        return element.write_empty().map(drop);
    }
    let lines = object.findings.iter().map(|reported| {
        let (severity, rule) = (reported.severity(), reported.finding.rule.name);
        let ReportedFinding { file, region, .. } = reported;
        format!("{file}:{}:{}: {severity}[{rule}]: {}", region.line, region.column, reported.line())
    });
    let text = xml(&lines.collect::<Vec<_>>().join("\n"));
    element.write_inner_content(|writer| {
        let content = BytesText::new(&text);
        let fails = |reported: &&ReportedFinding| threshold.is_some_and(|threshold| reported.severity() >= threshold);
        let mut failures = object.findings.iter().filter(fails);
        let Some(first) = failures.next() else {
            return writer.create_element("system-out").write_text_content(content).map(drop);
        };
        let more = match failures.count() {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let message = xml(&format!("{}{more}", first.finding.message));
        let attributes = [("message", message), ("type", first.finding.rule.name.to_owned())];
        writer.create_element("failure").with_attributes(borrowed(&attributes)).write_text_content(content).map(drop)
    })?;
    Ok(())
}

fn borrowed<'a>(attributes: &'a [(&'a str, String)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    attributes.iter().map(|(name, value)| (*name, &**value))
}

/// Replaces the characters that XML cannot represent, even escaped.
fn xml(text: &str) -> String {
    let is_valid = |char: &char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|char| if is_valid(&char) { char } else { '\u{fffd}' }).collect()
}
