//! The tables of docs/survival.md, which are generated from the model.

use std::fmt::Write as _;

use rayguard_policy::survival::measurement::{MEASUREMENTS, NEW_ADDRESS, RECONNECT};
use rayguard_policy::survival::{Event, Options};
use rayguard_test_support::generated::assert_part_current;

use super::forecast_of;
use super::measured::cluster;

const PAGE: &str = "docs/survival.md";

#[test]
fn tables_are_generated() {
    // One after the other, because each writes the file.
    assert_part_current(PAGE, "survival-events", &events());
    assert_part_current(PAGE, "survival-timeouts", &timeouts());
    assert_part_current(PAGE, "survival-durations", &durations());
}

fn events() -> String {
    let mut table = "| event | what happens |\n| --- | --- |\n".to_owned();
    for event in Event::ALL {
        writeln!(table, "| `{event}` | {} |", event.what()).expect("a text");
    }
    table
}

fn timeouts() -> String {
    let options = Options { redis_outage: 60, node_recovery: Some(120), image_pull: None };
    let forecast = forecast_of(&cluster(None, None), &options).expect("a cluster");
    let mut table = "| event | GCS away, s | shortest timeout of workers, s |\n| --- | --- | --- |\n".to_owned();
    for event in &forecast.events {
        // No timeout helps where the data is lost.
        if event.event == Event::RedisDataLoss {
            continue;
        }
        let away = event.gcs_away_seconds;
        // Workers notice a silent loss late, and their timeout does not start before.
        let found = away.max.map(|away| away + RECONNECT.max + NEW_ADDRESS.max);
        let connected = event.workers_connected_seconds.max.or(found);
        let Some((away_max, connected)) = away.max.zip(connected).filter(|(max, _)| *max > 0.0) else { continue };
        let with = match event.event {
            Event::RedisOutage => " with `--redis-outage 60`",
            Event::NodeLoss => " with `--node-recovery 120`",
            _ => "",
        };
        // `check` denies workers that do not wait longer than the head.
        let head = f64::from(forecast.head_reconnect_timeout_seconds.unwrap_or(0));
        let shortest = (connected.floor() + 1.0).max(head + 1.0);
        writeln!(table, "| `{}`{with} | {} to {away_max} | {shortest} |", event.event, away.min).expect("a text");
    }
    table
}

fn durations() -> String {
    let mut table = "| duration | what it is | seconds | source |\n| --- | --- | --- | --- |\n".to_owned();
    for it in MEASUREMENTS {
        let range = if it.min < it.max { format!("{} to {}", it.min, it.max) } else { it.min.to_string() };
        writeln!(table, "| `{}` | {} | {range} | {} |", it.name, it.what, it.source).expect("a text");
    }
    table
}
