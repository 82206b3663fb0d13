//! Probes, lifecycle handlers, and grace periods.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};
use super::text::names;

/// Returns handlers as probes and lifecycle hooks have them.
fn handlers() -> Vec<Value> {
    list(json!([
        {}, {"exec": {}}, {"exec": {"command": []}}, {"exec": {"command": [""]}}, {"exec": {"command": ["true"]}},
        {"httpGet": {"port": 80}}, {"httpGet": {"port": 80, "path": ""}},
        {"httpGet": {"port": 80, "path": "no-slash"}}, {"httpGet": {"port": 80, "path": "/a b?c"}},
        {"httpGet": {"port": 0}}, {"httpGet": {"port": -1}}, {"httpGet": {"port": 65535}},
        {"httpGet": {"port": 65536}}, {"httpGet": {"port": "80"}}, {"httpGet": {"port": ""}},
        {"httpGet": {"port": 80, "scheme": "HTTP"}}, {"httpGet": {"port": 80, "scheme": "HTTPS"}},
        {"httpGet": {"port": 80, "scheme": "http"}},
        {"httpGet": {"port": 80, "scheme": ""}}, {"httpGet": {"port": 80, "scheme": "FTP"}},
        {"httpGet": {"port": 80, "host": "a b"}},
        {"httpGet": {"port": 80, "httpHeaders": [{"name": "", "value": ""}]}},
        {"httpGet": {"port": 80, "httpHeaders": [{"name": "X-A", "value": "b"}]}},
        {"httpGet": {"port": 80, "httpHeaders": [{"name": "a b", "value": ""}]}},
        {"httpGet": {"port": 80, "httpHeaders": [{"name": "a_b", "value": "\n"}]}},
        {"httpGet": {"port": 80, "httpHeaders": [{"name": "a.b", "value": ""}]}},
        {"httpGet": {"port": 80, "httpHeaders": [{"name": "ä", "value": ""}]}},
        {"tcpSocket": {"port": 80}}, {"tcpSocket": {"port": 0}}, {"tcpSocket": {"port": 65536}},
        {"tcpSocket": {"port": "serve"}}, {"tcpSocket": {"port": "UP"}},
        {"tcpSocket": {"port": "a--b"}}, {"exec": {"command": ["true"]}, "tcpSocket": {"port": 80}},
        {"httpGet": {"port": 80}, "tcpSocket": {"port": 80}},
        {"exec": {"command": ["true"]}, "httpGet": {"port": 80}, "tcpSocket": {"port": 80}},
    ]))
}

fn with(handlers: &[Value], fields: &Value) -> Vec<Value> {
    let one = |handler: &Value| {
        let mut probe = handler.clone();
        fields.as_object().expect("a map").iter().for_each(|(name, value)| probe[name] = value.clone());
        probe
    };
    handlers.iter().map(one).collect()
}

pub(super) fn changes() -> Vec<Change> {
    let mut probes = handlers();
    probes.extend(list(json!([
        {"grpc": {"port": 9000}}, {"grpc": {"port": 0}}, {"grpc": {"port": 65536}},
        {"grpc": {"port": 9000, "service": "a b"}}, {"grpc": {"port": 1}, "exec": {"command": ["true"]}},
    ])));
    probes.extend(each(&json!({"httpGet": {"port": "?"}}), &names()));
    let numbers = list(json!([
        {"initialDelaySeconds": -1}, {"initialDelaySeconds": 0}, {"initialDelaySeconds": i32::MAX},
        {"timeoutSeconds": -1}, {"timeoutSeconds": 0}, {"timeoutSeconds": 1},
        {"periodSeconds": -1}, {"periodSeconds": 0}, {"periodSeconds": i32::MAX}, {"successThreshold": -1},
        {"successThreshold": 0}, {"successThreshold": 1},
        {"successThreshold": 2}, {"failureThreshold": -1}, {"failureThreshold": 0}, {"failureThreshold": 99},
        {"terminationGracePeriodSeconds": -1},
        {"terminationGracePeriodSeconds": 0}, {"terminationGracePeriodSeconds": 1},
        {"terminationGracePeriodSeconds": 3600},
    ]));
    let handler = [json!({"exec": {"command": ["true"]}})];
    let timed: Vec<_> = numbers.iter().flat_map(|fields| with(&handler, fields)).collect();
    let hooks = handlers();
    let sleeps = list(json!([0, -1, 1, 29, 30, 31, 600, i64::MAX]));
    vec![
        change!(Container "/livenessProbe" = probes.clone()),
        change!(Container "/readinessProbe" = probes.clone()),
        change!(Container "/startupProbe" = probes),
        change!(Container "/livenessProbe" = timed.clone()),
        change!(Container "/readinessProbe" = timed.clone()),
        change!(Container "/startupProbe" = timed),
        change!(Container "/lifecycle/preStop" = hooks.clone()),
        change!(Container "/lifecycle/postStart" = hooks),
        change!(Container "/lifecycle/preStop" = each(&json!({"sleep": {"seconds": "?"}}), &sleeps)),
        change!(Container "/lifecycle/postStart" = each(&json!({"sleep": {"seconds": "?"}}), &sleeps)),
        change!(Container "/lifecycle/preStop" = [{"sleep": {"seconds": 1}, "exec": {"command": ["true"]}},
        {"sleep": {"seconds": 1}}]),
        change!(Container "/lifecycle/preStop" = [{"sleep": {"seconds": 10}}],
        Pod "/terminationGracePeriodSeconds" = [0, 5, 9, 10, 11, -1]),
        change!(Container "/lifecycle" = [{}, {"stopSignal": "SIGTERM"}, {"stopSignal": "TERM"},
        {"stopSignal": "SIGKILL"}, {"stopSignal": ""}, {"stopSignal": "SIGRTMIN+1"}]),
        change!(
            Container "/lifecycle" = [{"stopSignal": "SIGTERM"}, {"stopSignal": "SIGUSR1"}, {"stopSignal": "SIGFOO"}],
            Pod "/os" = [{"name": "linux"}, {"name": "windows"}],
        ),
        change!(Pod "/terminationGracePeriodSeconds" = [-1, 0, 1, 30, 86400, i64::MIN, i64::MAX]),
        change!(
            Container "/livenessProbe" = [{"exec": {"command": ["true"]}, "terminationGracePeriodSeconds": 10}],
            Pod "/terminationGracePeriodSeconds" = [0, 1, 60, -1],
        ),
    ]
}
