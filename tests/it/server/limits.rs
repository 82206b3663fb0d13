//! Limits for clients: size, time and connections.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use rayguard_test_client::client::{Client, head, tcp};
use rayguard_webhook::server::{Lifecycle, Limits, Server, Timeouts};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::server::process::{Rayguard, eventually};
use crate::server::review::{self, bytes};

const MIB: usize = 1 << 20;

/// Returns a good review of this size.
fn review_of(size: usize) -> Vec<u8> {
    let mut review = review::service_create();
    review["request"]["object"]["metadata"]["annotations"] = json!({"filling": ""});
    let filling = "x".repeat(size - bytes(&review).len());
    review["request"]["object"]["metadata"]["annotations"]["filling"] = json!(filling);
    bytes(&review)
}

#[test]
fn a_body_larger_than_7_mib_is_refused() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    assert_eq!(client.post("/validate", &review_of(69 * MIB / 10)).review()["allowed"], true);
    assert_eq!(client.post("/mutate", &review_of(7 * MIB)).review()["allowed"], true);
    for size in [7 * MIB + 1, 71 * MIB / 10] {
        let response = rayguard.connect().post("/validate", &review_of(size));
        assert_eq!((response.status, response.body.as_str()), (413, "the body is larger than 7 MiB\n"));
    }
    assert_eq!(rayguard.metric(r#"rayguard_admission_errors_total{reason="body_size"}"#), 2);
}

#[test]
fn a_chunked_body_has_the_same_limit() {
    let rayguard = Rayguard::start(&[]);
    let chunked = |size: usize| {
        let mut client = rayguard.connect();
        let head = "POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        client.send(head.as_bytes()).expect("sent");
        for chunk in review_of(size).chunks(100_000) {
            let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
            client.send(&chunk).expect("sent");
        }
        client.send(b"0\r\n\r\n").expect("sent");
        client.receive().expect("an answer")
    };
    assert_eq!(chunked(20_000).review()["allowed"], true);
    assert_eq!(chunked(69 * MIB / 10).review()["allowed"], true);
    assert_eq!(chunked(71 * MIB / 10).status, 413);
}

#[test]
fn a_stalled_body_is_refused_within_the_timeout_of_the_api_server() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let body = bytes(&review::service_create());
    let start = Instant::now();
    client.send(&head("POST", "/validate?timeout=1s", "application/json", body.len())).expect("sent");
    client.send(&body[..100]).expect("sent");
    let response = client.receive().expect("an answer");
    assert_eq!((response.status, response.body.as_str()), (408, "the body was not received in time\n"));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn an_aborted_body_does_not_affect_other_requests() {
    let rayguard = Rayguard::start(&[]);
    for _ in 0..20 {
        let mut client = rayguard.connect();
        client.send(&head("POST", "/validate", "application/json", 5000)).expect("sent");
        client.send(b"{\"apiVersion\":").expect("sent");
    }
    eventually("the count", || {
        (rayguard.metric(r#"rayguard_admission_errors_total{reason="broken_body"}"#) == 20).then_some(())
    });
    assert_eq!(rayguard.metric("rayguard_admission_in_flight"), 0);
    assert_eq!(rayguard.connect().post("/validate", &bytes(&review::service_create())).status, 200);
}

#[test]
fn connections_without_tls_are_counted_and_closed() {
    let rayguard = Rayguard::start(&[]);
    for garbage in ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\u{0}", "SSH-2.0-x\r\n"] {
        let mut stream = tcp(rayguard.webhooks);
        stream.write_all(garbage.as_bytes()).expect("sent");
        drop(stream);
    }
    eventually("the count", || (rayguard.metric("rayguard_tls_handshake_errors_total") == 3).then_some(()));
    assert_eq!(rayguard.connect().post("/validate", &bytes(&review::service_create())).status, 200);
}

/// A server in this process, with limits that a test can wait for.
struct Small {
    address: SocketAddr,
    lifecycle: Lifecycle,
    runtime: Option<Runtime>,
}

impl Small {
    fn start(limits: Limits) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let listener =
            runtime.block_on(async { rayguard_webhook::server::listen(([127, 0, 0, 1], 0).into()) }).expect("bound");
        let address = listener.local_addr().expect("an address");
        let lifecycle = Lifecycle::default();
        let router = Router::new().route("/", get(|| async { "here\n" }).post(|body: String| async { body }));
        runtime.spawn(Server::plain(listener, router, limits).run(lifecycle.subscribe()));
        Self { address, lifecycle, runtime: Some(runtime) }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        self.lifecycle.close();
        self.runtime.take().expect("still there").shutdown_background();
    }
}

fn limits() -> Limits {
    let timeouts = Timeouts {
        head: Duration::from_millis(300),
        idle: Duration::from_millis(1500),
        write: Duration::from_millis(300),
    };
    Limits { timeouts, ..Limits::default() }
}

/// Returns how long the server keeps this connection open.
fn kept(client: &mut Client<std::net::TcpStream>) -> Duration {
    let start = Instant::now();
    assert!(client.is_closed());
    start.elapsed()
}

#[test]
fn the_head_timeout_is_short_and_the_idle_timeout_is_long() {
    let server = Small::start(limits());
    let (head, idle) = (Duration::from_millis(300), Duration::from_millis(1500));
    let soon = head + Duration::from_millis(700);

    let silent = kept(&mut Client::plain(server.address));
    assert!((head..soon).contains(&silent), "silent: {silent:?}");

    let mut slow = Client::plain(server.address);
    slow.send(b"GET / HTTP/1.1\r\nHos").expect("sent");
    let slow = kept(&mut slow);
    assert!((head / 2..soon).contains(&slow), "slow: {slow:?}");

    let mut dripping = Client::plain(server.address);
    let start = Instant::now();
    while dripping.send(b"G").is_ok() && start.elapsed() < soon {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!((head..soon).contains(&start.elapsed()), "dripping: {:?}", start.elapsed());

    let mut idling = Client::plain(server.address);
    assert_eq!(idling.get("/").body, "here\n");
    std::thread::sleep(2 * head);
    assert_eq!(idling.get("/").body, "here\n", "idle for less than its limit");
    let idling = kept(&mut idling);
    assert!((idle.saturating_sub(head)..idle + soon).contains(&idling), "idle: {idling:?}");

    let mut later = Client::plain(server.address);
    assert_eq!(later.get("/").body, "here\n");
    later.send(b"GET / HT").expect("sent");
    let later = kept(&mut later);
    assert!((head / 2..soon).contains(&later), "slow after a request: {later:?}");
}

#[test]
fn idle_connections_are_closed_if_there_are_too_many() {
    let server = Small::start(Limits { connections: 3, ..Limits::default() });
    let mut silent = Client::plain(server.address);
    let mut first = Client::plain(server.address);
    let mut second = Client::plain(server.address);
    assert_eq!(first.get("/").status, 200);
    assert_eq!(second.get("/").status, 200);
    assert_eq!(first.get("/").status, 200, "the second has been idle for longer now");

    let mut third = Client::plain(server.address);
    assert_eq!(third.get("/").status, 200);
    assert!(silent.is_closed(), "it has never sent a request");
    assert_eq!(Client::plain(server.address).get("/").status, 200);
    assert!(second.is_closed(), "it has been idle the longest");
    assert_eq!(first.get("/").status, 200);
}

#[test]
fn connections_beyond_the_limit_wait_while_all_others_are_busy() {
    let server = Small::start(Limits { connections: 2, ..limits() });
    let asked = |mut client: Client<std::net::TcpStream>| {
        client.send(&[&head("POST", "/", "text/plain", 5), &b"so"[..]].concat()).expect("sent");
        client
    };
    let mut busy = [(); 2].map(|()| asked(Client::plain(server.address)));
    std::thread::sleep(Duration::from_millis(100));
    let mut third = Client::plain(server.address);
    third.stream.set_read_timeout(Some(Duration::from_millis(400))).expect("a time limit");
    third.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    assert!(third.receive().is_err(), "there is no slot for it");
    for client in &mut busy {
        client.send(b"far").expect("sent");
        assert_eq!(client.receive().expect("an answer").body, "sofar");
    }
    third.stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a time limit");
    assert_eq!(third.receive().expect("an answer").status, 200);
}

#[test]
fn many_slow_clients_do_not_block_others_for_long() {
    let server = Small::start(Limits { connections: 50, ..limits() });
    let slow: Vec<_> = (0..200)
        .map(|_| {
            let mut client = Client::plain(server.address);
            client.send(b"GET / HTTP/1.1\r\n").expect("sent");
            client
        })
        .collect();
    let start = Instant::now();
    assert_eq!(Client::plain(server.address).get("/").status, 200);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop(slow);
}

#[test]
fn closed_connections_leave_no_tasks_behind() {
    let server = Small::start(limits());
    let runtime = server.runtime.as_ref().expect("running");
    let before = runtime.metrics().num_alive_tasks();
    for _ in 0..200 {
        assert_eq!(Client::plain(server.address).get("/").status, 200);
    }
    eventually("the last connection's end", || (runtime.metrics().num_alive_tasks() <= before).then_some(()));
}
