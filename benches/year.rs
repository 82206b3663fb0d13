//! Evaluates the samples of `benches/year`: compares memory and file descriptors of the replica that has run from the
//! beginning to the end by quarter, and plots them to year-memory.svg and year-descriptors.svg in a folder. Fails if they
//! have grown.
//!
//!     year SAMPLES FOLDER

#![allow(clippy::print_stdout, reason = "the table is the output")]

mod plot;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use plot::{Plot, Series};

/// How much more memory may be resident in the last quarter than in the second one.
const MEMORY_MARGIN: f64 = 1.05;
/// How many more file descriptors may be open in the last quarter than in the second one: connections of
/// kube-apiserver stay open for 90 seconds after a new CA.
const DESCRIPTOR_MARGIN: f64 = 5.0;
/// The number of points of each series in the plot; each is a median.
const POINTS: usize = 60;

/// One sample of a replica.
struct Sample {
    minutes: f64,
    resident_mib: f64,
    descriptors: f64,
    threads: f64,
}

/// The name of a figure, and how to read it from a sample.
type Measure = (&'static str, fn(&Sample) -> f64);

const MEASURES: [Measure; 3] = [
    ("resident, MiB", |sample| sample.resident_mib),
    ("file descriptors", |sample| sample.descriptors),
    ("threads", |sample| sample.threads),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [samples, folder] = arguments.as_slice() else { panic!("year SAMPLES FOLDER") };
    let csv = fs::read_to_string(samples).expect("the samples can be read");
    let (steady, rolled) = read(&csv);
    assert!(steady.len() >= 8, "{} samples are too few for four quarters", steady.len());

    let most = rolled.values().flatten().map(|sample| sample.resident_mib).fold(0.0, f64::max);
    println!("{} replicas with a shorter life: {most:.1} MiB resident at most", rolled.len());
    println!("the replica that ran from the beginning to the end, {} samples, medians of each quarter:", steady.len());
    println!("{:18}{:>9}{:>9}{:>9}{:>9}{:>9}{:>13}", "", "first", "second", "third", "fourth", "most", "slope/hour");
    let mut grown = Vec::new();
    let [mut memory, mut descriptors] = [
        ("Resident memory in a year of rotations, restarts and policies", "MiB"),
        ("File descriptors and threads in the same year", "number"),
    ]
    .map(|(title, up)| Plot { title, across: "minutes", up, series: Vec::new() });
    for (name, value) in MEASURES {
        let points: Vec<(f64, f64)> = steady.iter().map(|sample| (sample.minutes, value(sample))).collect();
        let quarters = [0, 1, 2, 3].map(|quarter| {
            let range = points.len() * quarter / 4..points.len() * (quarter + 1) / 4;
            median(points[range].iter().map(|point| point.1))
        });
        let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
        let series = Series { name: name.to_owned(), points: medians(&points) };
        print!("{name:18}");
        quarters.iter().chain([&most]).for_each(|value| print!("{value:>9.1}"));
        println!("{:>+13.2}", Series { name: String::new(), points }.line().1 * 60.0);
        let limit = match name {
            "threads" => quarters[1],
            "file descriptors" => quarters[1] + DESCRIPTOR_MARGIN,
            _ => quarters[1] * MEMORY_MARGIN,
        };
        if quarters[3] > limit {
            grown.push(format!("{name}: {:.1} in the last quarter, and at most {limit:.1} is permitted", quarters[3]));
        }
        let plot = if name == "resident, MiB" { &mut memory } else { &mut descriptors };
        plot.series.push(series);
    }
    for (name, plot) in [("year-memory.svg", memory), ("year-descriptors.svg", descriptors)] {
        fs::write(Path::new(folder).join(name), plot.to_string()).expect("the plot can be written");
    }
    for line in &grown {
        println!("{line}");
    }
    if grown.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the samples of the replica `steady`, and those of the others by process.
fn read(csv: &str) -> (Vec<Sample>, BTreeMap<&str, Vec<Sample>>) {
    let (mut steady, mut rolled) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |index: usize| fields[index].parse::<f64>().expect("a number");
        let sample = Sample {
            minutes: number(0) / 60.0,
            resident_mib: number(3) / 1024.0,
            descriptors: number(4),
            threads: number(5),
        };
        if fields[1] == "steady" {
            steady.push(sample);
        } else {
            rolled.entry(fields[2]).or_default().push(sample);
        }
    }
    (steady, rolled)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Returns fewer points with nearly the same line: the median of each group of neighbours.
fn medians(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let group = |points: &[(f64, f64)]| {
        (median(points.iter().map(|point| point.0)), median(points.iter().map(|point| point.1)))
    };
    points.chunks(points.len().div_ceil(POINTS)).map(group).collect()
}
