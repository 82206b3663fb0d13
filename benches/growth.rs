//! Measures the cost of a review as the object grows, with more worker groups and with larger ones, for
//! `benches/growth`. Prints tables, and plots two of them into a folder.
//!
//!     growth FOLDER

#![allow(clippy::print_stdout, reason = "the tables are the output")]

mod plot;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rayguard_policy::admission::{Verdict, mutate, validate};
use rayguard_policy::context::Environment;
use rayguard_policy::policy::Policy;
use serde_json::{Value, json};

use plot::{Plot, Series};

/// The numbers of worker groups that are measured.
const GROUPS: [usize; 9] = [1, 25, 50, 75, 100, 125, 150, 175, 200];

/// The size of the largest object, in bytes: the API server's limit for a request, and twice etcd's limit.
const LARGEST: usize = 3 << 20;

/// The number of sizes up to [`LARGEST`] that are measured.
const STEPS: usize = 8;

/// How often the time is measured; the lowest result counts.
const TIMES: usize = 5;
/// How long a review is repeated for one measurement, at least.
const LONG: Duration = Duration::from_millis(20);

/// The webhook and the operation of each measured review.
const QUESTIONS: [(&str, &str); 4] =
    [("validate", "CREATE"), ("validate", "UPDATE"), ("mutate", "CREATE"), ("mutate", "UPDATE")];

fn main() {
    let folder = std::env::args().nth(1).expect("growth FOLDER");
    let folder = Path::new(&folder);
    let groups = Plot {
        title: "What a review costs by the number of worker groups",
        across: "worker groups",
        up: "milliseconds of processor time",
        series: all_series(GROUPS.into_iter().map(|groups| (as_float(groups), clusters(groups, |_, _| ())))),
    };
    report(&groups, &folder.join("growth-groups.svg"));
    let size = Plot {
        title: "What a review costs by the size of the object",
        across: "MiB, of ten worker groups with ever more variables",
        up: "milliseconds of processor time",
        series: all_series(
            sizes(add_variable).into_iter().map(|(size, reviews)| (as_float(size) / 1_048_576.0, reviews)),
        ),
    };
    report(&size, &folder.join("growth-size.svg"));
    println!("\nThe largest object of other shapes, in milliseconds, and the ratio to an object of half the size:");
    println!(
        "{:32}{:>20}{:>20}{:>20}{:>20}",
        "", "validate CREATE", "validate UPDATE", "mutate CREATE", "mutate UPDATE"
    );
    let shapes: [(&str, Grow); 7] = [
        ("annotations", add_annotation),
        ("one long annotation", lengthen_annotation),
        ("containers", add_container),
        ("volumes", add_volume),
        ("unknown fields", add_unknown),
        ("misspelt variables", add_misspelt),
        ("start parameters", add_parameter),
    ];
    for (name, add) in shapes {
        let reviews = sizes(add);
        print!("{name:32}");
        for (question, (_, largest)) in QUESTIONS.iter().zip([&reviews[STEPS - 1]; QUESTIONS.len()]) {
            let (half, whole) = (time(*question, &reviews[STEPS / 2 - 1].1), time(*question, largest));
            print!("{:>20}", format!("{whole:.2} ({:.2})", whole / half));
        }
        println!();
    }
}

/// Adds an element to a worker group; the number is how many it has had before.
type Grow = fn(&mut Value, usize);

/// A review of a new object, and one of an update that scales a group.
struct Reviews {
    create: Vec<u8>,
    update: Vec<u8>,
}

/// Returns reviews of a cluster with `groups` worker groups. `grow` changes each group, given its number.
fn clusters(groups: usize, grow: impl Fn(&mut Value, usize)) -> Reviews {
    let read = |name: &str| -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/reviews").join(name);
        serde_json::from_slice(&fs::read(path).expect("a recorded review")).expect("a recorded review is JSON")
    };
    let with_groups = |review: &mut Value, object: &str| {
        let object = &mut review["request"][object]["spec"];
        let known = object["workerGroupSpecs"].as_array().expect("groups").clone();
        let groups = (0..groups).map(|number| {
            let mut group = known[number % known.len()].clone();
            group["groupName"] = json!(format!("group-{number}"));
            grow(&mut group, number);
            group
        });
        object["workerGroupSpecs"] = groups.collect();
    };
    let (mut create, mut update) = (read("raycluster-create.json"), read("raycluster-scale.json"));
    with_groups(&mut create, "object");
    with_groups(&mut update, "object");
    with_groups(&mut update, "oldObject");
    let bytes = |review: &Value| serde_json::to_vec(review).expect("JSON");
    Reviews { create: bytes(&create), update: bytes(&update) }
}

/// Returns reviews of clusters with ten groups that `add` makes larger, each with the size of the object in bytes.
fn sizes(add: Grow) -> Vec<(usize, Reviews)> {
    let with = |times: usize| clusters(10, move |group, _| (0..times).for_each(|number| add(group, number)));
    let few = with(100).create.len();
    let each = (with(300).create.len() - few) / 200;
    let step = |step: usize| (LARGEST * step / STEPS).saturating_sub(few) / each + 100;
    (1..=STEPS).map(|number| with(step(number))).map(|reviews| (reviews.create.len(), reviews)).collect()
}

fn container(group: &mut Value) -> &mut Value {
    &mut group["template"]["spec"]["containers"][0]
}

fn push(list: &mut Value, item: Value) {
    match list {
        Value::Array(items) => items.push(item),
        list => *list = json!([item]),
    }
}

fn add_variable(group: &mut Value, number: usize) {
    push(
        &mut container(group)["env"],
        json!({"name": format!("VARIABLE_{number}"), "value": format!("value {number}")}),
    );
}

fn add_misspelt(group: &mut Value, number: usize) {
    push(&mut container(group)["env"], json!({"name": format!("RAY_gcs_rpc_server_timeout_{number}_s"), "value": "1"}));
}

fn add_annotation(group: &mut Value, number: usize) {
    group["template"]["metadata"]["annotations"][format!("example.com/annotation-{number}")] = json!("text");
}

fn lengthen_annotation(group: &mut Value, _: usize) {
    let text = &mut group["template"]["metadata"]["annotations"]["example.com/text"];
    match text {
        Value::String(text) => text.push_str("some text that is long, "),
        text => *text = json!(""),
    }
}

fn add_container(group: &mut Value, number: usize) {
    let container = json!({"name": format!("container-{number}"), "image": "busybox", "args": ["sleep", "infinity"]});
    push(&mut group["template"]["spec"]["containers"], container);
}

fn add_volume(group: &mut Value, number: usize) {
    push(&mut group["template"]["spec"]["volumes"], json!({"name": format!("volume-{number}"), "emptyDir": {}}));
}

fn add_unknown(group: &mut Value, number: usize) {
    group["template"]["spec"][format!("unknown{number}")] = json!({"a": [1, 2, 3]});
}

fn add_parameter(group: &mut Value, number: usize) {
    group["rayStartParams"][format!("parameter-{number}")] = json!("1");
}

/// Measures each of [`QUESTIONS`] for each of the reviews.
fn all_series(reviews: impl Iterator<Item = (f64, Reviews)>) -> Vec<Series> {
    let series = |(webhook, operation)| Series { name: format!("/{webhook}, {operation}"), points: Vec::new() };
    let mut all: Vec<_> = QUESTIONS.into_iter().map(series).collect();
    for (across, reviews) in reviews {
        for (series, question) in all.iter_mut().zip(QUESTIONS) {
            series.points.push((across, time(question, &reviews)));
        }
    }
    all
}

/// Returns the processor time of a review, in milliseconds.
fn time((webhook, operation): (&str, &str), reviews: &Reviews) -> f64 {
    let review = if operation == "CREATE" { &reviews.create } else { &reviews.update };
    let ask =
        if webhook == "validate" { |policy, review| validate(policy, Environment::EMPTY, review) } else { mutate };
    let policy = Policy::default();
    let verdict = ask(&policy, review).expect("a review").verdict;
    assert_ne!(verdict, Verdict::Denied, "only an allowed object is read completely");
    let once = || {
        let (began, before, mut count) = (Instant::now(), on_processor(), 0.0);
        while count == 0.0 || began.elapsed() < LONG {
            drop(black_box(ask(&policy, black_box(review))));
            count += 1.0;
        }
        (on_processor() - before) / count
    };
    (0..TIMES).map(|_| once()).fold(f64::INFINITY, f64::min)
}

/// Returns how long this thread has run on a processor, in milliseconds, without the time of other programs.
fn on_processor() -> f64 {
    thread::yield_now(); // the kernel updates the account when it switches threads
    let account = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux keeps account");
    account.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).expect("a number") / 1e6
}

fn report(plot: &Plot, file: &Path) {
    println!("\n{}, in {}:", plot.title, plot.up);
    print!("{:52}", plot.across);
    plot.series.iter().for_each(|series| print!("{:>20}", series.name));
    println!();
    for row in 0..plot.series[0].points.len() {
        print!("{:<52.2}", plot.series[0].points[row].0);
        plot.series.iter().for_each(|series| print!("{:>20.3}", series.points[row].1));
        println!();
    }
    fs::write(file, plot.to_string()).expect("the plot can be written");
}

#[allow(clippy::cast_precision_loss, reason = "far from 52 bits")]
fn as_float(number: usize) -> f64 {
    number as f64
}
