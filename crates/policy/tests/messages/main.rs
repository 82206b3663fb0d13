//! Real error messages, and the rules that stand for them.
//!
//! `messages.tsv` has one message a line, with three columns separated by tabs: the rule that must be found first, or
//! `-` if no rule stands for the message; where the message is from; and the message, in which `\n` is a line break.

use std::collections::BTreeSet;

use rayguard_policy::diagnosis::Diagnosis;
use rayguard_policy::pattern::Pattern;
use rayguard_policy::rules::{self, RULES};

/// The fewest bytes of a message that do not vary. Fewer are also in unrelated lines.
const FEWEST_BYTES: usize = 18;

/// The fewest bytes of the longest text without a gap.
const FEWEST_BYTES_OF_A_PIECE: usize = 10;

/// A line of the table.
struct Row {
    /// The expected rule; `None` if there is none.
    rule: Option<&'static str>,
    source: &'static str,
    message: &'static str,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("messages.tsv").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let row = |line: &'static str| {
        let columns: Vec<_> = line.split('\t').collect();
        let [rule, source, message] = columns[..] else { panic!("not three columns: {line}") };
        Row { rule: Some(rule).filter(|rule| *rule != "-"), source, message }
    };
    lines.map(row).collect()
}

/// Returns the names of the rules that stand for a message.
fn found(diagnosis: &Diagnosis, message: &str) -> Vec<&'static str> {
    diagnosis.rules_for(message).into_iter().map(|rule| rule.name).collect()
}

#[test]
fn every_real_message_finds_its_rule_first() {
    let diagnosis = Diagnosis::new();
    let mut faults = Vec::new();
    for Row { rule, source, message } in rows() {
        assert!(!source.is_empty(), "{message}: has no source");
        assert!(rule.is_none_or(|rule| rules::find(rule).is_some()), "{rule:?} is no rule");
        let found = found(&diagnosis, message);
        if found.first().copied() != rule {
            faults.push(format!("{rule:?}, not {found:?}: {message}"));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn a_message_is_found_in_a_json_log_an_event_and_a_wrapped_terminal() {
    let diagnosis = Diagnosis::new();
    for Row { rule, message, .. } in rows() {
        let text = message.replace("\\n", "\n");
        let logged = serde_json::json!({"level": "error", "ts": "2026-11-29T10:00:00.000Z", "error": text}).to_string();
        let nested = serde_json::json!({"log": logged}).to_string();
        let coloured = format!("\u{1b}[31m2026-11-29 10:00:00,123\tERROR\u{1b}[0m (pid=7) {text}");
        let event = format!("3m12s   Warning   Failed   raycluster/demo   {text}");
        let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(middle, _)| middle);
        let wrapped = format!("{}\n{}", &text[..middle], &text[middle..]);
        for line in [logged, nested, coloured, event, wrapped, text.to_uppercase()] {
            assert_eq!(found(&diagnosis, &line).first().copied(), rule, "{line}");
        }
    }
}

#[test]
fn the_message_of_a_document_finds_its_rule_first() {
    let diagnosis = Diagnosis::new();
    for rule in RULES {
        for message in rule.messages() {
            for filling in ["x", "3"] {
                let line = message.text.replace("Ray…", "RayCluster").replace('…', filling);
                let found = found(&diagnosis, &line);
                let first = found.first().and_then(|name| rules::find(name)).unwrap_or_else(|| panic!("{line}"));
                // Several rules can have one message. The first of them in the list is the likeliest.
                let is_shared = first.messages().any(|other| other.text.contains(message.text));
                assert!(*rule == first || is_shared, "{}, not {found:?}: {line}", rule.name);
                assert!(found.contains(&rule.name), "{}: {line}", rule.name);
            }
        }
    }
}

#[test]
fn no_message_of_a_document_is_short_or_listed_twice() {
    for rule in RULES {
        let mut texts = BTreeSet::new();
        for message in rule.messages() {
            let pattern = Pattern::new(message.text);
            let is_long = pattern.weight() >= FEWEST_BYTES && pattern.longest_piece() >= FEWEST_BYTES_OF_A_PIECE;
            assert!(is_long, "{}: write more of the message: {}", rule.name, message.text);
            assert!(texts.insert(message.text.to_lowercase()), "{}: listed twice: {}", rule.name, message.text);
        }
    }
}

#[test]
fn a_message_of_rayguard_finds_the_rule_that_it_names() {
    let diagnosis = Diagnosis::new();
    for rule in RULES {
        let refused =
            format!("The RayCluster \"demo\" is invalid: spec.x: something is wrong; write another ({})", rule.name);
        let checked = format!("error[{}]: something is wrong", rule.name);
        for line in [refused, checked] {
            assert_eq!(found(&diagnosis, &line).first(), Some(&rule.name), "{line}");
        }
    }
}
