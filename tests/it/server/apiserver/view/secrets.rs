//! Secrets, of which rayguard may know the names of the keys.

use super::{Account, ApiServer, cluster, complete};
use crate::server::apiserver::Namespace;
use crate::server::process::{Rayguard, eventually};

/// What the API server shows to whoever creates a cluster in the namespace.
fn said(namespace: &Namespace<'_>) -> String {
    let object = cluster("cluster", "redis:6379", "own").to_string();
    namespace.send("create --dry-run=server -f -", &object).passes().stderr
}

/// Waits for a warning, or for none.
#[track_caller]
fn says(namespace: &Namespace<'_>, warning: Option<&str>) {
    eventually(warning.unwrap_or("no warning"), || {
        let said = said(namespace);
        warning.map_or(!said.contains("missing-secret"), |warning| said.contains(warning)).then_some(())
    });
}

fn rights(namespace: &Namespace<'_>, names: &str) {
    let name = &namespace.name;
    namespace.kubectl(format!("create role secrets --verb=list,watch --resource=secrets {names}").trim_end()).passes();
    let binding = format!("create rolebinding secrets --role=secrets --serviceaccount={name}:rayguard");
    namespace.kubectl(&binding).passes();
}

/// In the namespace, Secrets come and go.
fn come_and_go(namespace: &Namespace<'_>, rayguard: &Rayguard) {
    complete(rayguard, "secrets");
    namespace.guard(rayguard);
    let absent = format!("there is no Secret \"redis\" in the namespace {}: the head cannot start", namespace.name);
    says(namespace, Some(&absent));
    namespace.kubectl("create secret generic redis --from-literal=pasword=hunter2").passes();
    says(
        namespace,
        Some(
            "the Secret \"redis\" has no key \"password\": the head cannot start; write \"pasword\", or add the key \
             \"password\" to the Secret",
        ),
    );
    namespace.patch("secret/redis", r#"{"stringData": {"password": "hunter2"}}"#).passes();
    says(namespace, None);
    namespace.kubectl("delete secret redis").passes();
    says(namespace, Some("there is no Secret \"redis\""));
    assert!(!rayguard.log().contains("hunter2"));
}

#[test]
fn a_secret_that_is_not_there_is_warned_of_where_its_namespace_is_watched() {
    let server = ApiServer::shared();
    let namespace = server.namespace("view-secrets");
    let account = Account::new(server, &namespace);
    rights(&namespace, "");
    come_and_go(&namespace, &account.start(&["--watch-secrets", "view-secrets"]));
}

#[test]
fn of_one_secret_the_right_to_that_one_will_do() {
    let server = ApiServer::shared();
    let namespace = server.namespace("view-secret");
    let account = Account::new(server, &namespace);
    rights(&namespace, "--resource-name=redis");
    come_and_go(&namespace, &account.start(&["--watch-secrets", "view-secret/redis"]));
}

#[test]
fn of_other_secrets_nothing_is_said() {
    let server = ApiServer::shared();
    let [namespace, other] = ["view-secret-own", "view-secret-other"].map(|name| server.namespace(name));
    let account = Account::new(server, &namespace);
    rights(&namespace, "");
    let rayguard = account.start(&["--watch-secrets", "view-secret-own/another,view-secret-other/redis"]);
    namespace.guard(&rayguard);
    // One is not to be looked at, the other not allowed.
    says(&namespace, None);
    assert_eq!(rayguard.metric(r#"rayguard_view_unanswered_total{source="secrets"}"#), 0, "nobody asked for it");
    other.guard(&rayguard);
    says(&other, None);
    assert_eq!(rayguard.metric(r#"rayguard_view_complete{source="secrets"}"#), 0);
    assert!(rayguard.metric(r#"rayguard_view_unanswered_total{source="secrets"}"#) > 0);
    let said = rayguard.logged("cannot watch them; trying again, and the rules that ask for them say nothing");
    assert_eq!(said["object"], "Secrets view-secret-other/redis");
}
