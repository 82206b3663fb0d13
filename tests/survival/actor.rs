//! The detached actor of a test, which counts.

use std::time::Duration;

use crate::namespace::Namespace;
use crate::pod::Pod;
use crate::wait::wait_until;

/// What the actor answers: its count, and where it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) total: u32,
    pub(crate) pod: String,
    pub(crate) process: u32,
}

/// What has become of an actor after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The same process answers, with its state.
    Kept,
    /// Another process answers, and counts from the beginning.
    StateLost,
    /// Ray does not know it any more, or it does not answer.
    Gone,
}

impl Fate {
    /// Returns the word of `rayguard survival`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::StateLost | Self::Gone => "lost",
        }
    }
}

/// A detached actor.
pub(crate) struct Actor {
    name: String,
    /// Its last answer.
    pub(crate) last: Count,
}

impl Actor {
    /// Creates it from the head. Ray restarts it this many times, −1 for any number.
    #[track_caller]
    pub(crate) fn create(namespace: &Namespace, cluster: &str, name: &str, restarts: i32) -> Self {
        match Self::try_create(namespace, &namespace.ready_head(cluster), name, restarts) {
            Ok(actor) => actor,
            Err(reason) => panic!("no actor {name}: {reason}"),
        }
    }

    /// Creates it from this head, and returns Ray's reason if that fails.
    pub(crate) fn try_create(namespace: &Namespace, head: &Pod, name: &str, restarts: i32) -> Result<Self, String> {
        let last = counter(namespace, head, &["make", name, &restarts.to_string()])?;
        Ok(Self { name: name.to_owned(), last })
    }

    /// Creates it from this head on a worker that has a custom resource, and returns Ray's reason if that fails.
    pub(crate) fn create_on(namespace: &Namespace, head: &Pod, name: &str, resource: &str) -> Result<Self, String> {
        let last = counter(namespace, head, &["make", name, "0", resource])?;
        Ok(Self { name: name.to_owned(), last })
    }

    /// Adds one.
    ///
    /// # Errors
    ///
    /// Returns Ray's reason why the actor does not answer.
    pub(crate) fn add(&self, namespace: &Namespace, head: &Pod) -> Result<Count, String> {
        counter(namespace, head, &["add", &self.name])
    }

    /// Returns what has become of it, once it answers from the head, or after the time limit.
    pub(crate) fn fate(&mut self, namespace: &Namespace, cluster: &str, limit: Duration) -> Fate {
        let mut reason = String::new();
        let answer = wait_until(limit, || {
            let head = namespace.heads(cluster).into_iter().find(|pod| pod.is_ready)?;
            self.add(namespace, &head).map_err(|error| reason = error).ok()
        });
        let fate = match &answer {
            Some(now)
                if now.process == self.last.process && now.pod == self.last.pod && now.total > self.last.total =>
            {
                Fate::Kept
            }
            Some(_) => Fate::StateLost,
            None => Fate::Gone,
        };
        println!("actor {}: {fate:?}; {:?} -> {answer:?} {reason}", self.name, self.last);
        if let Some(answer) = answer {
            self.last = answer;
        }
        fate
    }
}

/// Runs the script of the actor in the head.
fn counter(namespace: &Namespace, head: &Pod, arguments: &[&str]) -> Result<Count, String> {
    let command: Vec<_> = ["python3", "/home/ray/apps/counter.py"].iter().chain(arguments).copied().collect();
    let output = namespace.run(head, &command);
    let answer = output.stdout.lines().find(|line| line.starts_with("count ") || line.starts_with("lost "));
    let Some(answer) = answer else { return Err(output.stderr) };
    let words: Vec<_> = answer.split(' ').collect();
    match words[..] {
        ["count", count, pod, process] => {
            let number = |text: &str| text.parse().expect("a number");
            Ok(Count { total: number(count), pod: pod.to_owned(), process: number(process) })
        }
        _ => Err(answer.to_owned()),
    }
}
