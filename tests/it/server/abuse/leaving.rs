//! Clients that disconnect before they have a response leave no resources behind.

use std::io::Write;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rayguard_test_client::client::{Client, head, tcp, trusting};
use rustls::ClientConfig;

use super::{ask, connect_and_ask, figure, open_files, status};
use crate::server::process::{Rayguard, eventually};
use crate::server::review::{self, bytes};

/// Connects, does one of the things that clients do, and disconnects.
fn connect_and_leave(turn: usize, rayguard: &Rayguard, config: &Arc<ClientConfig>, body: &[u8]) {
    let connect = || Client::connect(rayguard.webhooks, config).expect("a handshake");
    let send = |mut client: Client, bytes: &[u8]| client.send(bytes).expect("sent");
    let head = head("POST", "/validate", "application/json", body.len());
    match turn % 100 {
        0 => assert_eq!(connect().post("/validate", body).status, 200),
        1 => drop(connect()),
        2 => send(connect(), &head[..40]),
        3 => send(connect(), &[&head, &body[..1000]].concat()),
        // Disconnects before it reads the response.
        4 => send(connect(), &[&head, body].concat()),
        5..=20 => tcp(rayguard.webhooks).write_all(b"GET / HTTP/1.1\r\n\r\n").expect("sent"),
        21..=40 => tcp(rayguard.webhooks).write_all(&[22, 3, 1, 2, 0, 1, 0, 1]).expect("sent"),
        _ => drop(tcp(rayguard.webhooks)),
    }
}

#[test]
fn ten_thousand_connections_leave_no_resources_behind() {
    let rayguard = Rayguard::start(&[]);
    let (config, body) = (trusting(&rayguard.ca), bytes(&review::service_create()));
    // Resources that are created once and kept, such as a thread for a slow read, exist after this.
    (0..100).for_each(|turn| connect_and_leave(turn, &rayguard, &config, &body));
    let id = rayguard.id();
    let measure = || (open_files(id), status(id, "Threads"), status(id, "VmRSS"));
    // The kernel may still hold connections in its accept queue, so the counts must be stable for a while. The request
    // for the metrics has a connection too.
    let settled = || {
        let counts: Vec<_> = (0..20)
            .map(|_| {
                thread::sleep(Duration::from_millis(10));
                (open_files(id), rayguard.metric("rayguard_admission_in_flight"))
            })
            .collect();
        let files = counts.iter().map(|(files, _)| *files);
        let (least, most) = (files.clone().min()?, files.max()?);
        (most - least <= 1 && counts.iter().all(|(_, calls)| *calls == 0)).then_some(most)
    };
    let (files, before) = (eventually("the end of the first connections", settled), measure());

    let (threads, each) = (4, 2500);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..each).for_each(|turn| connect_and_leave(turn, &rayguard, &config, &body)));
        }
    });
    eventually("the end of all connections", || settled().filter(|now| *now <= files));
    let after = measure();
    assert!(after.1 <= before.1, "{before:?} {after:?}");
    assert!(after.2 < before.2 + 16 * 1024, "{before:?} {after:?}");
    assert_eq!(rayguard.metric(r#"rayguard_admission_errors_total{reason="panic"}"#), 0);
    connect_and_ask(&rayguard);
    ask(&mut rayguard.connect());
    figure!(
        "{} connections: descriptors {} before and {} after, threads {} and {}, resident kB {} and {}",
        threads * each,
        before.0,
        after.0,
        before.1,
        after.1,
        before.2,
        after.2
    );
}
