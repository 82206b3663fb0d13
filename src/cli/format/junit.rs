//! The XML of JUnit, as Jenkins, GitLab and others read it: every file is a suite, every object a test of it, and so is what
//! could not be checked.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::Form;
use crate::cli::report::{Checked, Report, Severity, Summary};

pub(super) struct Junit {
    /// From which severity on a test has failed.
    bar: Option<Severity>,
    is_begun: bool,
}

impl Junit {
    pub(super) fn new(bar: Option<Severity>) -> Self {
        Self { bar, is_begun: false }
    }

    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.is_begun, true) {
            return Ok(());
        }
        Writer::new(&mut *out).write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        out.write_all(b"\n<testsuites name=\"rayguard\">\n")
    }
}

impl Form for Junit {
    fn report(&mut self, out: &mut dyn Write, report: &Report) -> io::Result<()> {
        self.begin(out)?;
        if report.objects.is_empty() && report.errors.is_empty() {
            return Ok(());
        }
        let failures = report.objects.iter().filter(|object| object.reaches(self.bar)).count();
        let errors = report.errors.len();
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        let suite = writer.create_element("testsuite").with_attributes([
            ("name", &*xml(&report.file)),
            ("tests", &(report.objects.len() + errors).to_string()),
            ("failures", &failures.to_string()),
            ("errors", &errors.to_string()),
        ]);
        suite.write_inner_content(|writer| {
            report.objects.iter().try_for_each(|object| test(writer, object, self.bar))?;
            for error in &report.errors {
                let attributes = [("name", xml(&error.at())), ("classname", xml(&error.file))];
                let test = writer.create_element("testcase").with_attributes(borrowed(&attributes));
                test.write_inner_content(|writer| {
                    let attributes = [("message", xml(&error.message)), ("type", "unreadable".to_owned())];
                    let error_element = writer.create_element("error").with_attributes(borrowed(&attributes));
                    let line = format!("{}: {}", error.at(), error.line());
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

/// A test: failed from the bar on, and else with what was found as its output.
fn test(writer: &mut Writer<Vec<u8>>, object: &Checked, bar: Option<Severity>) -> io::Result<()> {
    let attributes = [("name", xml(&object.object.to_string())), ("classname", xml(&object.file))];
    let element = writer.create_element("testcase").with_attributes(borrowed(&attributes));
    if object.findings.is_empty() {
        return element.write_empty().map(drop);
    }
    let lines = object.findings.iter().map(|found| {
        let (severity, rule) = (found.severity(), found.finding.rule.name);
        format!("{}:{}:{}: {severity}[{rule}]: {}", found.file, found.place.line, found.place.column, found.line())
    });
    let text = xml(&lines.collect::<Vec<_>>().join("\n"));
    element.write_inner_content(|writer| {
        let content = BytesText::new(&text);
        let mut reached = object.findings.iter().filter(|found| bar.is_some_and(|bar| found.severity() >= bar));
        let Some(first) = reached.next() else {
            return writer.create_element("system-out").write_text_content(content).map(drop);
        };
        let more = match reached.count() {
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

/// A text without what XML cannot say, escaped or not.
fn xml(text: &str) -> String {
    let is_said = |sign: &char| matches!(sign, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|sign| if is_said(&sign) { sign } else { '\u{fffd}' }).collect()
}
