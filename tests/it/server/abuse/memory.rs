//! The memory that reviews need in the worst case.

use std::thread;

use rayguard_test_client::client::{Client, head};
use serde_json::{Value, json};

use super::{ask, connect_and_ask, figure, status};
use crate::server::process::Rayguard;
use crate::server::review::{self, bytes};

const MIB: usize = 1 << 20;

/// The memory limit that the chart sets, in kB.
const LIMIT: u64 = 256 << 10;

/// Returns a review of a cluster with a list of this unit in some field, filled up to this size.
fn full_of(unit: &str, size: usize, list: impl Fn(&mut Value) -> &mut Value) -> Vec<u8> {
    let mut review = review::cluster_create();
    *list(&mut review["request"]["object"]) = json!("@");
    let rest = String::from_utf8(bytes(&review)).expect("text");
    let count = (size - rest.len()) / (unit.len() + 1);
    rest.replace("\"@\"", &format!("[{}]", vec![unit; count].join(","))).into_bytes()
}

fn groups(object: &mut Value) -> &mut Value {
    &mut object["spec"]["workerGroupSpecs"]
}

fn env(object: &mut Value) -> &mut Value {
    &mut object["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["env"]
}

fn finalizers(object: &mut Value) -> &mut Value {
    &mut object["metadata"]["finalizers"]
}

#[test]
fn reviews_with_many_small_values_stay_within_the_memory_limit() {
    let rayguard = Rayguard::start(&[]);
    let too_many = "the review has too many lists, maps and values\n";
    let shapes: [(&str, Vec<u8>, &[u16]); 7] = [
        ("7 MiB of worker groups", full_of("{}", 7 * MIB, groups), &[413]),
        ("300 kB of worker groups", full_of("{}", 300_000, groups), &[200]),
        ("3 MiB of variables", full_of(r#"{"name":"a","value":"b"}"#, 3 * MIB, env), &[200]),
        ("7 MiB of variables", full_of(r#"{"":0}"#, 7 * MIB, env), &[413]),
        ("3 MiB of lists", full_of("[]", 3 * MIB, env), &[413]),
        ("3 MiB of numbers", full_of("0", 3 * MIB, finalizers), &[413]),
        ("2 MiB of strings", full_of("\"\"", 2 * MIB, finalizers), &[200]),
    ];
    let mut client = rayguard.connect();
    for (name, body, statuses) in &shapes {
        for path in ["/validate", "/mutate"] {
            let answer = client.post(path, body);
            assert!(statuses.contains(&answer.status), "{name} {path}: {} {}", answer.status, answer.body.len());
            assert!(answer.status != 413 || answer.body == too_many, "{name}: {}", answer.body);
        }
        let peak = status(rayguard.id(), "VmHWM");
        figure!("{name}: {statuses:?}, and the most memory so far is {peak} kB");
    }
    ask(&mut client);
    let peak = status(rayguard.id(), "VmHWM");
    assert!(peak < LIMIT, "{peak} kB");
}

/// Returns a good review of 7 MiB, most of it one string.
fn large() -> Vec<u8> {
    let mut review = review::service_create();
    let length = 7 * MIB - bytes(&review).len() - 100;
    review["request"]["object"]["metadata"]["annotations"] = json!({"filling": "x".repeat(length)});
    bytes(&review)
}

#[test]
fn many_concurrent_large_bodies_stay_within_the_memory_limit_and_block_no_small_request() {
    let rayguard = Rayguard::start(&[]);
    let body = large();
    let (clients, whole) = (32, [&head("POST", "/validate", "application/json", body.len())[..], &body].concat());
    let statuses: Vec<u16> = thread::scope(|scope| {
        let send = || {
            let mut client = rayguard.connect();
            // The server may refuse a client before it has sent everything.
            let _ = client.send(&whole);
            client.receive().map_or(0, |answer| answer.status)
        };
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(send)).collect();
        let slowest = (0..10).map(|_| connect_and_ask(&rayguard)).max().expect("ten");
        figure!("slowest ordinary request during {clients} of 7 MiB: {slowest:?}");
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let count = |status: u16| statuses.iter().filter(|it| **it == status).count();
    let (answered, busy) = (count(200), count(503));
    // A client that is refused while it sends may see its connection end without a response. On a busy machine a body
    // may take longer than its five seconds.
    assert_eq!(answered + busy + count(0) + count(408), clients, "{statuses:?}");
    assert!(answered >= 1, "{statuses:?}");
    let peak = status(rayguard.id(), "VmHWM");
    assert!(peak < LIMIT, "{peak} kB");
    figure!("{clients} bodies of 7 MiB at a time: {answered} answered, {busy} refused as busy, at most {peak} kB");
}

#[test]
fn stalled_large_bodies_block_no_small_request() {
    let rayguard = Rayguard::start(&[]);
    let (head, part) = (head("POST", "/validate", "application/json", 7 * MIB), vec![b' '; 69 * MIB / 10]);
    // Each client holds memory for what it has sent, until there is no room.
    let stalled: Vec<Client> = (0..20)
        .map(|_| {
            let mut client = rayguard.connect();
            let _ = client.send(&head).and_then(|()| client.send(&part));
            client
        })
        .collect();
    let slowest = (0..10).map(|_| connect_and_ask(&rayguard)).max().expect("ten");
    let busy = rayguard.metric(r#"rayguard_admission_errors_total{reason="busy"}"#);
    let peak = status(rayguard.id(), "VmHWM");
    assert!(peak < LIMIT, "{peak} kB");
    figure!(
        "{} stalled bodies of 6.9 of 7 MiB: {busy} refused as busy, slowest ordinary request {slowest:?}, at most {peak} kB",
        stalled.len()
    );
}
