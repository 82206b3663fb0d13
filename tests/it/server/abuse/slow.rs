//! Clients that open connections and are slow, while other clients must be answered.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rayguard_test_client::client::{Client, head, tcp, trusting};
use rustls::ClientConfig;

use super::{ask, connect_and_ask, figure, open_files};
use crate::server::process::{Rayguard, eventually};

/// The number of clients of each kind: about as many as there are connection slots.
const MANY: usize = 1000;

/// How long the API server waits for `/validate` with the chart's values.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs a function this many times, on a few threads.
fn repeat<T: Send>(times: usize, what: impl Fn() -> T + Sync) -> Vec<T> {
    let threads = 4;
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| (0..times / threads).map(|_| what()).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    })
}

fn silent(rayguard: &Rayguard) -> TcpStream {
    tcp(rayguard.webhooks)
}

/// Sends the first part of a `ClientHello`, and nothing after it.
fn in_handshake(rayguard: &Rayguard) -> TcpStream {
    let mut stream = tcp(rayguard.webhooks);
    stream.write_all(&[22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]).expect("sent");
    stream
}

fn sending(rayguard: &Rayguard, config: &Arc<ClientConfig>, bytes: &[u8]) -> Client {
    let mut client = Client::connect(rayguard.webhooks, config).expect("a handshake");
    client.send(bytes).expect("sent");
    client
}

/// Returns the slowest of some good requests, over an existing connection and over new ones.
fn slowest(rayguard: &Rayguard, kept: &mut Client) -> [Duration; 2] {
    let start = Instant::now();
    let (mut old, mut new) = (Duration::ZERO, Duration::ZERO);
    while start.elapsed() < Duration::from_millis(500) {
        old = old.max(ask(kept));
        new = new.max(connect_and_ask(rayguard));
    }
    [old, new]
}

#[test]
fn a_thousand_slow_clients_do_not_delay_others() {
    let rayguard = Rayguard::start(&[]);
    let mut kept = rayguard.connect();
    ask(&mut kept);
    let config = trusting(&rayguard.ca);
    let body = [&head("POST", "/validate", "application/json", 7 << 20)[..], b"{"].concat();
    let report = |name: &str, [old, new]: [Duration; 2], left: String| {
        assert!(old < Duration::from_secs(2) && new < Duration::from_secs(3), "{name}: {old:?} and {new:?}");
        figure!(
            "{MANY} clients {name}: slowest good request {old:?} on a kept connection, {new:?} on a new one; {left}"
        );
    };

    let clients = repeat(MANY, || silent(&rayguard));
    report("that send nothing", slowest(&rayguard, &mut kept), String::new());
    drop(clients);
    let clients = repeat(MANY, || in_handshake(&rayguard));
    report("in the middle of a handshake", slowest(&rayguard, &mut kept), String::new());
    drop(clients);
    let clients = repeat(MANY, || sending(&rayguard, &config, b"POST /validate HTTP/1.1\r\nHost: "));
    report("in the middle of a head", slowest(&rayguard, &mut kept), String::new());
    drop(clients);
    // Each announces 7 MiB, for which no memory is reserved.
    let clients = repeat(MANY, || sending(&rayguard, &config, &body));
    let in_flight = rayguard.metric("rayguard_admission_in_flight");
    report("in the middle of a body", slowest(&rayguard, &mut kept), format!("{in_flight} calls in flight"));
    drop(clients);
    eventually("the end of all calls", || (rayguard.metric("rayguard_admission_in_flight") == 0).then_some(()));
    assert_eq!(rayguard.metric(r#"rayguard_admission_errors_total{reason="busy"}"#), 0);
}

#[test]
fn more_connections_than_slots_do_not_lock_out_new_clients() {
    let rayguard = Rayguard::start(&[]);
    let mut kept = rayguard.connect();
    ask(&mut kept);
    // Three connections for each slot, and none sends a request.
    let clients = repeat(3072, || silent(&rayguard));
    let [old, new] = slowest(&rayguard, &mut kept);
    assert!(old < Duration::from_secs(2) && new < Duration::from_secs(3), "{old:?} and {new:?}");
    rayguard.logged("too many connections: closing idle connections for new ones");
    drop(clients);
    figure!(
        "3,072 connections for 1,024 slots: slowest good request {old:?} on a kept connection, {new:?} on a new one"
    );
}

#[test]
fn a_burst_of_connections_is_queued_and_not_refused() {
    let rayguard = Rayguard::start(&[]);
    // A stopped process accepts no connections, so the kernel must queue all of them.
    rayguard.signal("STOP");
    let clients = repeat(MANY, || TcpStream::connect_timeout(&rayguard.webhooks, WEBHOOK_TIMEOUT).expect("room"));
    rayguard.signal("CONT");
    let mut late = rayguard.connect();
    ask(&mut late);
    drop(clients);
}

#[test]
fn idle_connections_are_closed_if_file_descriptors_run_out() {
    let rayguard = Rayguard::by_shell("ulimit -n 128; exec \"$@\"", &[]);
    let mut kept = rayguard.connect();
    ask(&mut kept);
    let clients = repeat(400, || silent(&rayguard));
    let [old, new] = slowest(&rayguard, &mut kept);
    assert!(old < Duration::from_secs(2) && new < Duration::from_secs(3), "{old:?} and {new:?}");
    drop(clients);
    figure!(
        "400 connections with 128 file descriptors: slowest good request {old:?} on a kept connection, {new:?} on a new one"
    );
}

#[test]
fn the_file_descriptor_limit_is_raised_to_the_connection_limit() {
    let rayguard = Rayguard::by_shell("ulimit -S -n 256; exec \"$@\"", &[]);
    let clients = repeat(600, || silent(&rayguard));
    eventually("all connections", || (open_files(rayguard.id()) > 600).then_some(()));
    drop(clients);
}
