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
    let shell = Shell::with(&[]);
    let error = "worker group names must be unique";
    let logged = format!("spec.workerGroupSpecs[1]: Invalid value: {{...}}: {error}");
    let ended = shell.run(&["explain", &logged]);
    assert_eq!((ended.status, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.starts_with("# duplicate-worker-group\n"), "{}", ended.out);
    assert!(ended.out.ends_with(&format!("## In the operator's log\n\n- … {error} …\n")), "{}", ended.out);
}
