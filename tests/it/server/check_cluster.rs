//! `rayguard check --cluster` as far as it needs no cluster, and what it does where an API server misbehaves as no real
//! one can be made to: here a socket answers.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use super::listener::Listener;
use crate::cli::{DENIED, Ended, Shell, places};

/// What becomes of a request for this path: a status and an answer, or nothing but the end of the connection.
type Answer = fn(&str) -> Option<(u16, Value)>;

/// A socket that answers like no API server should.
struct Socket(Listener);

impl Socket {
    fn start(answer: Answer) -> Self {
        Self(Listener::start(move |client, line| serve(client, answer, path_of(line))))
    }

    /// The paths that it was asked for.
    fn asked(&self) -> Vec<String> {
        self.0.asked().iter().map(|line| path_of(line).to_owned()).collect()
    }

    /// Checks the cluster that this claims to be.
    fn check(&self, arguments: &[&str]) -> Ended {
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
    write!(client, "HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn check(address: &str, arguments: &[&str]) -> Ended {
    let kubeconfig = json!({"apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{address}")}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}]});
    let shell = Shell::with(&[("kubeconfig", &kubeconfig.to_string())]);
    shell.run(&[&["check", "--cluster", "--kubeconfig=kubeconfig"], arguments].concat())
}

/// A page with these clusters, of which more come under a token.
fn page(clusters: &[Value], token: &str) -> (u16, Value) {
    (200, json!({"kind": "RayClusterList", "metadata": {"continue": token}, "items": clusters}))
}

/// What says that a token is too old, and offers another one.
fn expired(token: &str) -> (u16, Value) {
    let metadata = json!({"continue": token});
    (410, json!({"kind": "Status", "status": "Failure", "code": 410, "message": "too old", "metadata": metadata}))
}

fn cluster(name: &str) -> Value {
    let template = json!({"spec": {"containers": [{"name": "c"}]}});
    let spec = json!({"gcsFaultToleranceOptions": {"redisAddress": "redis"}, "headGroupSpec": {"template": template}});
    json!({"metadata": {"name": name, "namespace": "default"}, "spec": spec})
}

/// The names of the clusters in which this was found.
fn found(ended: &Ended) -> Vec<String> {
    let report = serde_json::from_str(&ended.out).expect("JSON");
    let places = places(&report).into_iter().filter(|place| place.ends_with(" malformed-redis-address"));
    places.map(|place| place.split([':', '/']).nth(3).expect("a name").to_owned()).collect()
}

fn is_of_clusters(path: &str) -> bool {
    path.contains("/rayclusters?")
}

#[test]
fn a_list_whose_token_is_too_old_goes_on_with_the_one_that_is_offered() {
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
fn a_list_whose_token_is_too_old_is_else_asked_for_at_once() {
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
    let of_clusters = socket.asked().into_iter().filter(|path| is_of_clusters(path)).count();
    // Once for what they claim, and once to be judged.
    assert_eq!(of_clusters, 2 * 4, "{:?}", socket.asked());
}

#[test]
fn who_does_not_answer_is_asked_once() {
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
fn who_knows_nobody_is_asked_once_and_who_fails_for_each_kind() {
    for (answer, errors) in [
        ((|_| Some((401, json!({"kind": "Status", "code": 401, "message": "no"})))) as Answer, 1),
        (|_| Some((500, json!({"kind": "Status", "code": 500, "message": "no"}))), 4),
    ] {
        let ended = Socket::start(answer).check(&[]);
        assert_eq!((ended.status, ended.err.matches("cannot list").count()), (Some(2), errors), "{}", ended.err);
    }
}

#[test]
fn an_object_that_cannot_be_read_is_an_error_with_its_name() {
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
fn arguments_for_a_cluster_and_for_files_do_not_go_together() {
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
        let complaint = format!("the argument '--cluster' cannot be used with '{}", only_files[0]);
        assert!(ended.err.contains(&complaint), "{only_files:?}: {}", ended.err);
    }
}
