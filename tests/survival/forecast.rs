//! The forecast of `rayguard survival`, held against what really happened.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Events that the command does not forecast.
const WITHOUT_FORECAST: [&str; 2] = ["gcs-hang", "redis-hang"];

/// The outcomes that a forecast promises, which must then come true.
const GOOD: [&str; 4] = ["stays", "kept", "answered", "held"];

/// Compares what happened with the forecast for the object. Panics if something was lost that the forecast keeps. Returns the
/// forecast of each outcome, or nothing for an event that the command does not forecast.
#[track_caller]
pub(crate) fn compare(object: &Value, event: &str, options: &[&str], outcomes: &[(&str, &str)]) -> Value {
    if WITHOUT_FORECAST.contains(&event) {
        return json!({});
    }
    let forecast = of(object, event, options);
    let mut compared = serde_json::Map::new();
    for (what, happened) in outcomes {
        let expected = match *what {
            "workers" => worst_worker(&forecast),
            what => forecast[what].as_str().unwrap_or("unknown").to_owned(),
        };
        // A busy machine holds requests that another one answers at once. None of them fails.
        let is_worse = GOOD.contains(&&*expected) && !GOOD.contains(happened);
        assert!(!is_worse, "{event}: the forecast of {what} is {expected}, and it {happened}:\n{object}\n{forecast}");
        compared.insert((*what).to_owned(), json!({"expected": expected, "happened": happened}));
    }
    println!("forecast: {}", Value::Object(compared.clone()));
    Value::Object(compared)
}

/// Returns the outcome of the group of workers for which it is worst.
fn worst_worker(forecast: &Value) -> String {
    let groups = forecast["groups"].as_array().expect("groups");
    let outcomes: Vec<_> = groups.iter().filter_map(|group| group["outcome"].as_str()).collect();
    ["exits", "unknown", "stays"].into_iter().find(|it| outcomes.contains(it)).unwrap_or("unknown").to_owned()
}

/// Returns the forecast for the object and the event.
fn of(object: &Value, event: &str, options: &[&str]) -> Value {
    let mut rayguard = Command::new(env!("CARGO_BIN_EXE_rayguard"));
    rayguard.args(["survival", "--output", "json", "--event", event]).args(options).arg("-");
    let mut child = rayguard.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("rayguard runs");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    stdin.write_all(object.to_string().as_bytes()).expect("rayguard reads");
    drop(stdin);
    let output = child.wait_with_output().expect("rayguard ends");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    answer["clusters"][0]["events"][0].clone()
}
