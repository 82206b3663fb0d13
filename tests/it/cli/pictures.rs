//! The pictures of README.md, which are made from real output.

mod flow;

use std::fmt::Write as _;

use anstyle_svg::Term;
use rayguard_manifest::yaml;
use rayguard_policy::policy::Policy;
use rayguard_test_support::generated::assert_current;
use rayguard_test_support::law::{Review, review};
use serde_json::Value;

use flow::{Flow, Mark};

const README: &str = include_str!("../../../README.md");
const MANIFEST: &str = include_str!("../../../docs/cannot-survive.yaml");

/// The width of the terminal in the picture, in columns.
const COLUMNS: usize = 100;

/// Returns a text in lines of at most this many columns, as a terminal shows it: it breaks a line anywhere.
fn wrapped(text: &str, columns: usize) -> String {
    let rows = text.lines().flat_map(|line| {
        let chars: Vec<_> = line.chars().collect();
        let rows: Vec<_> = chars.chunks(columns).map(|row| row.iter().collect::<String>()).collect();
        if rows.is_empty() { vec![String::new()] } else { rows }
    });
    rows.collect::<Vec<_>>().join("\n") + "\n"
}

/// The transcript in README.md is the output of kubectl: a test with a real API server compares it.
#[test]
fn generated_picture_of_a_refusal_is_current() {
    let (_, transcript) = README.split_once("$ kubectl apply").expect("a transcript");
    let (transcript, _) = transcript.split_once("```").expect("its end");
    let (command, output) = transcript.split_once('\n').expect("an output");
    let mut text = format!("\x1b[1;32m$\x1b[0m \x1b[1mkubectl apply{command}\x1b[0m\n");
    let _ = write!(text, "{}", wrapped(output, COLUMNS));
    let picture = Term::new().render_svg(&text);
    let title = "<title>kubectl apply prints three errors of a RayCluster that rayguard refuses</title>";
    let (start, rest) = picture.split_once('>').expect("an element");
    assert_current("docs/refusal.svg", &format!("{start} role=\"img\">\n  {title}{rest}"));
}

fn object(text: &str) -> Value {
    let document = yaml::documents(text).remove(0).expect("YAML");
    serde_json::to_value(&document.json).expect("JSON")
}

/// Returns the operations of a patch, a line each.
fn operations(review: &Review) -> Vec<String> {
    let text = |operation: &Value, field: &str| operation[field].as_str().unwrap_or_default().to_owned();
    let line = |it: &Value| format!("{} {} {}", text(it, "op"), text(it, "path"), it["value"]);
    review.patch.iter().map(line).collect()
}

/// The manifest of README.md without the workers' timeout, which rayguard then writes, and with its two other errors.
#[test]
fn generated_picture_of_the_life_of_an_object_is_current() {
    let timeout =
        "          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"120\"\n";
    let written = MANIFEST.replace(timeout, "");
    let cured = written
        .replace("redisAddress: redis\n", "redisAddress: redis:6379\n")
        .replace("redisPassword: {}", "redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}");
    let policy = Policy::default();
    let (first, second) = (review(&policy, &object(&written), None), review(&policy, &object(&cured), None));
    let findings: Vec<_> = first.findings.iter().map(ToString::to_string).collect();
    assert!(!first.patch.is_empty() && findings.len() == 2 && second.findings.is_empty(), "{findings:?}");
    let options = |text: &str| {
        let lines = text.lines().skip_while(|line| !line.starts_with("  gcsFaultToleranceOptions")).take(3);
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut flow = Flow::default();
    flow.step("you: kubectl apply", Mark::Plain, &options(&written));
    flow.step("rayguard: /mutate writes what is missing", Mark::Added, &operations(&first));
    flow.step("rayguard: /validate applies all rules, and the API server stores nothing", Mark::Refused, &findings);
    flow.step("you: kubectl apply, after the corrections", Mark::Plain, &options(&cured));
    flow.step("rayguard: /mutate writes the same again", Mark::Added, &operations(&second));
    flow.step("rayguard: /validate finds nothing, and the API server stores the object", Mark::Plain, &[]);
    flow.step("KubeRay: the operator creates a cluster that survives a failure of its head", Mark::Plain, &[]);
    assert_current("docs/life-of-an-object.svg", &flow.end("The life of an object through /mutate and /validate"));
}
