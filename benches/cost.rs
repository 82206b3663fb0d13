//! Runs a review a given number of times. `benches/instructions` counts the cost of one of them.

use std::hint::black_box;

use rayguard_policy::admission::{Request, mutate, validate};
use rayguard_policy::context::Environment;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::serve::ServeConfigCache;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [file, work, times] = &arguments[..] else { panic!("cost FILE read|validate|mutate TIMES") };
    let review = std::fs::read(file).expect("a file with a review");
    let policy = Policy::default();
    let serve_configs = ServeConfigCache::default();
    let environment = Environment { serve_configs: Some(&serve_configs), ..Environment::EMPTY };
    for _ in 0..times.parse::<u32>().expect("a number of times") {
        let review = black_box(&review);
        match work.as_str() {
            "read" => drop(black_box(Request::read(review).expect("a review"))),
            "validate" => drop(black_box(validate(&policy, environment, review).expect("a review"))),
            "mutate" => drop(black_box(mutate(&policy, review).expect("a review"))),
            other => panic!("{other} is none of read, validate, mutate"),
        }
    }
}
