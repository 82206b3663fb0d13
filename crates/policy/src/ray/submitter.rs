//! The submitter of a job: a container in which bash runs `ray job submit`.
//!
//! KubeRay joins the command and the fields of the job with blanks, and `/bin/bash -ce` runs the line
//! (`BuildJobSubmitCommand`, ray-operator/controllers/ray/common/job.go:85 at v1.6.2, and `configureSubmitterContainer`,
//! `rayjob_controller.go`:607). KubeRay 1.1 and 1.2 used no shell.

use std::borrow::Cow;
use std::collections::HashSet;

use rayguard_manifest::json::Json;

use super::{Job, RayObject};
use crate::bash::Around;
use crate::kuberay::{FeatureGate, KubeRay, Version};

/// The submitter of a job.
#[derive(Clone, Copy, Debug)]
pub struct Submitter<'a> {
    /// The job.
    pub job: Job<'a>,
    /// How the entrypoint is in the line.
    pub around: Around,
    /// The submitter's container in the user's template, if there is one.
    container: &'a Json<'a>,
}

impl<'a> RayObject<'a> {
    /// Returns the submitter whose line contains the entrypoint; `None` where the job is submitted without one, or where
    /// the user's template has a command.
    pub fn submitter(&self, kuberay: &KubeRay) -> Option<Submitter<'a>> {
        let job = self.job()?;
        if kuberay.version < Version::v1(3) || job.json.is_null() {
            return None;
        }
        match job.submission_mode() {
            "" | "K8sJobMode" => {
                let template = job.json.descend(["submitterPodTemplate", "spec", "containers"]);
                let container = template.items().first().unwrap_or(&Json::Null);
                let has_command = !container.field("command").items().is_empty();
                (!has_command).then_some(Submitter { job, around: Around::Condition, container })
            }
            "SidecarMode" => {
                let restarts = kuberay.is_enabled(FeatureGate::SidecarSubmitterRestart);
                let around = if restarts { Around::Condition } else { Around::Sequence };
                Some(Submitter { job, around, container: &Json::Null })
            }
            _ => None,
        }
    }
}

impl Submitter<'_> {
    /// Returns a text as bash reads it, after kubelet has replaced each `$(NAME)` by a variable of the container; `None`
    /// where the object does not contain the variable's value.
    pub fn expand<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        if !text.contains("$$") && !text.contains("$(") {
            return Some(Cow::Borrowed(text));
        }
        let variables = self.variables();
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            expanded.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(escaped) = rest.strip_prefix('$') {
                rest = escaped;
            } else if let Some(open) = rest.strip_prefix('(')
                && let Some(length) = open.bytes().position(|byte| byte == b')' || !is_of_name(byte))
                && open[length..].starts_with(')')
                && (variables.contains(&open[..length]) || self.may_have(&open[..length]))
            {
                return None;
            }
            expanded.push('$');
        }
        expanded.push_str(rest);
        if expanded == text { Some(Cow::Borrowed(text)) } else { Some(Cow::Owned(expanded)) }
    }

    /// Returns the names of the container's variables: the user's and KubeRay's.
    fn variables(&self) -> HashSet<&str> {
        let users = self.container.field("env").items().iter().filter_map(|var| var.field("name").as_str());
        users.chain(["PYTHONUNBUFFERED", "RAY_DASHBOARD_ADDRESS", "RAY_JOB_SUBMISSION_ID"]).collect()
    }

    /// Reports whether a variable is set neither in the container nor, as far as the object says, by anything else.
    pub fn lacks(&self, name: &str) -> bool {
        !self.variables().contains(name) && !self.may_have(name)
    }

    /// Reports whether the container may have a variable that is not in the object: that of a Service, or of `envFrom`.
    fn may_have(&self, name: &str) -> bool {
        let is_services = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT"].iter().any(|part| name.contains(part));
        is_services || name.starts_with("RAY_AUTH_") || !self.container.field("envFrom").items().is_empty()
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}
