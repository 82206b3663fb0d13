//! Connections to the webhook port without TLS, or with an unsupported TLS version.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use rayguard_test_client::client::tcp;

use super::{connect_and_ask, figure};
use crate::server::process::{Rayguard, eventually};

/// The alerts for an unsupported client: `handshake_failure` and `protocol_version`, of RFC 8446, B.2.
const UNSUPPORTED: [u8; 2] = [40, 70];

/// Returns a `ClientHello` whose highest version is this one.
fn hello(version: [u8; 2]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([7; 32]); // random
    body.push(0); // no session
    body.extend([0, 4, 0x00, 0x2f, 0xc0, 0x13]); // two ciphers of that time
    body.extend([1, 0]); // no compression
    let length = u8::try_from(body.len()).expect("short");
    let handshake = [&[1, 0, 0, length][..], &body].concat();
    [&[22, version[0], version[1], 0, length + 4][..], &handshake].concat()
}

/// Returns pseudorandom bytes, which are the same in each run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn unsupported_tls_and_other_protocols_are_closed_quickly() {
    let rayguard = Rayguard::start(&[]);
    let versions = [("SSL 3.0", [3, 0]), ("TLS 1.0", [3, 1]), ("TLS 1.1", [3, 2])];
    let mut shapes: Vec<_> = versions.map(|(name, version)| (name, hello(version), true)).into();
    let record = |head: &[u8], length: usize| [head, &noise(length)].concat();
    shapes.extend([
        ("SSL 2.0", [&[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10][..], &noise(37)].concat(), false),
        ("plain HTTP", b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".to_vec(), false),
        ("noise", noise(100_000), false),
        ("a record longer than any may be", record(&[22, 3, 3, 0xff, 0xff], 0xffff), false),
        ("a record of nothing", record(&[22, 3, 3, 0, 0], 0), false),
        ("10,000 records of nothing", [22, 3, 3, 0, 0].repeat(10_000), false),
        ("data before a handshake", record(&[23, 3, 3, 0, 50], 50), false),
        ("a handshake of 16 MiB", record(&[22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff], 1 << 15), false),
        ("an alert", vec![21, 3, 3, 0, 2, 2, 40], false),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), false),
        ("the PROXY protocol", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n".to_vec(), false),
        ("nothing", Vec::new(), false),
    ]);
    let mut slowest = Duration::ZERO;
    for (name, bytes, needs_alert) in &shapes {
        let start = Instant::now();
        let mut stream = tcp(rayguard.webhooks);
        // The server may close the connection before it has read everything.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        slowest = slowest.max(start.elapsed());
        assert!(answer.is_empty() || answer[0] == 21, "{name}: {answer:?}");
        let has_alert = answer.last().is_some_and(|alert| UNSUPPORTED.contains(alert));
        assert!(has_alert || !needs_alert, "{name}: {answer:?}");
    }
    let failed = shapes.len() as u64;
    eventually("the count", || (rayguard.metric("rayguard_tls_handshake_errors_total") == failed).then_some(()));
    connect_and_ask(&rayguard);
    figure!("{failed} kinds of connections without supported TLS: each closed, the slowest after {slowest:?}");
}
