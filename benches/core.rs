//! Measures the cost of a review without the server: reading it, validating it, and writing defaults into it.
//!
//! `cargo bench -p rayguard-benches`

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayguard_policy::admission::{Request, mutate, validate};
use rayguard_policy::context::Environment;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::serve::ServeConfigCache;

const REVIEWS: [(&str, &[u8]); 3] = [
    ("service-create", include_bytes!("../tests/fixtures/reviews/rayservice-create.json")),
    ("ten-groups-scale", include_bytes!("../tests/fixtures/reviews/raycluster-scale.json")),
    ("ten-groups-reapply", include_bytes!("../tests/fixtures/reviews/raycluster-reapply.json")),
];

fn reviews(criterion: &mut Criterion) {
    let policy = Policy::default();
    let serve_configs = ServeConfigCache::default();
    let environment = Environment { serve_configs: Some(&serve_configs), ..Environment::EMPTY };
    for (name, review) in REVIEWS {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(review.len() as u64));
        group.bench_function("read", |bencher| bencher.iter(|| Request::read(black_box(review)).expect("a review")));
        group.bench_function("validate", |bencher| {
            bencher.iter(|| validate(&policy, environment, black_box(review)).expect("a review"));
        });
        group.bench_function("mutate", |bencher| {
            bencher.iter(|| mutate(&policy, black_box(review)).expect("a review"));
        });
        group.finish();
    }
}

criterion_group!(benches, reviews);
criterion_main!(benches);
