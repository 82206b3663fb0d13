//! The objects of the chart that concern certificates: the account with its rights, the empty Secret and Lease, and the
//! two webhook configurations.

use std::net::SocketAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::Balancer;
use crate::server::apiserver::ApiServer;
use crate::server::apiserver::namespace::Namespace;
use crate::server::apiserver::role::Role;
use crate::server::process::{Rayguard, eventually};

/// Exactly the rights that rayguard needs to manage its certificates.
const RIGHTS: [Role; 2] = [
    Role::OfNamespace(
        "rayguard",
        &[
            "{apiGroups: [''], resources: [secrets], resourceNames: [rayguard], verbs: [get, watch, patch, create]}",
            "{apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [rayguard], verbs: [get, patch, create]}",
        ],
    ),
    Role::OfCluster(
        "rayguard",
        &["{apiGroups: [admissionregistration.k8s.io], \
            resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations], \
            resourceNames: [rayguard-NAMESPACE], verbs: [get, watch, patch]}"],
    ),
];

pub(crate) const SECRET: &str =
    "\napiVersion: v1\nkind: Secret\ntype: Opaque\nmetadata: {name: rayguard, labels: {app: x}}\n";
pub(crate) const LEASE: &str =
    "\napiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: rayguard}\nspec: {}\n";

/// rayguard installed in a namespace, which is also the only namespace that its webhooks apply to.
pub(crate) struct Installation {
    pub(crate) namespace: Namespace<'static>,
    pub(crate) balancer: Balancer,
    server: &'static ApiServer,
    token: String,
}

impl Installation {
    /// Creates all objects of the chart except the Deployment.
    pub(crate) fn new(name: &str) -> Self {
        Self::on(ApiServer::shared(), name)
    }

    /// Creates all objects of the chart except the Deployment, on an API server other than the shared one.
    pub(crate) fn on(server: &'static ApiServer, name: &str) -> Self {
        let installation = Self::without_rights_on(server, name);
        installation.grant();
        for object in [SECRET, LEASE] {
            installation.namespace.send("create -f -", object).passes();
        }
        installation
    }

    /// Creates only the account and the two webhook configurations.
    pub(crate) fn without_rights(name: &str) -> Self {
        Self::without_rights_on(ApiServer::shared(), name)
    }

    fn without_rights_on(server: &'static ApiServer, name: &str) -> Self {
        let namespace = server.namespace(name);
        let balancer = Balancer::new();
        let token = namespace.account("rayguard");
        namespace.register(balancer.address, None);
        Self { namespace, balancer, server, token }
    }

    /// Gives the account its rights.
    pub(crate) fn grant(&self) {
        for role in RIGHTS {
            role.grant(&self.namespace, "rayguard");
        }
    }

    /// Returns a kubeconfig for the account.
    pub(crate) fn kubeconfig(&self, address: SocketAddr) -> String {
        self.server.kubeconfig(address, &self.token, &self.namespace.name)
    }

    /// Returns the name of the webhook configurations.
    pub(crate) fn configuration(&self) -> String {
        format!("rayguard-{}", self.namespace.name)
    }

    /// Starts a replica that keeps its certificates in the Secret.
    pub(crate) fn start(&self, more: &[&str]) -> Rayguard {
        self.start_by(self.server.address(), more)
    }

    /// Starts a replica that reaches the API server at this address.
    pub(crate) fn start_by(&self, address: SocketAddr, more: &[&str]) -> Rayguard {
        self.start_in(&[], address, more)
    }

    /// Starts a replica with these environment variables.
    pub(crate) fn start_with_environment(&self, environment: &[String]) -> Rayguard {
        self.start_in(environment, self.server.address(), &[])
    }

    fn start_in(&self, environment: &[String], address: SocketAddr, more: &[&str]) -> Rayguard {
        let configuration = self.configuration();
        let mut args = vec!["--certificate-secret", "rayguard", "--service", "rayguard"];
        args.extend(["--webhook-configuration", &configuration, "--tls-name", "localhost,127.0.0.1"]);
        if !more.contains(&"--ca-settle") {
            args.extend(["--ca-settle", "2s"]);
        }
        args.extend(more);
        Rayguard::with_environment(environment, &self.kubeconfig(address), &args)
    }

    /// Returns the `caBundle` of each webhook of the two configurations, in PEM.
    pub(crate) fn ca_bundles(&self) -> Vec<String> {
        let bundles = ["mutating", "validating"].map(|kind| {
            let object = self.namespace.get(&format!("{kind}webhookconfiguration/{}", self.configuration()));
            let webhooks = object["webhooks"].as_array().expect("webhooks").clone();
            webhooks.iter().map(|webhook| decoded(&webhook["clientConfig"]["caBundle"])).collect::<Vec<_>>()
        });
        bundles.concat()
    }

    /// Returns a value of the Secret.
    pub(crate) fn secret(&self, key: &str) -> String {
        decoded(&self.namespace.get("secret/rayguard")["data"][key])
    }

    /// Removes keys from the Secret.
    pub(crate) fn remove(&self, keys: &[&str]) {
        let data: Map<_, _> = keys.iter().map(|key| ((*key).to_owned(), Value::Null)).collect();
        self.namespace.patch("secret/rayguard", &json!({"data": data}).to_string()).passes();
    }
}

fn decoded(base64: &Value) -> String {
    let bytes = BASE64_STANDARD.decode(base64.as_str().unwrap_or_default()).expect("base64");
    String::from_utf8(bytes).expect("PEM")
}

/// Waits until a replica is ready.
pub(crate) fn ready(rayguard: &Rayguard) {
    eventually("readiness", || (rayguard.ask_admin("/readyz").status == 200).then_some(()));
}
