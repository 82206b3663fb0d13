//! Measures sizes and times. No test here fails because a machine is slow.

use std::net::TcpStream;
use std::time::{Duration, Instant};
use std::{fs, thread};

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams};
use rayguard_test_client::client::{Client, trusting_all};

use crate::load::Load;
use crate::process::Process;
use crate::release::Release;
use crate::report::record_figure;
use rayguard_test_client::node::{Node, eventually, file};

#[test]
fn the_image_is_below_20_megabytes_and_its_pods_are_measured() {
    let image = std::env::var_os("RAYGUARD_IMAGE").expect("the image's archive: run tests/cluster/run");
    let archive = fs::metadata(image).expect("the archive").len();
    let release = Release::install("figures", &[]);
    let replicas = release.replicas(2);
    let processes = Process::of(&replicas);
    let binary = processes[0].binary_size();
    assert!(archive.max(binary) < 20_000_000, "{archive} and {binary} bytes");
    record_figure("image, as an archive", megabytes(archive));
    record_figure("its only file, the binary", megabytes(binary));
    record_figure("resident memory of a Pod that was never called", megabytes(max_memory(&processes, "VmRSS")));

    let load = Load::start("figures");
    let count = "rayguard_admission_duration_seconds_count{webhook=\"validate\"}";
    let validated = || replicas.iter().filter_map(|replica| replica.metric(count)).sum::<u64>();
    eventually("500 calls", || (validated() >= 500).then_some(()));
    let counted = load.assert_nothing_lost("normal operation");
    let fast = format!("{} of {}", counted.mutating_fast, counted.mutating);
    record_figure("calls of the mutating webhook that took kube-apiserver less than 5 ms", fast);
    record_figure(
        "maximum resident memory of a Pod during 500 calls, at 24 a second",
        megabytes(max_memory(&processes, "VmHWM")),
    );

    // Pods of a new installation wait for one another.
    eventually("the end of the period of a new installation", || {
        (processes[0].age() > Duration::from_secs(20)).then_some(())
    });
    measure_starts_and_stops(&release);
}

fn max_memory(processes: &[Process], field: &str) -> u64 {
    processes.iter().map(|process| process.memory(field)).max().expect("two")
}

#[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Deletes Pods one after the other, and measures the new ones.
fn measure_starts_and_stops(release: &Release) {
    let node = Node::get();
    let pods = Api::<Pod>::namespaced(node.client.clone(), &release.namespace);
    let review = file("tests/fixtures/reviews/raycluster-create.json");
    let trust = trusting_all(&release.secret("ca.crt"));
    let (mut called, mut ready, mut seen, mut stops) = (vec![], vec![], vec![], vec![]);
    for _ in 0..3 {
        let victim = release.ready_replicas(2).swap_remove(0);
        let before = Process::all();
        let old = Process::of(std::slice::from_ref(&victim)).swap_remove(0);
        let deleted = Instant::now();
        node.runtime.block_on(pods.delete(&victim.name, &DeleteParams::default())).expect("deleted");
        stops.push(thread::spawn(move || eventually("its end", || old.has_ended().then(|| deleted.elapsed()))));

        let new =
            eventually("the new process", || Process::all().into_iter().find(|process| !before.contains(process)));
        let answer = poll(|| {
            let address = (new.address()?, 9443).into();
            TcpStream::connect(address).ok()?;
            let mut client = Client::connect_by_name(address, &trust, &release.server_name()).ok()?;
            (client.post("/validate", review.as_bytes()).status == 200).then_some(())
        });
        assert!(answer.is_some(), "{}", release.logs());
        called.push(new.age());
        let is_ready = || (Client::plain((new.address()?, 8080).into()).get("/readyz").status == 200).then_some(());
        assert!(poll(is_ready).is_some(), "{}", release.logs());
        ready.push(new.age());
        release.ready_replicas(2);
        seen.push(new.age());
    }
    let stopped: Vec<_> = stops.into_iter().map(|stop| stop.join().expect("no panic")).collect();
    record_figure("from the start of the process to the first answered call", range(&called));
    record_figure("to 200 at `/readyz`", range(&ready));
    record_figure("to `Ready` in the Pod's status, by probes every second or two", range(&seen));
    record_figure(
        "from `kubectl delete pod` to the end of the process, of which `drain.delaySeconds` is 10 s",
        range(&stopped),
    );
}

/// Polls every few milliseconds, for a minute.
fn poll<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        match look() {
            None if start.elapsed() < Duration::from_mins(1) => thread::sleep(Duration::from_millis(2)),
            found => return found,
        }
    }
}

fn range(times: &[Duration]) -> String {
    let seconds = |time: Option<&Duration>| time.expect("three").as_secs_f64();
    format!("{:.2} to {:.2} s", seconds(times.iter().min()), seconds(times.iter().max()))
}
