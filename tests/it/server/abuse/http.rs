//! Malformed HTTP.

use rayguard_test_client::client::{Client, Response, head};

use super::{ask, connect_and_ask, figure};
use crate::server::process::Rayguard;
use crate::server::review::{self, bytes};

/// Returns all responses until the server closes the connection or sends nothing more.
fn answers(client: &mut Client) -> Vec<Response> {
    std::iter::from_fn(|| client.receive().ok()).collect()
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!("POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n{body}").into_bytes()
}

/// Returns malformed requests, each with the only statuses that are allowed. A connection that is closed without a
/// response is allowed too.
fn shapes() -> Vec<(&'static str, Vec<u8>, &'static [u16])> {
    let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    let body = String::from_utf8(bytes(&review::service_create())).expect("text");
    let length = body.len();
    let old = format!("POST /validate HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n");
    vec![
        ("two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", hidden), &[400]),
        ("a list of lengths", post("Content-Length: 5, 6\r\n", hidden), &[400]),
        ("a length with a plus", post("Content-Length: +5\r\n", hidden), &[400]),
        ("a negative length", post("Content-Length: -5\r\n", hidden), &[400]),
        ("a hexadecimal length", post("Content-Length: 0x5\r\n", hidden), &[400]),
        ("a length of 30 digits", post(&format!("Content-Length: {}\r\n", "9".repeat(30)), hidden), &[400]),
        ("the largest length", post("Content-Length: 18446744073709551613\r\n", hidden), &[400, 413]),
        ("an encoding that is not known", post("Transfer-Encoding: xchunked\r\n", hidden), &[400]),
        ("chunked, and not last", post("Transfer-Encoding: chunked, identity\r\n", hidden), &[400]),
        ("a chunk without a size", post("Transfer-Encoding: chunked\r\n", "x\r\n"), &[400]),
        ("a chunk with a negative size", post("Transfer-Encoding: chunked\r\n", "-1\r\n"), &[400]),
        ("a chunk larger than a number", post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"), &[400]),
        (
            "an endless chunk extension",
            post("Transfer-Encoding: chunked\r\n", &format!("1;{}", "x".repeat(100_000))),
            &[400],
        ),
        (
            "endless trailers",
            post("Transfer-Encoding: chunked\r\n", &format!("0\r\n{}", "X: y\r\n".repeat(50_000))),
            &[400],
        ),
        ("a blank before a colon", post("Content-Length : 5\r\n", hidden), &[400]),
        ("a folded header", post("X: y\r\n z\r\n", ""), &[400]),
        ("a NUL in a header", post("X: \0\r\n", ""), &[400]),
        ("a header without a colon", post("X\r\n", ""), &[400]),
        ("1,000 headers", post(&"X: y\r\n".repeat(1000), ""), &[431]),
        ("a header of a megabyte", post(&format!("X: {}\r\n", "y".repeat(1 << 20)), ""), &[431]),
        ("a path of a megabyte", format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20)).into_bytes(), &[414, 431]),
        ("HTTP 0.9", b"GET /\r\n\r\n".to_vec(), &[400]),
        ("HTTP 3.0", b"GET / HTTP/3.0\r\n\r\n".to_vec(), &[400]),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[400]),
        ("a method of blanks", b"   / HTTP/1.1\r\n\r\n".to_vec(), &[400]),
        ("CONNECT", b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &[404, 405]),
        ("TRACE", b"TRACE /validate HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), &[405]),
        ("no length at all", post("", ""), &[400]),
        ("chunked in HTTP 1.0", old.into_bytes(), &[400]),
    ]
}

#[test]
fn malformed_http_gets_at_most_one_response_and_hides_no_second_request() {
    let rayguard = Rayguard::start(&[]);
    let shapes = shapes();
    for (name, bytes, statuses) in &shapes {
        let mut client = rayguard.connect();
        // The server does not read a request that it refuses early to its end.
        let _ = client.send(bytes);
        let _ = client.stream.sock.shutdown(std::net::Shutdown::Write);
        let answers: Vec<_> = answers(&mut client).iter().map(|answer| answer.status).collect();
        assert!(answers.len() <= 1 && answers.iter().all(|status| statuses.contains(status)), "{name}: {answers:?}");
    }
    connect_and_ask(&rayguard);
    assert_eq!(rayguard.metric("rayguard_admission_in_flight"), 0);
    figure!("{} shapes of broken HTTP: each refused once or closed, none read as two requests", shapes.len());
}

#[test]
fn content_length_with_chunked_encoding_smuggles_no_request() {
    let rayguard = Rayguard::start(&[]);
    let hidden = "POST /hidden HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    for headers in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    ] {
        let mut client = rayguard.connect();
        // By its chunks the body is empty; by its length it is `0\r\n\r` and more.
        client.send(&post(headers, &format!("0\r\n\r\n{hidden}"))).expect("sent");
        let _ = client.stream.sock.shutdown(std::net::Shutdown::Write);
        let answers: Vec<_> = answers(&mut client).iter().map(|answer| answer.status).collect();
        // RFC 9112, 6.3: chunks win, and the rest is the next request, or the connection ends. The body must never be
        // read by its length.
        assert!(matches!(answers[..], [400] | [400, 404]), "{headers}: {answers:?}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let rayguard = Rayguard::start(&[]);
    let mut client = rayguard.connect();
    let body = bytes(&review::service_create());
    let (count, request) = (100, [head("POST", "/validate", "application/json", body.len()), body].concat());
    client.send(&request.repeat(count)).expect("sent");
    for turn in 0..count {
        let answer = client.receive().expect("an answer");
        assert_eq!(answer.review()["allowed"], true, "{turn}");
    }
    ask(&mut client);
    figure!("{count} pipelined requests: {count} answers, in order");
}

#[test]
fn an_invalid_timeout_in_the_query_is_ignored() {
    let rayguard = Rayguard::start(&[]);
    let body = bytes(&review::service_create());
    for query in [
        "timeout=10s",
        "timeout=0s",
        "timeout=-1s",
        "timeout=",
        "timeout",
        "timeout=1.5s",
        "timeout=1e9s",
        "timeout=10",
        "timeout=99999999999999999999s",
        "timeout=4294967295s",
        "timeout=NaNs",
        "timeout=%31s",
        "timeout=1s&timeout=2s",
        "=&&&=",
        "x=timeout=1s",
    ] {
        let mut client = rayguard.connect();
        client
            .send(&[head("POST", &format!("/validate?{query}"), "application/json", body.len()), body.clone()].concat())
            .expect("sent");
        let answer = client.receive().expect("an answer");
        // With a timeout of 0 s, only a body that has already arrived is in time.
        assert!(answer.status == 200 || (query == "timeout=0s" && answer.status == 408), "{query}: {answer:?}");
    }
}

#[test]
fn expect_100_continue_is_answered() {
    let rayguard = Rayguard::start(&[]);
    let body = String::from_utf8(bytes(&review::service_create())).expect("text");
    let mut client = rayguard.connect();
    client.send(&post(&format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len()), "")).expect("sent");
    let mut received = [0; 25];
    std::io::Read::read_exact(&mut client.stream, &mut received).expect("an interim response");
    assert_eq!(&received, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body.as_bytes()).expect("sent");
    assert_eq!(client.receive().expect("an answer").review()["allowed"], true);
}
