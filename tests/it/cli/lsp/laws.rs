//! What holds for the language server and every text.

#![expect(clippy::print_stdout, reason = "the figures are for people")]

use std::time::Instant;

use rayguard_policy::rules::RULES;
use rayguard_test_support::dice::Dice;
use rayguard_test_support::document;
use serde_json::{Value, json};

use super::client::{Client, apply, byte};
use crate::cli::{DENIED, Shell};

/// Returns the examples of all rules' documents, each with a name, without those that begin with a policy.
fn examples() -> Vec<(String, &'static str)> {
    let of_rule = RULES.iter().flat_map(|rule| {
        let examples = document::examples(rule).into_iter().enumerate();
        examples.map(|(index, example)| (format!("{}-{index}.yaml", rule.name), example.text))
    });
    of_rule.filter(|(_, text)| text.contains("ray.io/v1") && !text.contains("kind: Policy")).collect()
}

/// Returns the findings of `check --output json` for one file: rule, bytes, severity and text.
fn checked(report: &Value, name: &str, text: &str) -> Vec<String> {
    let of_file = report["findings"].as_array().expect("a list").iter().filter(|finding| finding["file"] == *name);
    let one = |finding: &Value| {
        let place = |line: &str, column: &str| {
            let number = |field: &str| usize::try_from(finding[field].as_u64().expect("a number")).expect("a number");
            let line: usize = text.split_inclusive('\n').take(number(line) - 1).map(str::len).sum();
            line + text[line..].chars().take(number(column) - 1).map(char::len_utf8).sum::<usize>()
        };
        let severity = match finding["severity"].as_str() {
            Some("error") => 1,
            Some("warning") => 2,
            _ => 3,
        };
        let bytes = place("line", "column")..place("endLine", "endColumn");
        let words = ["rule", "message", "help"].map(|field| finding[field].as_str().expect("a text"));
        format!("{} {bytes:?} {severity} {}; {}", words[0], words[1], words[2])
    };
    of_file.map(one).collect()
}

/// Returns the same of the findings in the editor.
fn published(findings: &[Value], text: &str) -> Vec<String> {
    let one = |finding: &Value| {
        let bytes = byte(text, &finding["range"]["start"])..byte(text, &finding["range"]["end"]);
        let code = finding["code"].as_str().expect("a rule");
        format!("{code} {bytes:?} {} {}", finding["severity"], finding["message"].as_str().expect("a text"))
    };
    findings.iter().map(one).collect()
}

#[test]
fn the_findings_and_the_fixes_are_those_of_check_for_the_examples_of_all_rules() {
    let (files, workspace) = (Shell::new(), Shell::new());
    let examples = examples();
    assert!(examples.len() > 250, "{}", examples.len());
    let mut client = Client::start(&workspace, &[]);
    let (mut compared, mut fixed) = (0, 0);
    for (name, text) in &examples {
        // Each file is a run of its own, because the examples share names and storage namespaces.
        files.write(name, text.as_bytes());
        let report = files.json(&[name]);
        let found = client.open(name, text);
        let expected = checked(&report, name, text);
        let readable = found.iter().filter(|finding| !finding["code"].is_null()).cloned().collect::<Vec<_>>();
        assert_eq!(published(&readable, text), expected, "{name}");
        compared += expected.len();

        let whole = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
        let all = client.actions(name, &whole, Some("source.fixAll"));
        if let Some(action) = all.first() {
            files.run(&["check", "--fix", name]);
            let after = std::fs::read_to_string(files.path().join(name)).expect("the file is there");
            let chosen = client.request("codeAction/resolve", action.clone());
            assert!(action["edit"].is_null(), "{name}: {action}");
            assert_eq!(apply(text, &chosen), after, "{name}");
            if chosen["edit"].is_null() {
                let shown = client.wait("window/showMessage", |_| true);
                let message = shown["message"].as_str().expect("a text");
                assert!(message.starts_with("rayguard: nothing is fixed: "), "{name}: {message}");
                // At a save nobody has asked.
                let mut automatic = action.clone();
                automatic["data"]["is_automatic"] = true.into();
                client.request("codeAction/resolve", automatic);
                let logged = client.wait("window/logMessage", |_| true);
                assert_eq!(logged["message"], message, "{name}");
            } else {
                fixed += 1;
            }
        }
        client.close(name);
    }
    println!("{} examples, of which {fixed} change by --fix, and {compared} findings: no difference", examples.len());
    assert!(compared > 300 && fixed > 30, "{compared} {fixed}");
    client.end();
}

/// A text is broken most of the time while somebody writes it.
#[test]
fn no_text_ends_the_server() {
    let shell = Shell::new();
    let mut client = Client::start(&shell, &[]);
    let examples = examples();
    let mut dice = Dice::new(20, 0);
    let mut text = DENIED.to_owned();
    client.open("a.yaml", &text);
    for step in 0..300 {
        if step % 10 == 0 {
            text = examples[dice.below(examples.len())].1.to_owned();
        }
        let at = |dice: &mut Dice, text: &str| text.floor_char_boundary(dice.below(text.len() + 1));
        let (one, other) = (at(&mut dice, &text), at(&mut dice, &text));
        let range = one.min(other)..one.max(other).min(one.min(other) + 40);
        let range = range.start..text.floor_char_boundary(range.end);
        let pieces = [
            "",
            "\n---\n",
            "{",
            "\"",
            "é😀",
            "\t",
            "- ",
            ": ",
            "&a ",
            "*a",
            "|\n",
            "\r",
            "kind: RayCluster\n",
            "\u{feff}",
        ];
        text.replace_range(range, pieces[dice.below(pieces.len())]);
        let found = client.change("a.yaml", &text);
        if let Some(finding) = found.first() {
            client.hover("a.yaml", &finding["range"]["start"]);
            for action in client.actions("a.yaml", &finding["range"], None) {
                apply(&text, &client.request("codeAction/resolve", action));
            }
        }
    }
    client.end();
}

/// Prints the time from a change to its findings for a file of 1,000 lines. Only a release build is as fast as users see.
#[test]
fn latency_of_a_large_file() {
    let shell = Shell::new();
    let mut client = Client::start(&shell, &[]);
    let (head, group) = DENIED.split_at(DENIED.find("  - groupName: small").expect("it is there"));
    let groups = (0..).map(|number| group.replace("small", &format!("group-{number}")));
    let mut text = head.to_owned();
    for group in groups {
        if text.lines().count() >= 1000 {
            break;
        }
        text += &group;
    }
    let count = client.open("a.yaml", &text).len();
    let mut times: Vec<_> = (0..20)
        .map(|number| {
            let changed = text.replacen("\"900\"", &format!("\"9{number:02}\""), 1);
            let start = Instant::now();
            assert_eq!(client.change("a.yaml", &changed).len(), count);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!(
        "{} lines: median {:?}, longest {:?} from a change to its findings",
        text.lines().count(),
        times[10],
        times[19]
    );
    client.end();
}
