//! Clients that open connections and then take their time, while others are to be answered.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use super::{ask, connect_and_ask, figure, open_files};
use crate::server::process::{Rayguard, eventually};
use rayguard_test_client::client::{Client, head, tcp, trusting};

/// How many there are of each kind: about as many as there are places.
const MANY: usize = 1000;

/// How long the API server waits for `/validate`, as the chart installs it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does something so often, on a few threads.
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

/// The first part of a `ClientHello`, of which no more comes.
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

/// The slowest of some good requests, over a connection that was there before, and over new ones.
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
fn a_thousand_slow_clients_of_any_kind_hold_up_nobody() {
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
    report("that say nothing", slowest(&rayguard, &mut kept), String::new());
    drop(clients);
    let clients = repeat(MANY, || in_handshake(&rayguard));
    report("in the midst of a handshake", slowest(&rayguard, &mut kept), String::new());
    drop(clients);
    let clients = repeat(MANY, || sending(&rayguard, &config, b"POST /validate HTTP/1.1\r\nHost: "));
    report("in the midst of a head", slowest(&rayguard, &mut kept), String::new());
    drop(clients);
    // Each announces 7 MiB, and takes no room for it.
    let clients = repeat(MANY, || sending(&rayguard, &config, &body));
    let under_way = rayguard.metric("rayguard_admission_in_flight");
    report("in the midst of a body", slowest(&rayguard, &mut kept), format!("{under_way} calls under way"));
    drop(clients);
    eventually("the end of all calls", || (rayguard.metric("rayguard_admission_in_flight") == 0).then_some(()));
    assert_eq!(rayguard.metric(r#"rayguard_admission_errors_total{reason="busy"}"#), 0);
}

#[test]
fn a_flood_of_connections_beyond_all_places_keeps_out_nobody() {
    let rayguard = Rayguard::start(&[]);
    let mut kept = rayguard.connect();
    ask(&mut kept);
    // Three for each place, and none ever asks anything.
    let clients = repeat(3072, || silent(&rayguard));
    let [old, new] = slowest(&rayguard, &mut kept);
    assert!(old < Duration::from_secs(2) && new < Duration::from_secs(3), "{old:?} and {new:?}");
    rayguard.logged("too many connections: those that ask nothing give way to new ones");
    drop(clients);
    figure!(
        "3,072 connections for 1,024 places: slowest good request {old:?} on a kept connection, {new:?} on a new one"
    );
}

#[test]
fn a_burst_of_connections_waits_for_its_turn_and_is_not_sent_away() {
    let rayguard = Rayguard::start(&[]);
    // As if its turn never came: nobody is accepted, so there is room for as many as the kernel holds.
    rayguard.signal("STOP");
    let clients = repeat(MANY, || TcpStream::connect_timeout(&rayguard.webhooks, PATIENCE).expect("room"));
    rayguard.signal("CONT");
    let mut late = rayguard.connect();
    ask(&mut late);
    drop(clients);
}

#[test]
fn where_files_run_out_before_places_those_that_ask_nothing_give_way_too() {
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
fn it_allows_itself_as_many_files_as_it_has_places() {
    let rayguard = Rayguard::by_shell("ulimit -S -n 256; exec \"$@\"", &[]);
    let clients = repeat(600, || silent(&rayguard));
    eventually("all of them", || (open_files(rayguard.id()) > 600).then_some(()));
    drop(clients);
}
