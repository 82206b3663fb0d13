//! A client of Ray Serve in the cluster, which sends one request after the other.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::namespace::Namespace;
use crate::object::ray_version;
use crate::wait::wait_for;

const NAME: &str = "client";

/// The Pod of the client.
pub(crate) struct Client<'a> {
    namespace: &'a Namespace,
}

/// What became of the requests in a span of time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Requests {
    pub(crate) sent: u64,
    pub(crate) failed: usize,
    /// The longest time that one of them took, in seconds, if more than one second.
    pub(crate) slowest: f64,
    /// From the first failed request to the end of the last one, in seconds.
    pub(crate) outage: f64,
}

impl Requests {
    /// Returns the word of `rayguard survival`. A request is held if it takes more than 10 s, as with one replica only.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self { failed: 1.., .. } => "failed",
            Self { slowest, .. } if *slowest > 10.0 => "held",
            _ => "answered",
        }
    }
}

impl<'a> Client<'a> {
    /// Starts to send requests to a RayService, and waits until some are answered.
    pub(crate) fn start(namespace: &'a Namespace, service: &str) -> Self {
        let url = format!("http://{service}-serve-svc:8000/sums");
        let container = json!({
            "name": NAME,
            "image": format!("docker.io/rayproject/ray:{}", ray_version()),
            "imagePullPolicy": "Never",
            "command": ["python3", "/home/ray/apps/client.py", url, "0.01"],
            "volumeMounts": [{"name": "apps", "mountPath": "/home/ray/apps"}],
        });
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME},
            "spec": {
                "containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                "volumes": [{"name": "apps", "configMap": {"name": "apps"}}],
            },
        });
        namespace.kubectl.send("apply --filename -", &pod.to_string()).passes();
        let client = Self { namespace };
        wait_for("answers to requests", Duration::from_mins(1), || {
            client.lines().iter().any(|line| line["sent"].as_u64() > Some(5)).then_some(())
        });
        client
    }

    fn lines(&self) -> Vec<Value> {
        let log = self.namespace.kubectl.run(&format!("logs {NAME}")).stdout;
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Returns the Pods that have answered in the last seconds.
    pub(crate) fn answering(&self) -> Vec<String> {
        let lines = self.lines();
        let pods = lines.iter().rev().filter_map(|line| line["pods"].as_array()).take(3).flatten();
        let mut pods: Vec<_> = pods.filter_map(Value::as_str).map(str::to_owned).collect();
        pods.sort();
        pods.dedup();
        pods
    }

    /// Returns what became of the requests since then.
    pub(crate) fn since(&self, begin: SystemTime) -> Requests {
        let begin = begin.duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs_f64();
        let lines = self.lines();
        let at = |line: &Value| line["at"].as_f64().expect("a time");
        let counts: Vec<_> = lines.iter().filter_map(|line| Some((at(line), line["sent"].as_u64()?))).collect();
        let before = counts.iter().rev().find(|(at, _)| *at <= begin).map_or(0, |(_, sent)| *sent);
        let sent = counts.last().map_or(0, |(_, sent)| *sent) - before;
        let notable: Vec<_> = lines.iter().filter(|line| !line["took"].is_null() && at(line) >= begin).collect();
        let took = |line: &Value| line["took"].as_f64().expect("a duration");
        let failures: Vec<_> = notable.iter().filter(|line| !line["error"].is_null()).collect();
        let outage = match (failures.first(), failures.last()) {
            (Some(first), Some(last)) => at(last) + took(last) - at(first),
            _ => 0.0,
        };
        let slowest = notable.iter().map(|line| took(line)).fold(0.0, f64::max);
        let requests = Requests { sent, failed: failures.len(), slowest, outage };
        println!("requests: {requests:.1?}");
        if let Some(first) = failures.first() {
            println!("the first failure, {:.1} s after the loss: {}", at(first) - begin, first["error"]);
        }
        requests
    }

    /// Waits until no request has failed for this time.
    pub(crate) fn wait_until_quiet(&self, quiet: Duration) {
        wait_for("answers without a failure", Duration::from_mins(4), || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs_f64();
            let lines = self.lines();
            let at = |line: &&Value| line["at"].as_f64().expect("a time");
            let last_count = lines.iter().rev().find(|line| !line["sent"].is_null()).map_or(0.0, |line| at(&line));
            let last_error = lines.iter().rev().find(|line| line["error"].is_string()).map_or(0.0, |line| at(&line));
            (now - last_count < 5.0 && now - last_error > quiet.as_secs_f64()).then_some(())
        });
    }
}
