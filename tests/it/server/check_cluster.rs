//! Tests of `rayguard check --cluster` and `survival --cluster` without a cluster: a socket answers in ways that no real API server can be made
//! to.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use super::listener::Listener;
use crate::cli::{CommandOutput, DENIED, Shell, locations};

/// The response to a request for this path: a status and a body, or nothing, which closes the connection.
type Answer = fn(&str) -> Option<(u16, Value)>;

/// A socket that misbehaves as an API server.
struct Socket(Listener);

impl Socket {
    fn start(answer: Answer) -> Self {
        Self(Listener::start(move |client, line| serve(client, answer, path_of(line))))
    }

    /// Returns the requested paths.
    fn requested_paths(&self) -> Vec<String> {
        self.0.requests().iter().map(|line| path_of(line).to_owned()).collect()
    }

    /// Runs the check against this socket.
    fn check(&self, arguments: &[&str]) -> CommandOutput {
        check(&self.0.address.to_string(), arguments)
    }
}

fn path_of(line: &str) -> &str {
    line.split(' ').nth(1).unwrap_or_default()
}

fn serve(mut client: TcpStream, answer: Answer, path: &str) -> io::Result<()> {
    let Some((status, body)) = answer(path) else { return Ok(()) };
    let body = body.to_string();
    let length = body.len();
    write!(client, "HTTP/1.1 {status} Reason\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn check(address: &str, arguments: &[&str]) -> CommandOutput {
    run(address, "check", arguments)
}

fn run(address: &str, command: &str, arguments: &[&str]) -> CommandOutput {
    let kubeconfig = json!({"apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{address}")}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}]});
    let shell = Shell::with(&[("kubeconfig", &kubeconfig.to_string())]);
    shell.run(&[&[command, "--cluster", "--kubeconfig=kubeconfig"], arguments].concat())
}

/// Returns a page with these clusters, and the continue token of the next page.
fn page(clusters: &[Value], token: &str) -> (u16, Value) {
    (200, json!({"kind": "RayClusterList", "metadata": {"continue": token}, "items": clusters}))
}

/// Returns the response to an expired token, which offers another token.
fn expired(token: &str) -> (u16, Value) {
    let metadata = json!({"continue": token});
    (410, json!({"kind": "Status", "status": "Failure", "code": 410, "message": "too old", "metadata": metadata}))
}

fn cluster(name: &str) -> Value {
    let template = json!({"spec": {"containers": [{"name": "c"}]}});
    let spec = json!({"gcsFaultToleranceOptions": {"redisAddress": "redis"}, "headGroupSpec": {"template": template}});
    json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec})
}

/// Returns the names of the clusters with the finding malformed-redis-address.
fn found(ended: &CommandOutput) -> Vec<String> {
    let report = serde_json::from_str(&ended.out).expect("JSON");
    let locations = locations(&report).into_iter().filter(|place| place.ends_with(" malformed-redis-address"));
    locations.map(|place| place.split([':', '/']).nth(3).expect("a name").to_owned()).collect()
}

fn is_of_clusters(path: &str) -> bool {
    path.contains("/rayclusters?")
}

#[test]
fn an_expired_continue_token_is_replaced_by_the_offered_one() {
    let socket = Socket::start(|path| {
        Some(match path {
            _ if !is_of_clusters(path) => page(&[], ""),
            _ if path.contains("continue=old") => expired("offered"),
            _ if path.contains("continue=offered") => page(&[cluster("c"), cluster("d")], ""),
            _ => page(&[cluster("a"), cluster("b")], "old"),
        })
    });
    let ended = socket.check(&["-ojson"]);
    assert_eq!((ended.status, found(&ended)), (Some(1), ["a", "b", "c", "d"].map(str::to_owned).into()), "{ended:?}");
}

#[test]
fn a_list_is_read_without_pages_if_the_offered_token_is_expired_too() {
    let socket = Socket::start(|path| {
        Some(match path {
            _ if !is_of_clusters(path) => page(&[], ""),
            _ if path.contains("continue=") => expired("too old as well"),
            _ if path.contains("limit=") => page(&[cluster("a"), cluster("b")], "old"),
            _ => page(&[cluster("a"), cluster("aa"), cluster("b"), cluster("c")], ""),
        })
    });
    let ended = socket.check(&["-ojson"]);
    assert_eq!((ended.status, found(&ended)), (Some(1), ["a", "b", "aa", "c"].map(str::to_owned).into()), "{ended:?}");
    let of_clusters = socket.requested_paths().into_iter().filter(|path| is_of_clusters(path)).count();
    // The clusters are listed twice: once for their storage keys, and once for the check.
    assert_eq!(of_clusters, 2 * 4, "{:?}", socket.requested_paths());
}

#[test]
fn an_api_server_that_does_not_answer_is_asked_once() {
    let socket = Socket::start(|_| None);
    let ended = socket.check(&[]);
    assert_eq!(ended.status, Some(2));
    assert_eq!(ended.err.matches("error").count(), 1, "{}", ended.err);
    assert!(ended.err.contains("cannot list raycronjobs in the namespace default: connection closed"), "{}", ended.err);
    assert!(ended.err.ends_with("\nchecked 0 objects: 1 unreadable\n"), "{}", ended.err);

    let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("a bound socket");
    let ended = check(&port.to_string(), &[]);
    assert_eq!((ended.status, ended.err.matches("cannot list").count()), (Some(2), 1), "{}", ended.err);
    assert!(ended.err.contains("cannot list raycronjobs in the namespace default: tcp connect error"), "{}", ended.err);
}

#[test]
fn a_401_stops_the_listing_and_a_500_is_reported_for_each_kind() {
    for (answer, errors) in [
        ((|_| Some((401, json!({"kind": "Status", "code": 401, "message": "no"})))) as Answer, 1),
        (|_| Some((500, json!({"kind": "Status", "code": 500, "message": "no"}))), 4),
    ] {
        let ended = Socket::start(answer).check(&[]);
        assert_eq!((ended.status, ended.err.matches("cannot list").count()), (Some(2), errors), "{}", ended.err);
    }
}

#[test]
fn an_unreadable_object_is_an_error_with_its_name() {
    let socket = Socket::start(|path| {
        let mut deep = json!([]);
        for _ in 0..300 {
            deep = json!([deep]);
        }
        let mut unreadable = cluster("deep");
        unreadable["spec"]["deep"] = deep;
        let clusters = [cluster("a"), unreadable, cluster("b")];
        Some(page(if is_of_clusters(path) { &clusters } else { &[] }, ""))
    });
    let ended = socket.check(&["-ojson"]);
    assert_eq!((ended.status, found(&ended)), (Some(2), ["a", "b"].map(str::to_owned).into()), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(report["errors"][0]["file"], "cluster:rayclusters/default/deep", "{}", report["errors"]);
    assert!(ended.err.contains("cluster:rayclusters/default/deep: cannot be read: recursion limit"), "{}", ended.err);
}

#[test]
fn cluster_arguments_conflict_with_file_arguments() {
    let shell = Shell::with(&[("a.yaml", DENIED)]);
    for only_live in [["--context", "a"].as_slice(), &["--kubeconfig", "a"], &["-A"], &["--all-namespaces"]] {
        for files in
            [["a.yaml"].as_slice(), &["--fix", "a.yaml"], &["--no-ignore", "--exclude=b", "a.yaml"], &["-"], &[]]
        {
            let ended = shell.run(&[&["check"], only_live, files].concat());
            assert_eq!((ended.status, &*ended.out), (Some(2), ""), "{only_live:?} {files:?}");
            assert!(ended.err.contains("--cluster"), "{only_live:?} {files:?}: {}", ended.err);
        }
    }
    for only_files in
        [["--exclude", "b"].as_slice(), &["--no-ignore"], &["--stdin-filename", "b"], &["--fix"], &["--diff"]]
    {
        let ended = shell.run(&[&["check", "--cluster"], only_files].concat());
        assert_eq!(ended.status, Some(2), "{only_files:?}");
        let message = format!("the argument '--cluster' cannot be used with '{}", only_files[0]);
        assert!(ended.err.contains(&message), "{only_files:?}: {}", ended.err);
    }
}

/// A cluster that a RayService made has the forecast of its owner. One that cannot be listed is an error.
#[test]
fn survival_forecasts_stored_objects_without_an_owner() {
    let forecast = |answer: Answer| {
        let socket = Socket::start(answer);
        run(&socket.0.address.to_string(), "survival", &["-ojson", "--event=head-loss"])
    };
    let ended = forecast(|path| {
        let mut owned = cluster("owned");
        owned["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "ray.io/v1", "kind": "RayService", "name": "s", "controller": true}]);
        Some(if is_of_clusters(path) { page(&[cluster("a"), owned], "") } else { page(&[], "") })
    });
    assert_eq!((ended.status, &*ended.err), (Some(0), ""));
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    let files: Vec<_> = report["clusters"].as_array().expect("a list").iter().map(|it| &it["file"]).collect();
    assert_eq!(files, ["cluster:rayclusters/default/a"]);
    assert_eq!(forecast(|_| None).status, Some(2));
}
