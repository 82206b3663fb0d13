//! Watched Secrets, of which rayguard reads only the names of the keys.

use super::{Account, ApiServer, cluster, wait_until_synced};
use crate::server::apiserver::Namespace;
use crate::server::process::{Rayguard, eventually};

/// Returns the warnings for a user who creates a cluster in the namespace.
fn warnings(namespace: &Namespace<'_>) -> String {
    let object = cluster("cluster", "redis:6379", "own").to_string();
    namespace.send("create --dry-run=server -f -", &object).passes().stderr
}

/// Waits for a warning, or for none.
#[track_caller]
fn wait_for_warning(namespace: &Namespace<'_>, warning: Option<&str>) {
    eventually(warning.unwrap_or("no warning"), || {
        let warnings = warnings(namespace);
        warning.map_or(!warnings.contains("missing-secret"), |warning| warnings.contains(warning)).then_some(())
    });
}

fn grant(namespace: &Namespace<'_>, names: &str) {
    let name = &namespace.name;
    namespace.kubectl(format!("create role secrets --verb=list,watch --resource=secrets {names}").trim_end()).passes();
    let binding = format!("create rolebinding secrets --role=secrets --serviceaccount={name}:rayguard");
    namespace.kubectl(&binding).passes();
}

/// Creates, changes and deletes a Secret in the namespace, and checks the warnings.
fn check_warnings(namespace: &Namespace<'_>, rayguard: &Rayguard) {
    wait_until_synced(rayguard, "secrets");
    namespace.guard(rayguard);
    let absent = format!("there is no Secret \"redis\" in the namespace {}: the head cannot start", namespace.name);
    wait_for_warning(namespace, Some(&absent));
    namespace.kubectl("create secret generic redis --from-literal=pasword=hunter2").passes();
    wait_for_warning(
        namespace,
        Some(
            "the Secret \"redis\" has no key \"password\": the head cannot start; write \"pasword\", or add the key \
             \"password\" to the Secret",
        ),
    );
    namespace.patch("secret/redis", r#"{"stringData": {"password": "hunter2"}}"#).passes();
    wait_for_warning(namespace, None);
    namespace.kubectl("delete secret redis").passes();
    wait_for_warning(namespace, Some("there is no Secret \"redis\""));
    assert!(!rayguard.log().contains("hunter2"));
}

#[test]
fn a_missing_secret_is_a_warning_if_its_namespace_is_watched() {
    let server = ApiServer::shared();
    let namespace = server.namespace("view-secrets");
    let account = Account::new(server, &namespace);
    grant(&namespace, "");
    check_warnings(&namespace, &account.start(&["--watch-secrets", "view-secrets"]));
}

#[test]
fn list_and_watch_on_a_single_secret_suffice() {
    let server = ApiServer::shared();
    let namespace = server.namespace("view-secret");
    let account = Account::new(server, &namespace);
    grant(&namespace, "--resource-name=redis");
    check_warnings(&namespace, &account.start(&["--watch-secrets", "view-secret/redis"]));
}

#[test]
fn unwatched_secrets_cause_no_warning() {
    let server = ApiServer::shared();
    let [namespace, other] = ["view-secret-own", "view-secret-other"].map(|name| server.namespace(name));
    let account = Account::new(server, &namespace);
    grant(&namespace, "");
    let rayguard = account.start(&["--watch-secrets", "view-secret-own/another,view-secret-other/redis"]);
    namespace.guard(&rayguard);
    // One Secret is not in the list, and rayguard may not read the other.
    wait_for_warning(&namespace, None);
    assert_eq!(rayguard.metric(r#"rayguard_view_unanswered_total{source="secrets"}"#), 0, "no rule needed it");
    other.guard(&rayguard);
    wait_for_warning(&other, None);
    assert_eq!(rayguard.metric(r#"rayguard_view_complete{source="secrets"}"#), 0);
    assert!(rayguard.metric(r#"rayguard_view_unanswered_total{source="secrets"}"#) > 0);
    let line = rayguard.logged("cannot watch these objects; retrying, and rules that need them report nothing");
    assert_eq!(line["object"], "Secrets view-secret-other/redis");
}
