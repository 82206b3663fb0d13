//! Which rules CEL can express, and why not the others.

use crate::rule::Rule;

/// What CEL makes of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expression {
    /// The text of the rule's own file.
    Cel(&'static str),
    /// Nothing, for this reason.
    No(&'static str),
}
use Expression::{Cel, No};

/// What CEL makes of each rule.
const EXPRESSIONS: &[(&str, Expression)] = &[
    ("worker-reconnect-timeout", Cel(include_str!("../rules/worker_reconnect_timeout.cel.yaml"))),
    ("invalid-reconnect-timeout", Cel(include_str!("../rules/invalid_reconnect_timeout.cel.yaml"))),
    ("unknown-reconnect-timeout", Cel(include_str!("../rules/unknown_reconnect_timeout.cel.yaml"))),
    ("short-reconnect-timeout", Cel(include_str!("../rules/short_reconnect_timeout.cel.yaml"))),
    ("system-config-reconnect-timeout", Cel(include_str!("../rules/system_config_reconnect_timeout.cel.yaml"))),
    ("conflicting-fault-tolerance", Cel(include_str!("../rules/conflicting_fault_tolerance.cel.yaml"))),
    ("ineffective-fault-tolerance", Cel(include_str!("../rules/ineffective_fault_tolerance.cel.yaml"))),
    ("fault-tolerance-without-effect", Cel(include_str!("../rules/fault_tolerance_without_effect.cel.yaml"))),
    ("missing-redis-address", Cel(include_str!("../rules/missing_redis_address.cel.yaml"))),
    ("malformed-redis-address", Cel(include_str!("../rules/malformed_redis_address.cel.yaml"))),
    ("loopback-redis", Cel(include_str!("../rules/loopback_redis.cel.yaml"))),
    ("redis-tls-without-ca", Cel(include_str!("../rules/redis_tls_without_ca.cel.yaml"))),
    ("missing-redis-password", Cel(include_str!("../rules/missing_redis_password.cel.yaml"))),
    ("dangling-redis-password", Cel(include_str!("../rules/dangling_redis_password.cel.yaml"))),
    ("plaintext-redis-password", Cel(include_str!("../rules/plaintext_redis_password.cel.yaml"))),
    ("missing-secret", No("it asks for another object")),
    ("empty-storage-namespace", Cel(include_str!("../rules/empty_storage_namespace.cel.yaml"))),
    ("fixed-storage-namespace", Cel(include_str!("../rules/fixed_storage_namespace.cel.yaml"))),
    ("shared-storage-namespace", No("it asks for other objects")),
    ("shared-rocksdb-claim", Cel(include_str!("../rules/shared_rocksdb_claim.cel.yaml"))),
    ("legacy-fault-tolerance", Cel(include_str!("../rules/legacy_fault_tolerance.cel.yaml"))),
    ("misspelled-variable", No("it measures how many letters two names differ in")),
    ("ray-container-not-first", Cel(include_str!("../rules/ray_container_not_first.cel.yaml"))),
    ("head-schedules-work", Cel(include_str!("../rules/head_schedules_work.cel.yaml"))),
    ("head-without-memory-limit", Cel(include_str!("../rules/head_without_memory_limit.cel.yaml"))),
    ("pre-stop-ray-stop", Cel(include_str!("../rules/pre_stop_ray_stop.cel.yaml"))),
    ("single-replica", No("what is asked for stands in the YAML of `serveConfigV2`, which CEL cannot read")),
    ("unspread-replicas", No("what is asked for stands in the YAML of `serveConfigV2`, which CEL cannot read")),
    ("unset-autoscaler-version", Cel(include_str!("../rules/unset_autoscaler_version.cel.yaml"))),
    (
        "ray-version-mismatch",
        No("it reads versions out of images' tags, and CEL knows versions only since Kubernetes 1.34"),
    ),
    (
        "shell-in-ray-start-params",
        No("what bash makes of quotes and braces within each other, no regular expression tells"),
    ),
    ("malformed-field", No("the API server does the same before it asks any policy")),
    ("unknown-field", No("the API server drops the field before it asks any policy")),
    ("deprecated-api-version", Cel(include_str!("../rules/deprecated_api_version.cel.yaml"))),
    ("changed-immutable-field", Cel(include_str!("../rules/changed_immutable_field.cel.yaml"))),
    ("invalid-name", Cel(include_str!("../rules/invalid_name.cel.yaml"))),
    ("invalid-upgrade-strategy", Cel(include_str!("../rules/invalid_upgrade_strategy.cel.yaml"))),
    ("duplicate-worker-group", Cel(include_str!("../rules/duplicate_worker_group.cel.yaml"))),
    ("missing-container", Cel(include_str!("../rules/missing_container.cel.yaml"))),
    ("conflicting-group-resources", Cel(include_str!("../rules/conflicting_group_resources.cel.yaml"))),
    ("invalid-group-label", Cel(include_str!("../rules/invalid_group_label.cel.yaml"))),
    ("invalid-replica-bounds", Cel(include_str!("../rules/invalid_replica_bounds.cel.yaml"))),
    ("suspended-worker-group", Cel(include_str!("../rules/suspended_worker_group.cel.yaml"))),
    ("conflicting-autoscaler-version", Cel(include_str!("../rules/conflicting_autoscaler_version.cel.yaml"))),
    ("autoscaler-restart-policy", Cel(include_str!("../rules/autoscaler_restart_policy.cel.yaml"))),
    ("invalid-idle-timeout", Cel(include_str!("../rules/invalid_idle_timeout.cel.yaml"))),
    ("unsupported-priority", Cel(include_str!("../rules/unsupported_priority.cel.yaml"))),
    ("reserved-autoscaler-variable", Cel(include_str!("../rules/reserved_autoscaler_variable.cel.yaml"))),
    ("misplaced-redis-username", Cel(include_str!("../rules/misplaced_redis_username.cel.yaml"))),
    ("conflicting-storage-backend", Cel(include_str!("../rules/conflicting_storage_backend.cel.yaml"))),
    ("disabled-feature", Cel(include_str!("../rules/disabled_feature.cel.yaml"))),
    ("unsupported-authentication", Cel(include_str!("../rules/unsupported_authentication.cel.yaml"))),
    ("invalid-history-server-options", Cel(include_str!("../rules/invalid_history_server_options.cel.yaml"))),
    (
        "invalid-network-policy",
        No("its places are counted in lists without keys, and CEL of Kubernetes 1.30 cannot count"),
    ),
    ("conflicting-tls-options", Cel(include_str!("../rules/conflicting_tls_options.cel.yaml"))),
    ("invalid-serve-config", No("it reads the YAML of `serveConfigV2`, which CEL cannot")),
    ("named-head-service", Cel(include_str!("../rules/named_head_service.cel.yaml"))),
    ("negative-deletion-delay", Cel(include_str!("../rules/negative_deletion_delay.cel.yaml"))),
    ("invalid-incremental-upgrade", Cel(include_str!("../rules/invalid_incremental_upgrade.cel.yaml"))),
    ("invalid-initializing-timeout", No("CEL can read a duration, but not ask whether a text is one")),
    ("job-without-cluster", Cel(include_str!("../rules/job_without_cluster.cel.yaml"))),
    ("conflicting-sidecar-mode", Cel(include_str!("../rules/conflicting_sidecar_mode.cel.yaml"))),
    ("unsuspendable-job", Cel(include_str!("../rules/unsuspendable_job.cel.yaml"))),
    ("invalid-backoff-limit", Cel(include_str!("../rules/invalid_backoff_limit.cel.yaml"))),
    ("invalid-job-deadline", Cel(include_str!("../rules/invalid_job_deadline.cel.yaml"))),
    ("invalid-job-ttl", Cel(include_str!("../rules/invalid_job_ttl.cel.yaml"))),
    ("invalid-deletion-strategy", Cel(include_str!("../rules/invalid_deletion_strategy.cel.yaml"))),
    (
        "invalid-deletion-rule",
        No("its places are counted in lists without keys, and CEL of Kubernetes 1.30 cannot count"),
    ),
    ("invalid-runtime-env", No("it reads the YAML of `runtimeEnvYAML`, which CEL cannot")),
    ("contradictory-status", No("it is about the status, which objects do not have yet when they are created")),
    ("invalid-cron-schedule", No("it reads a schedule as the operator does, field by field")),
    ("unknown-time-zone", No("CEL has no list of time zones")),
    ("ineffective-exemption", No("it is about what all other rules find")),
];

/// What CEL makes of a rule. Of each rule it is said; a test asks for it.
pub(super) fn of(rule: &Rule) -> Expression {
    let said = EXPRESSIONS.iter().find(|(name, _)| *name == rule.name);
    said.map_or(No("it is not said"), |(_, expression)| *expression)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn of_each_rule_it_is_said_once_in_the_order_of_the_rules() {
        let said: Vec<_> = EXPRESSIONS.iter().map(|(name, _)| *name).collect();
        let rules: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
        let unsaid: Vec<_> = rules.iter().filter(|rule| !said.contains(rule)).collect();
        assert!(unsaid.is_empty(), "write a line into EXPRESSIONS for each, Cel(…) or No(\"why\"): {unsaid:?}");
        assert_eq!(said, rules);
    }
}
