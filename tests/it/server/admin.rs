//! The port for probes and metrics, which every Pod of the cluster can reach without a network policy.

use rayguard_test_client::client::{Client, tcp};

use super::process::Rayguard;
use super::review::{self, bytes};

#[test]
fn the_admin_port_serves_three_pages_and_changes_nothing() {
    let rayguard = Rayguard::start(&[]);
    for page in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(rayguard.ask_admin(page).status, 200, "{page}");
        assert_eq!(Client::plain(rayguard.admin).post(page, b"{}").status, 405, "{page}");
    }
    let review = bytes(&review::service_create());
    for page in ["/", "/mutate", "/validate", "/debug/pprof", "/metrics/", "/metrics/..%2fmutate", "//mutate"] {
        assert_eq!(rayguard.ask_admin(page).status, 404, "{page}");
        assert_eq!(Client::plain(rayguard.admin).post(page, &review).status, 404, "{page}");
    }
    let calls = rayguard.ask_admin("/metrics").body;
    let calls: Vec<_> = calls.lines().filter(|line| line.starts_with("rayguard_admission_requests_total")).collect();
    assert!(calls.iter().all(|line| line.ends_with(" 0")), "{calls:?}");
}

#[test]
fn silent_clients_of_the_admin_port_delay_neither_reviews_nor_probes() {
    let rayguard = Rayguard::start(&[]);
    // More than there are slots for connections.
    let silent: Vec<_> = (0..1_100).map(|_| tcp(rayguard.admin)).collect();
    let mut client = rayguard.connect();
    for _ in 0..10 {
        assert_eq!(client.post("/validate", &bytes(&review::service_create())).review()["allowed"], true);
        assert_eq!(rayguard.ask_admin("/readyz").status, 200);
    }
    drop(silent);
}
