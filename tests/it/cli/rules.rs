//! Tests of the output of `rules` and `explain`.

use rayguard_policy::rules::RULES;
use serde_json::Value;

use super::Shell;

#[test]
fn every_rule_is_listed_in_every_format() {
    let shell = Shell::new();
    let text = shell.run(&["rules"]);
    assert_eq!((text.status, &*text.err), (Some(0), ""));
    let json: Vec<Value> = serde_json::from_str(&shell.run(&["rules", "--output", "json"]).out).expect("JSON");
    let markdown = shell.run(&["rules", "-o", "markdown"]).out;
    assert_eq!(text.out.lines().count(), RULES.len());
    assert_eq!(markdown, rayguard_policy::rules::markdown_table());
    assert_eq!(json.len(), RULES.len());
    for ((rule, json), line) in RULES.iter().zip(json).zip(text.out.lines()) {
        let words = [rule.name.to_owned(), rule.category.to_string(), rule.level.to_string(), rule.summary.to_owned()];
        for (word, field) in words.iter().zip(["name", "category", "level", "summary"]) {
            assert_eq!(json[field].as_str(), Some(&**word));
            assert!(line.contains(word), "{line}");
        }
        let is_fixable = rule.fix_note().is_some();
        assert_eq!((json["fixable"].as_bool(), line.contains(" fix ")), (Some(is_fixable), is_fixable), "{line}");
        let fix = if is_fixable { "yes" } else { "" };
        let row = format!(" | {} | {} | {fix} | {} |\n", words[1], words[2], words[3]);
        assert!(markdown.contains(&row), "{markdown}");
    }
}

#[test]
fn explain_prints_the_page_of_each_rule() {
    let shell = Shell::new();
    let [first, second] = [RULES[0], RULES[1]];
    let ended = shell.run(&["explain", first.name, second.name]);
    assert_eq!((ended.status, &*ended.err), (Some(0), ""));
    assert_eq!(ended.out, format!("{}\n\n{}\n", first.docs.trim_end(), second.docs.trim_end()));
}

#[test]
fn explain_suggests_a_similar_name_for_an_unknown_rule() {
    let shell = Shell::new();
    let ended = shell.run(&["explain", "Worker-Reconect-Timeout", "xyzzy", RULES[0].name]);
    assert_eq!(ended.status, Some(2));
    assert_eq!(ended.out, format!("{}\n", RULES[0].docs.trim_end()), "existing rules are explained");
    assert!(
        ended.err.contains("there is no rule \"Worker-Reconect-Timeout\"; did you mean \"worker-reconnect-timeout\"?")
    );
    assert!(ended.err.contains("there is no rule \"xyzzy\"; `rayguard rules` lists them"), "{}", ended.err);
    assert_eq!(shell.run(&["explain"]).status, Some(2));
}

#[test]
fn explain_finds_the_rule_for_an_operator_error() {
    let shell = Shell::new();
    let error = "worker group names must be unique";
    let logged = format!("spec.workerGroupSpecs[1]: Invalid value: {{...}}: {error}");
    let json = format!(r#"{{"level":"error","msg":"The RayCluster spec is invalid","error":"{logged}"}}"#);
    for given in [&logged, &json, &format!("\u{1b}[31m{}\u{1b}[0m", logged.to_uppercase())] {
        let ended = shell.run(&["explain", given]);
        assert_eq!((ended.status, ended.err.as_str()), (Some(0), ""));
        assert!(ended.out.starts_with("# duplicate-worker-group\n"), "{}", ended.out);
        assert!(ended.out.contains(&format!("\n- KubeRay's validators: `{error}`\n")), "{}", ended.out);
    }
}

#[test]
fn explain_names_the_other_rules_that_an_error_can_mean() {
    let ended = Shell::new().run(&["explain", "Failed to connect to GCS within 60 seconds. GCS may have been killed."]);
    assert_eq!((ended.status, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.starts_with("# worker-reconnect-timeout\n"), "{}", ended.out);
    assert!(ended.out.ends_with("\n\nalso possible: short-reconnect-timeout\n"), "{}", ended.out);
}

#[test]
fn explain_joins_words_whose_quotes_were_forgotten() {
    let shell = Shell::new();
    let ended = shell.run(&["explain", "worker", "group", "names", "must", "be", "unique"]);
    assert_eq!((ended.status, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.starts_with("# duplicate-worker-group\n"), "{}", ended.out);
}

#[test]
fn explain_says_that_no_rule_stands_for_an_error() {
    let shell = Shell::new();
    let json = r#"{"level":"error","msg":"Reconciler error","error":"no such host"}"#;
    let ended = shell.run(&["explain", json]);
    assert_eq!((ended.status, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains(&format!("no rule stands for this error: \"{json}\"\n")), "{}", ended.err);
    assert!(ended.err.contains("`rayguard check FILE`"), "{}", ended.err);
    assert!(!ended.err.contains("there is no rule"), "{}", ended.err);
    let long = json.replace("Reconciler", &"Reconciler ".repeat(100));
    assert!(shell.run(&["explain", &long]).err.contains("for this error: \"no such host\"\n"));
    let ended = shell.run(&["explain", &"a long line ".repeat(10_000)]);
    assert!(ended.status == Some(2) && ended.err.chars().count() < 500, "{}", ended.err);
}

#[test]
fn explain_reads_lines_from_the_standard_input() {
    let shell = Shell::new();
    let lines = "starting\n\nworker group names must be unique\r\nWorker group names must be unique\n\
                 \u{1b}[31mKeyError: 'workerGroupSpecs'\u{1b}[0m\nstopped";
    let ended = shell.pipe(&["explain", "-"], lines.as_bytes());
    assert_eq!(ended.status, Some(0), "{}", ended.err);
    assert!(
        ended.out.starts_with("> worker group names must be unique\n\n# duplicate-worker-group\n"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("\n\n> KeyError: 'workerGroupSpecs'\n\n# autoscaler-without-workers\n"),
        "{}",
        ended.out
    );
    assert_eq!(ended.out.lines().filter(|line| line.starts_with("# ")).count(), 2, "{}", ended.out);
    assert_eq!(ended.err, "note: no rule stands for 2 lines\n");

    let ended = shell.pipe(&["explain", "-"], b"\xff\nstopped\n");
    assert_eq!((ended.status, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.starts_with("error: no rule stands for 2 lines of the standard input\nnote: "), "{}", ended.err);
    let ended = shell.pipe(&["explain", "-"], b"");
    assert_eq!((ended.status, ended.err.as_str()), (Some(2), "error: the standard input has no lines\n"));
}
