//! The Redis of a namespace.

use std::fs;
use std::process::Command;
use std::time::Duration;

use rayguard_test_client::node::Node;
use serde_json::json;

use crate::namespace::Namespace;
use crate::object::ray_version;
use crate::wait::wait_for;

/// The address of the Redis in the namespace of a cluster.
pub(crate) const ADDRESS: &str = "redis:6379";
/// The Secret with its password, under the key `password`.
pub(crate) const SECRET: &str = "redis-password";
/// Its password.
pub(crate) const PASSWORD: &str = "correct-horse-5241";

/// Whether a Redis has its data after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// Each write is in a file that outlives the Pod.
    AppendOnlyFile,
    /// Everything is in memory.
    None,
}

/// A Redis with a password, in a Pod of the namespace.
pub(crate) struct Redis<'a> {
    namespace: &'a Namespace,
}

impl<'a> Redis<'a> {
    /// Starts it, and waits until it answers.
    pub(crate) fn start(namespace: &'a Namespace, persistence: Persistence) -> Self {
        let folder = Node::get().file("redis").join(&namespace.name);
        fs::create_dir_all(&folder).expect("a folder for Redis");
        let volume = match persistence {
            Persistence::AppendOnlyFile => json!({"name": "data", "hostPath": {"path": folder}}),
            Persistence::None => json!({"name": "data", "emptyDir": {}}),
        };
        let append_only = if persistence == Persistence::AppendOnlyFile { "yes" } else { "no" };
        let container = json!({
            "name": "redis",
            "image": format!("docker.io/rayproject/ray:{}", ray_version()),
            "imagePullPolicy": "Never",
            "command": ["redis-server", "--bind", "0.0.0.0", "--save", "", "--dir", "/data", "--appendonly", append_only,
                "--appendfsync", "always", "--requirepass", "$(PASSWORD)"],
            "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": "password"}}}],
            "readinessProbe": {"tcpSocket": {"port": 6379}, "periodSeconds": 1},
            "securityContext": {"runAsUser": 0},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        });
        let labels = json!({"app": "redis"});
        let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "redis"}, "spec": {
                "selector": {"matchLabels": labels},
                "strategy": {"type": "Recreate"},
                "template": {"metadata": {"labels": labels}, "spec": {
                    "containers": [container], "terminationGracePeriodSeconds": 1, "volumes": [volume],
                }},
            }},
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "redis"},
             "spec": {"selector": labels, "ports": [{"port": 6379}]}},
        ]});
        namespace.kubectl.send("apply --filename -", &objects.to_string()).passes();
        let redis = Self { namespace };
        redis.wait_until_ready();
        redis
    }

    fn wait_until_ready(&self) {
        self.namespace.kubectl.run("wait --for=condition=Available deployment/redis --timeout 120s").passes();
    }

    /// Runs a command of Redis, and returns its answer.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let client = ["exec", "deployment/redis", "--", "redis-cli", "-a", PASSWORD, "--no-auth-warning"];
        self.namespace.kubectl.run_with(client.iter().chain(words).copied(), "").passes().stdout
    }

    /// Returns the names of Ray's tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        let mut tables: Vec<_> = self.command(&["keys", "RAY*"]).lines().map(str::to_owned).collect();
        tables.retain(|table| !table.is_empty());
        tables.sort();
        tables
    }

    /// Deletes its Pod, and prevents a new one.
    pub(crate) fn stop(&self) {
        self.namespace.kubectl.run("scale deployment/redis --replicas 0").passes();
        wait_for("the end of Redis", Duration::from_mins(1), || {
            self.namespace.pods("app=redis").is_empty().then_some(())
        });
    }

    /// Starts it again after [`Self::stop`].
    pub(crate) fn restart(&self) {
        self.namespace.kubectl.run("scale deployment/redis --replicas 1").passes();
        self.wait_until_ready();
    }

    /// Sends a signal to its process, such as `STOP` and `CONT`, from outside of its container.
    pub(crate) fn signal(&self, signal: &str) {
        let pod = self.namespace.pods("app=redis").pop().expect("the Pod of Redis");
        let processes = fs::read_dir("/proc").expect("/proc").map(|entry| entry.expect("an entry").path());
        let process = processes.into_iter().find(|folder| {
            fs::read_to_string(folder.join("comm")).is_ok_and(|name| name.trim_end() == "redis-server")
                && fs::read_to_string(folder.join("root/etc/hostname")).is_ok_and(|host| host.trim_end() == pod.name)
        });
        let process = process.expect("the process of Redis");
        let number = process.file_name().expect("a number");
        let done = Command::new("kill").arg(format!("-{signal}")).arg(number).status().expect("kill runs");
        assert!(done.success());
    }
}
