//! The list of all rules.

// The documents of rules are written for users, not for rustdoc.
#![allow(clippy::doc_markdown)]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kubernetes::Subject;
use crate::placeholder;
use crate::ray::RayObject;
use crate::ray::serve::FaultKind;
use crate::ray::start::fault::Subject as StartSubject;
use crate::refusal::Refusal;
use crate::rule::{Findings, Rule};

mod autoscaled_group_without_cpu;
mod autoscaler_outside_gang;
mod autoscaler_restart_policy;
mod autoscaler_without_workers;
mod changed_immutable_field;
mod changed_kueue_label;
mod conflicting_autoscaler_version;
mod conflicting_fault_tolerance;
mod conflicting_group_resources;
mod conflicting_ports;
mod conflicting_sidecar_mode;
mod conflicting_storage_backend;
mod conflicting_tls_options;
mod contradictory_status;
mod dangling_redis_password;
mod deprecated_api_version;
mod disabled_feature;
mod duplicate_key;
mod duplicate_serve_application;
mod duplicate_worker_group;
mod empty_storage_namespace;
mod fault_tolerance_without_effect;
mod fixed_storage_namespace;
mod head_schedules_work;
mod head_without_memory_limit;
mod hidden_group_resources;
mod ineffective_exemption;
mod ineffective_fault_tolerance;
mod ineffective_in_place_resize;
mod ingress_without_class;
mod invalid_backoff_limit;
mod invalid_container;
mod invalid_container_port;
mod invalid_cron_schedule;
mod invalid_custom_resources;
mod invalid_deletion_rule;
mod invalid_deletion_strategy;
mod invalid_entrypoint_resources;
mod invalid_environment_variable;
mod invalid_group_label;
mod invalid_group_name;
mod invalid_history_server_options;
mod invalid_idle_timeout;
mod invalid_in_place_resize;
mod invalid_incremental_upgrade;
mod invalid_initializing_timeout;
mod invalid_job_deadline;
mod invalid_job_id;
mod invalid_job_ttl;
mod invalid_kueue_label;
mod invalid_kueue_topology;
mod invalid_name;
mod invalid_network_policy;
mod invalid_node_labels;
mod invalid_pod_metadata;
mod invalid_pod_spec;
mod invalid_probe;
mod invalid_ray_start_parameter;
mod invalid_reconnect_timeout;
mod invalid_replica_bounds;
mod invalid_resources;
mod invalid_runtime_env;
mod invalid_scheduling;
mod invalid_security_context;
mod invalid_serve_config;
mod invalid_serve_option;
mod invalid_service;
mod invalid_submitter_template;
mod invalid_upgrade_strategy;
mod invalid_volume;
mod invalid_volume_mount;
mod job_without_cluster;
mod legacy_fault_tolerance;
mod loopback_redis;
mod malformed_field;
mod malformed_redis_address;
mod mismatched_tpu_slice;
mod misplaced_ray_start_parameter;
mod misplaced_redis_username;
mod missing_container;
mod missing_redis_address;
mod missing_redis_password;
mod missing_secret;
mod missing_serve_config;
mod misspelled_variable;
mod named_head_service;
mod negative_deletion_delay;
mod network_policy_without_api_server;
mod network_policy_without_dns;
mod network_policy_without_operator;
mod network_policy_without_redis;
mod object_store_above_memory;
mod plaintext_redis_password;
mod pre_stop_ray_stop;
mod ray_container_not_first;
mod ray_version_mismatch;
mod redis_tls_without_ca;
mod removed_worker_group;
mod reserved_autoscaler_variable;
mod shared_rocksdb_claim;
mod shared_storage_namespace;
mod shell_in_job_fields;
mod shell_in_ray_start_params;
mod short_reconnect_timeout;
mod single_replica;
mod split_entrypoint;
mod suspended_worker_group;
mod system_config_reconnect_timeout;
mod undeclared_rocksdb;
mod unindented_quoted_text;
mod unknown_field;
mod unknown_ray_start_parameter;
mod unknown_reconnect_timeout;
mod unknown_serve_key;
mod unknown_time_zone;
mod unplaceable_entrypoint;
mod unreachable_dashboard;
mod unreachable_serve_proxy;
mod unreadable_entrypoint;
mod unreadable_group_resources;
mod unset_autoscaler_version;
mod unset_entrypoint_variable;
mod unspread_replicas;
mod unsupported_authentication;
mod unsupported_by_kueue;
mod unsupported_job_metadata;
mod unsupported_priority;
mod unsupported_rocksdb;
mod unsuspendable_job;
mod worker_group_named_headgroup;
mod worker_reconnect_timeout;

pub(crate) use contradictory_status::RULE as CONTRADICTORY_STATUS;
pub(crate) use fault_tolerance_without_effect::RULE as FAULT_TOLERANCE_WITHOUT_EFFECT;
pub(crate) use fixed_storage_namespace::RULE as FIXED_STORAGE_NAMESPACE;
pub(crate) use head_schedules_work::RULE as HEAD_SCHEDULES_WORK;
pub use ineffective_exemption::RULE as INEFFECTIVE_EXEMPTION;
pub(crate) use invalid_reconnect_timeout::RULE as INVALID_RECONNECT_TIMEOUT;
pub(crate) use invalid_upgrade_strategy::RULE as INVALID_UPGRADE_STRATEGY;
pub(crate) use loopback_redis::RULE as LOOPBACK_REDIS;
pub(crate) use malformed_field::RULE as MALFORMED_FIELD;
pub(crate) use missing_redis_address::RULE as MISSING_REDIS_ADDRESS;
pub(crate) use missing_secret::RULE as MISSING_SECRET;
pub(crate) use missing_serve_config::RULE as MISSING_SERVE_CONFIG;
pub(crate) use network_policy_without_redis::RULE as NETWORK_POLICY_WITHOUT_REDIS;
pub(crate) use pre_stop_ray_stop::RULE as PRE_STOP_RAY_STOP;
pub(crate) use redis_tls_without_ca::RULE as REDIS_TLS_WITHOUT_CA;
pub use shared_storage_namespace::RULE as SHARED_STORAGE_NAMESPACE;
pub(crate) use unknown_field::RULE as UNKNOWN_FIELD;
pub(crate) use worker_reconnect_timeout::RULE as WORKER_RECONNECT_TIMEOUT;

/// Every rule, in the order in which they are listed and reported.
pub static RULES: &[&Rule] = &[
    // The reconnect timeouts of the workers and the head.
    &worker_reconnect_timeout::RULE,
    &invalid_reconnect_timeout::RULE,
    &unknown_reconnect_timeout::RULE,
    &short_reconnect_timeout::RULE,
    &system_config_reconnect_timeout::RULE,
    // The storage in which the head finds its state after a restart.
    &conflicting_fault_tolerance::RULE,
    &ineffective_fault_tolerance::RULE,
    &fault_tolerance_without_effect::RULE,
    &missing_redis_address::RULE,
    &malformed_redis_address::RULE,
    &loopback_redis::RULE,
    &redis_tls_without_ca::RULE,
    &missing_redis_password::RULE,
    &dangling_redis_password::RULE,
    &plaintext_redis_password::RULE,
    &missing_secret::RULE,
    &empty_storage_namespace::RULE,
    &fixed_storage_namespace::RULE,
    &shared_storage_namespace::RULE,
    &shared_rocksdb_claim::RULE,
    &legacy_fault_tolerance::RULE,
    &misspelled_variable::RULE,
    // The containers and Pods, and how they start and stop.
    &ray_container_not_first::RULE,
    &head_schedules_work::RULE,
    &head_without_memory_limit::RULE,
    &pre_stop_ray_stop::RULE,
    &single_replica::RULE,
    &unspread_replicas::RULE,
    &unset_autoscaler_version::RULE,
    &ray_version_mismatch::RULE,
    &shell_in_ray_start_params::RULE,
    // The checks of KubeRay and the API server.
    &malformed_field::RULE,
    &unknown_field::RULE,
    &duplicate_key::RULE,
    &unindented_quoted_text::RULE,
    &deprecated_api_version::RULE,
    &changed_immutable_field::RULE,
    &invalid_name::RULE,
    &invalid_upgrade_strategy::RULE,
    &duplicate_worker_group::RULE,
    &missing_container::RULE,
    &conflicting_group_resources::RULE,
    &invalid_group_label::RULE,
    &invalid_replica_bounds::RULE,
    &suspended_worker_group::RULE,
    &conflicting_autoscaler_version::RULE,
    &autoscaler_restart_policy::RULE,
    &invalid_idle_timeout::RULE,
    &unsupported_priority::RULE,
    &reserved_autoscaler_variable::RULE,
    &misplaced_redis_username::RULE,
    &conflicting_storage_backend::RULE,
    &disabled_feature::RULE,
    &unsupported_authentication::RULE,
    &invalid_history_server_options::RULE,
    &invalid_network_policy::RULE,
    &conflicting_tls_options::RULE,
    &invalid_serve_config::RULE,
    &named_head_service::RULE,
    &negative_deletion_delay::RULE,
    &invalid_incremental_upgrade::RULE,
    &invalid_initializing_timeout::RULE,
    &job_without_cluster::RULE,
    &conflicting_sidecar_mode::RULE,
    &unsuspendable_job::RULE,
    &invalid_backoff_limit::RULE,
    &invalid_job_deadline::RULE,
    &invalid_job_ttl::RULE,
    &invalid_deletion_strategy::RULE,
    &invalid_deletion_rule::RULE,
    &invalid_runtime_env::RULE,
    &contradictory_status::RULE,
    &invalid_cron_schedule::RULE,
    &unknown_time_zone::RULE,
    // Kubernetes: the containers of Pods.
    &invalid_container::RULE,
    &invalid_environment_variable::RULE,
    &invalid_container_port::RULE,
    &invalid_probe::RULE,
    &invalid_resources::RULE,
    &invalid_volume_mount::RULE,
    &invalid_security_context::RULE,
    // Kubernetes: the Pods.
    &invalid_volume::RULE,
    &invalid_scheduling::RULE,
    &invalid_pod_spec::RULE,
    &invalid_pod_metadata::RULE,
    &invalid_group_name::RULE,
    // Kubernetes: Services and Jobs.
    &invalid_service::RULE,
    &invalid_submitter_template::RULE,
    // Ray: the parameters of ray start.
    &unknown_ray_start_parameter::RULE,
    &invalid_ray_start_parameter::RULE,
    &misplaced_ray_start_parameter::RULE,
    &conflicting_ports::RULE,
    &invalid_custom_resources::RULE,
    &invalid_node_labels::RULE,
    &object_store_above_memory::RULE,
    &unsupported_rocksdb::RULE,
    &undeclared_rocksdb::RULE,
    // Ray: the autoscaler.
    &autoscaler_without_workers::RULE,
    &autoscaled_group_without_cpu::RULE,
    &unreadable_group_resources::RULE,
    &hidden_group_resources::RULE,
    &worker_group_named_headgroup::RULE,
    &invalid_in_place_resize::RULE,
    &ineffective_in_place_resize::RULE,
    &removed_worker_group::RULE,
    // Ray: Serve.
    &missing_serve_config::RULE,
    &invalid_serve_option::RULE,
    &duplicate_serve_application::RULE,
    &unknown_serve_key::RULE,
    &unreachable_serve_proxy::RULE,
    // Ray: jobs.
    &unreadable_entrypoint::RULE,
    &split_entrypoint::RULE,
    &unset_entrypoint_variable::RULE,
    &shell_in_job_fields::RULE,
    &invalid_entrypoint_resources::RULE,
    &invalid_job_id::RULE,
    &unsupported_job_metadata::RULE,
    &unplaceable_entrypoint::RULE,
    &unreachable_dashboard::RULE,
    // Networks, and what runs next to KubeRay.
    &network_policy_without_dns::RULE,
    &network_policy_without_api_server::RULE,
    &network_policy_without_redis::RULE,
    &network_policy_without_operator::RULE,
    &ingress_without_class::RULE,
    &autoscaler_outside_gang::RULE,
    &mismatched_tpu_slice::RULE,
    // Kueue.
    &unsupported_by_kueue::RULE,
    &invalid_kueue_label::RULE,
    &invalid_kueue_topology::RULE,
    &changed_kueue_label::RULE,
    // This rule reads the findings of all other rules.
    &ineffective_exemption::RULE,
];

/// Returns a Markdown table of all rules. The links to their documents are relative to the root of the repository.
pub fn markdown_table() -> String {
    let mut table = String::from("| rule | category | level | `--fix` | finds |\n| --- | --- | --- | --- | --- |\n");
    for rule in RULES {
        let Rule { name, category, level, summary, .. } = rule;
        let file = name.replace('-', "_");
        let fix = if rule.fix_note().is_some() { "yes" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "| [{name}](crates/policy/src/rules/{file}.md) | {category} | {level} | {fix} | {summary} |"
        );
    }
    table
}

/// Returns the names of all rules.
pub fn names() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.name).collect()
}

/// Returns the rule of this name.
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}

/// Reports what another program refuses about a subject. A placeholder that is at several fields is reported once,
/// because one replacement corrects all of them.
fn report<Subject: PartialEq>(
    object: &RayObject<'_>,
    refusals: &[Refusal<Subject>],
    subject: &Subject,
    findings: &mut Findings,
) {
    let mut reported = BTreeSet::new();
    for refusal in refusals.iter().filter(|refusal| refusal.subject == *subject) {
        let placeholder = placeholder_at(object, &refusal.path);
        if placeholder.is_some_and(|text| !reported.insert((text, refusal.is_uncertain))) {
            continue;
        }
        let help = if placeholder.is_some() { placeholder::HELP } else { &refusal.help };
        let finding = findings.report(refusal.reason, refusal.path.clone(), &refusal.message, help);
        finding.fix.clone_from(&refusal.fix);
        finding.is_about_key = refusal.is_about_key;
        if refusal.is_uncertain {
            finding.at_most_warn();
        }
    }
}

/// Returns the text of a field if it has a placeholder.
fn placeholder_at<'o>(object: &RayObject<'o>, path: &FieldPath) -> Option<&'o str> {
    path.value(object.json).and_then(Json::as_str).filter(|text| placeholder::is_placeholder(text))
}

/// Reports what Kubernetes refuses about a subject.
fn report_kubernetes(context: &Context<'_, '_>, subject: Subject, findings: &mut Findings) {
    let violations = context.object.kubernetes_violations(&context.settings.kuberay);
    report(context.object, violations.all(), &subject, findings);
}

/// Reports the faults of a kind that the Serve configuration has.
fn report_serve(context: &Context<'_, '_>, kind: FaultKind, findings: &mut Findings) {
    for fault in context.serve_config().faults(kind) {
        let message = format!("{} {}", fault.path, fault.message);
        let finding = findings.report(fault.reason, RayObject::serve_config_path(), message, &*fault.help);
        finding.within(&fault.at);
        if !fault.is_certain {
            finding.at_most_warn();
        }
    }
}

/// Reports what `ray start` refuses about a subject.
fn report_start(context: &Context<'_, '_>, subject: StartSubject, findings: &mut Findings) {
    report(context.object, context.object.start_faults(context.settings.kuberay.version), &subject, findings);
}
