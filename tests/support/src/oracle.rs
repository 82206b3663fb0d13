//! A program that decides as another project does: a question is a line of JSON, and so is the answer.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;

use serde::de::DeserializeOwned;

/// The number of questions that wait for an answer. A program keeps answers until its buffer is full.
const IN_FLIGHT: usize = 100_000;

/// Asks a program about each case in turn, and passes the case and the answer to `each`. The program reads its standard
/// input to the end, and answers each line with one line on its standard output.
///
/// # Panics
///
/// Panics if the program does not start, leaves a question without an answer, or fails.
pub fn ask<C: Send, A: DeserializeOwned>(
    mut program: Command,
    cases: impl Iterator<Item = C> + Send,
    question: impl Fn(&C) -> String + Send,
    mut each: impl FnMut(C, A),
) {
    let mut process = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program:?}: {error}"));
    let mut questions = BufWriter::new(process.stdin.take().expect("a pipe"));
    let answers = BufReader::new(process.stdout.take().expect("a pipe"));
    thread::scope(|scope| {
        let (asked, waiting) = sync_channel(IN_FLIGHT);
        scope.spawn(move || {
            for case in cases {
                writeln!(questions, "{}", question(&case)).expect("the program reads");
                asked.send(case).expect("the receiver exists");
            }
            questions.flush().expect("the program reads");
        });
        let mut answers = answers.lines();
        for case in waiting {
            let line = answers.next().unwrap_or_else(|| panic!("{program:?} ended early; the reason is above"));
            let line = line.expect("UTF-8");
            each(case, serde_json::from_str(&line).unwrap_or_else(|error| panic!("{program:?}: {error}: {line}")));
        }
    });
    assert!(process.wait().expect("it ends").success(), "{program:?} failed; the reason is above");
}
