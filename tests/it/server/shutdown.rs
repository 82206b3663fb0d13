//! Tests of the shutdown.

use std::time::{Duration, Instant};

use rayguard_test_client::client::head;

use crate::server::process::{Rayguard, eventually};
use crate::server::review::{self, bytes};

#[test]
fn shutdown_serves_requests_until_the_drain_delay_is_over() {
    let rayguard = Rayguard::start(&["--drain-delay", "1500ms"]);
    let body = bytes(&review::service_create());
    let mut kept = rayguard.connect();
    assert!(!kept.post("/validate", &body).closes());
    let mut idle = rayguard.connect();
    assert_eq!(rayguard.ask_admin("/readyz").body, "ready\n");

    let start = Instant::now();
    rayguard.signal("TERM");
    let unready = eventually("readiness to end", || Some(rayguard.ask_admin("/readyz")).filter(|it| it.status == 503));
    assert_eq!(unready.body, "not ready: stopping\n");
    assert_eq!(rayguard.ask_admin("/livez").status, 200);

    let response = kept.post("/validate", &body);
    assert!(response.closes(), "{response:?}");
    assert_eq!(response.review()["allowed"], true);
    assert!(kept.is_closed());
    let late = rayguard.connect().post("/validate", &body);
    assert!(late.closes(), "{late:?}");
    assert_eq!(late.review()["allowed"], true, "endpoints lag: there are still new connections");

    assert!(idle.is_closed());
    assert_eq!(rayguard.wait().code(), Some(0));
    assert!(start.elapsed() >= Duration::from_millis(1500), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_request_in_flight_is_answered_on_shutdown() {
    let rayguard = Rayguard::start(&["--drain-delay", "0s"]);
    let body = bytes(&review::service_create());
    let (first, rest) = body.split_at(1000);
    let mut client = rayguard.connect();
    client.send(&head("POST", "/validate", "application/json", body.len())).expect("sent");
    client.send(first).expect("sent");
    eventually("the call", || (rayguard.metric("rayguard_admission_in_flight") == 1).then_some(()));
    rayguard.signal("INT");
    rayguard.logged("stopping; a second signal stops immediately");
    eventually("the port to close", || std::net::TcpStream::connect(rayguard.webhooks).is_err().then_some(()));
    client.send(rest).expect("sent");
    let response = client.receive().expect("an answer");
    assert!(response.closes(), "{response:?}");
    assert_eq!(response.review()["allowed"], true);
    assert_eq!(rayguard.wait().code(), Some(0));
}

#[test]
fn a_request_that_never_ends_is_closed_after_the_drain_timeout() {
    let rayguard = Rayguard::start(&["--drain-delay", "0s", "--drain-timeout", "300ms"]);
    let mut client = rayguard.connect();
    client.send(&head("POST", "/validate", "application/json", 100)).expect("sent");
    eventually("the call", || (rayguard.metric("rayguard_admission_in_flight") == 1).then_some(()));
    let start = Instant::now();
    rayguard.signal("TERM");
    assert_eq!(rayguard.wait().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    rayguard.logged("drain timeout: closing the remaining connections");
}

#[test]
fn a_second_signal_ends_the_process_immediately() {
    let rayguard = Rayguard::start(&["--drain-delay", "10m"]);
    rayguard.signal("TERM");
    rayguard.logged("stopping; a second signal stops immediately");
    assert!(!rayguard.has_ended());
    let start = Instant::now();
    rayguard.signal("TERM");
    assert_eq!(rayguard.wait().code(), Some(2));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
