//! `rayguard explain`: prints the pages of rules.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use anstream::adapter::strip_str;
use clap::Args;
use rayguard_policy::diagnosis::Diagnosis;
use rayguard_policy::rule::Rule;
use rayguard_policy::rules;
use rayguard_policy::spelling::{quote, suggestion};

use super::output::{self, Stdout};
use super::{CliError, Status, text};

/// The length in characters to which a line is shortened if the output is not a terminal.
const LONGEST_LINE: usize = 200;

/// The beginning of each message about errors without a rule.
const NO_RULE: &str = "no rule stands for";

/// Explain rules: what they check, why, and what fails and passes
///
/// Prints each rule's page of the documentation, in Markdown. Instead of a rule's name, an error can be given as it is
/// in a terminal, a log or an event: of kubectl, the API server, kubelet, KubeRay's operator, Kueue, `ray start`, a
/// raylet, the GCS, Ray's autoscaler, Ray Serve, or bash in the submitter of a RayJob. It selects the rule that finds
/// its cause in a manifest. If several rules are possible, the likeliest is explained, and the others are named. With -,
/// the lines of the standard input are read, and each rule that they stand for is explained once:
///
/// kubectl logs POD | rayguard explain -
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// Names of rules, as `rayguard rules` lists them, error messages in quotes, or - for lines of the standard input
    #[arg(value_name = "RULE", required = true)]
    rules: Vec<String>,
}

pub(super) fn run(args: &ExplainArgs) -> Result<Status, CliError> {
    let mut is_without_rule = false;
    let mut pages = Pages { stdout: Stdout::new(), diagnosis: Diagnosis::new(), explained: BTreeSet::new() };
    let mut status = Status::Clean;
    for text in texts(&args.rules, &pages.diagnosis) {
        let explained = if text == "-" { pages.explain_lines(io::stdin().lock())? } else { pages.explain(&text)? };
        if let Err(message) = explained {
            output::message(&text::error(&message));
            is_without_rule |= message.starts_with(NO_RULE);
            status = Status::Unchecked;
        }
    }
    pages.stdout.flush()?;
    if is_without_rule {
        output::message(&text::note("`rayguard check FILE` finds what is wrong in a manifest"));
    }
    Ok(status)
}

/// Returns what to explain: each argument, or all of them as one error whose quotes were forgotten.
fn texts(arguments: &[String], diagnosis: &Diagnosis) -> Vec<String> {
    let sentence = arguments.join(" ");
    let is_known = |text: &String| text == "-" || !rules_for(text, diagnosis).is_empty();
    if arguments.len() > 1 && !arguments.iter().any(is_known) && is_known(&sentence) {
        return vec![sentence];
    }
    arguments.to_vec()
}

/// Returns the rules that a rule's name or an error stands for, the likeliest first.
fn rules_for(text: &str, diagnosis: &Diagnosis) -> Vec<&'static Rule> {
    rules::find(text.trim()).map_or_else(|| diagnosis.rules_for(text), |rule| vec![rule])
}

/// The pages on the standard output.
struct Pages {
    stdout: Stdout,
    diagnosis: Diagnosis,
    /// The names of the rules with a page.
    explained: BTreeSet<&'static str>,
}

impl Pages {
    /// Prints the page of the likeliest rule and the names of the others; returns a message if there is none.
    fn explain(&mut self, text: &str) -> io::Result<Result<(), String>> {
        let found = rules_for(text, &self.diagnosis);
        let Some((rule, others)) = found.split_first() else { return Ok(Err(unexplained(text))) };
        if self.explained.insert(rule.name) {
            self.print(None, rule, others)?;
        }
        Ok(Ok(()))
    }

    /// Prints a page for each rule that lines stand for, below the first such line; returns a message if there is none.
    fn explain_lines(&mut self, mut lines: impl BufRead) -> io::Result<Result<(), String>> {
        let (mut explained, mut unexplained) = (0, 0);
        let mut bytes = Vec::new();
        while lines.read_until(b'\n', &mut bytes)? > 0 {
            let line = String::from_utf8_lossy(&bytes);
            let found = self.diagnosis.rules_for(&line);
            match found.split_first() {
                Some((rule, others)) => {
                    explained += 1;
                    if self.explained.insert(rule.name) {
                        self.print(Some(&line), rule, others)?;
                        // The lines can come from a log that goes on.
                        self.stdout.flush()?;
                    }
                }
                None if line.trim().is_empty() => {}
                None => unexplained += 1,
            }
            bytes.clear();
        }
        let lines = |count: usize| format!("{count} line{}", if count == 1 { "" } else { "s" });
        Ok(match (explained, unexplained) {
            (0, 0) => Err("the standard input has no lines".to_owned()),
            (0, _) => Err(format!("{NO_RULE} {} of the standard input", lines(unexplained))),
            (_, 0) => Ok(()),
            _ => {
                output::message(&text::note(&format!("{NO_RULE} {}", lines(unexplained))));
                Ok(())
            }
        })
    }

    /// Prints a page, below the line that it explains.
    fn print(&mut self, line: Option<&str>, rule: &Rule, others: &[&Rule]) -> io::Result<()> {
        if self.explained.len() > 1 {
            writeln!(self.stdout)?;
            if line.is_some() {
                writeln!(self.stdout)?;
            }
        }
        if let Some(line) = line {
            writeln!(self.stdout, "> {}\n", shortened(line, "> ".len()))?;
        }
        writeln!(self.stdout, "{}", rule.docs.trim_end())?;
        if !others.is_empty() {
            let names: Vec<_> = others.iter().map(|rule| rule.name).collect();
            writeln!(self.stdout, "\nalso possible: {}", names.join(", "))?;
        }
        Ok(())
    }
}

/// Returns the message for a text that no rule stands for.
fn unexplained(text: &str) -> String {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_';
    if text.chars().all(is_name) {
        let hint = match suggestion(text, &rules::names()) {
            none if none.is_empty() => "; `rayguard rules` lists them".to_owned(),
            suggestion => suggestion,
        };
        return format!("there is no rule {}{hint}", quote(text));
    }
    let start = format!("{NO_RULE} this error: ");
    format!("{start}\"{}\"", shortened(text, "error: \"\"".len() + start.len()))
}

/// Returns a text as one line without colours and control characters that fits into the terminal beside so many other
/// columns. Of a long log line in JSON, it is the error.
fn shortened(text: &str, columns: usize) -> String {
    let width = output::terminal_width().map_or(LONGEST_LINE, |width| width.saturating_sub(columns).max(20));
    let mut line = one_line(text);
    if let Some(error) = logged_error(&line).filter(|_| line.chars().count() > width) {
        line = one_line(&error);
    }
    if let Some((cut, _)) = line.char_indices().nth(width) {
        let cut = line[..cut].char_indices().next_back().map_or(0, |(last, _)| last);
        line.truncate(cut);
        line.push('…');
    }
    line
}

/// Returns a text with single blanks in place of line breaks and control characters.
fn one_line(text: &str) -> String {
    let text = strip_str(text).to_string();
    let words = text.split(|sign: char| sign.is_whitespace() || sign.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the error of a log line in JSON, or its message.
fn logged_error(line: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(&line[line.find('{')?..]).ok()?;
    ["error", "msg", "message"].iter().find_map(|key| Some(json.get(key)?.as_str()?.to_owned()))
}
