use rayguard_manifest::json::Json;
use rayguard_manifest::yaml;

use super::{duration, integer, schedule, time_zone};

/// Go's results: the library, the text, and `ok`, `error`, `panic` or the value.
static VERDICTS: &str = include_str!("verdicts.jsonl");

/// The YAML texts for which Go and granit-parser, which implements YAML 1.2, differ: tabs at the beginning of a line,
/// and two rare constructs.
const YAML_DIFFERENCES: [&str; 17] = [
    "\ta: 1",
    "a: !!timestamp x",
    "...",
    "\t\na: 1",
    "a: 1\n\t\nb: 2",
    "a: [\n\t1]",
    "a:\n \tb",
    "a:\n \tb: 1",
    "a: \"x\n\ty\"",
    "\t# c\na: 1",
    "a: 1\n\t# c\nb: 2",
    "  \ta: 1",
    "\t",
    "\t\n",
    "\t{a: 1}",
    "?\ta\n:\t1",
    "a: 1\n\t",
];

fn verdict(library: &str, text: &str) -> String {
    let of = |is_accepted| if is_accepted { "ok" } else { "error" }.to_owned();
    let number = |value: Option<i64>| value.map_or("error".to_owned(), |value| value.to_string());
    match library {
        "cron" => of(schedule::check(text).is_ok()),
        "duration" => number(duration::parse(text)),
        "atoi" => number(integer(text)),
        "zone" => of(time_zone::is_known(text)),
        "yaml" => of(yaml::unmarshal(text).is_ok_and(|json| matches!(json, Json::Null | Json::Object(_)))),
        _ => panic!("{library} is not a known library"),
    }
}

#[test]
fn every_text_has_the_result_of_go() {
    let mut differences = Vec::new();
    let mut count = 0;
    for line in VERDICTS.lines() {
        let [library, text, go]: [String; 3] = serde_json::from_str(line).expect("three strings");
        // Where robfig/cron panics, the operator does too.
        let go = if go == "panic" { "error" } else { &go };
        let ours = verdict(&library, &text);
        let differs = library == "yaml" && YAML_DIFFERENCES.contains(&text.as_str());
        if (ours != go) != differs {
            differences.push(format!("{library} {text:?}: {go} in Go, {ours} here; known to differ: {differs}"));
        }
        count += 1;
    }
    assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
    assert!(count > 600, "{count} verdicts");
}

#[test]
fn schedule_errors_name_the_cause() {
    for (text, why) in [
        ("", "it is empty"),
        ("daily", "it has 1 field, not 5"),
        ("* * * * * *", "it has 6 fields, not 5"),
        ("*/5 * * * 1,7", "7 cannot be in its day-of-week field"),
        ("* 24 * * *", "24 cannot be in its hour field"),
        ("* * L * *", "L cannot be in its day-of-month field"),
        ("@reboot", "there is no such descriptor"),
        ("@every 1d", "@every needs a duration such as 1h30m"),
        ("TZ=Mars/Base * * * * *", "the text after TZ= is not a time zone"),
    ] {
        assert_eq!(schedule::check(text).expect_err(text).to_string(), why);
    }
}

#[test]
fn long_texts_are_parsed_in_linear_time() {
    let long = "1,".repeat(500_000);
    assert_eq!(schedule::check(&format!("{long} * * * *")), Ok(()));
    assert_eq!(duration::parse(&"0h".repeat(500_000)), Some(0));
    assert_eq!(duration::parse(&format!("{}s", "9".repeat(1_000_000))), None);
}
