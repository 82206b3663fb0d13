//! The keys of the policy file: what each is for, and the form of its value. Everything that the file may contain is
//! described here: the reader, the JSON Schema and the documentation site come from it.

use super::form::{Choice, Constant, Key, List, Map, OneOf, Seconds};
use super::installed::InstalledPrograms;
use super::kuberay::{FeatureGates, KubeRayVersion};
use super::rule_names::{ExemptRules, Levels, ObjectExemptions};
use super::template::PodTemplate;
use super::text::{ClusterDomain, Namespaces, Reason};
use crate::defaults::{Defaults, HeadNumCpus, PodTemplates, WorkerReconnectTimeout};
use crate::kuberay::KubeRay;
use crate::policy::{Exemption, Policy, Settings, Webhook};
use crate::rule::Level;

/// The keys of the file. A key is read after the keys above it, whatever the order in the file.
pub(super) static POLICY: &[Key<Policy>] = &[
    Key::required("apiVersion", "The version of this format.", &Constant("rayguard.dev/v1alpha1")),
    Key::required("kind", "The type of the file.", &Constant("Policy")),
    Key::optional(
        "kuberay",
        "KubeRay's operator in the cluster.",
        &Map { keys: KUBERAY, place: |policy: &mut Policy| &mut policy.settings.kuberay },
    ),
    Key::optional("installed", "What else checks KubeRay's objects in the cluster.", &InstalledPrograms),
    Key::optional(
        "webhook",
        "Whether rayguard's webhook is in the cluster that the objects are for. `rayguard check` applies the defaults of \
         the webhook unless it is `absent`. If nothing is said, it warns where only a default prevents a refusal.",
        &OneOf { choices: WEBHOOK, place: |policy: &mut Policy| &mut policy.webhook },
    ),
    Key::optional(
        "highestLevel",
        "The highest level of any rule. Without it, each rule has its own level.",
        &OneOf { choices: HIGHEST_LEVEL, place: |policy: &mut Policy| &mut policy.highest_level },
    ),
    Key::optional("rules", "The levels of single rules, if not their own.", &Levels(LEVELS)),
    Key::optional(
        "settings",
        "What rules and defaults assume.",
        &Map { keys: SETTINGS, place: |policy: &mut Policy| &mut policy.settings },
    ),
    Key::optional(
        "defaults",
        "What the webhook writes into RayClusters and RayServices that do not set it.",
        &Map { keys: DEFAULTS, place: |policy: &mut Policy| &mut policy.defaults },
    ),
    Key::optional(
        "exemptions",
        "Rules that are off in some namespaces.",
        &List { items: "exemptions", keys: EXEMPTION, place: |policy: &mut Policy| &mut policy.exemptions },
    ),
    Key::optional(
        "objectExemptions",
        "The rules from which an object may exempt itself in the webhook, by an annotation \
         `rayguard.dev/ignore-RULE: \"why\"`: a list of rules, or `all`.",
        &ObjectExemptions,
    ),
];

static KUBERAY: &[Key<KubeRay>] = &[
    Key::optional(
        "version",
        "The minor version of KubeRay's operator, which determines fields, checks and defaults. In quotes.",
        &KubeRayVersion,
    ),
    Key::optional(
        "featureGates",
        "The feature gates that are set for the operator. The others have the operator's defaults.",
        &FeatureGates,
    ),
];

static WEBHOOK: &[Choice<Option<Webhook>>] = &[
    Choice {
        name: "installed",
        value: Some(Webhook::Installed),
        about: "The webhook writes the defaults into each object.",
    },
    Choice {
        name: "absent",
        value: Some(Webhook::Absent),
        about: "Objects are stored without the defaults. The webhook itself refuses such a policy.",
    },
];

const DENY: &str = "An object with a finding is refused.";
const WARN: &str = "An object with a finding is admitted with a warning.";
const AUDIT: &str = "A finding is only in the metrics and the audit log.";

static HIGHEST_LEVEL: &[Choice<Option<Level>>] = &[
    Choice { name: "deny", value: Some(Level::Deny), about: DENY },
    Choice { name: "warn", value: Some(Level::Warn), about: "Nothing is refused." },
    Choice { name: "audit", value: Some(Level::Audit), about: "Nothing is refused, and there are no warnings." },
];

static LEVELS: &[Choice<Level>] = &[
    Choice { name: "deny", value: Level::Deny, about: DENY },
    Choice { name: "warn", value: Level::Warn, about: WARN },
    Choice { name: "audit", value: Level::Audit, about: AUDIT },
    Choice { name: "off", value: Level::Off, about: "The rule does not run." },
];

static SETTINGS: &[Key<Settings>] = &[
    Key::optional(
        "shortWorkerReconnectTimeoutSeconds",
        "A worker's reconnect timeout below this is reported as short.",
        &Seconds(|settings: &mut Settings| &mut settings.short_worker_reconnect_timeout),
    ),
    Key::optional(
        "reconnectTimeoutMarginSeconds",
        "A worker's reconnect timeout that exceeds the head's by less than this is reported as short.",
        &Seconds(|settings: &mut Settings| &mut settings.reconnect_timeout_margin),
    ),
    Key::optional(
        "assumedHeadReconnectTimeoutSeconds",
        "The reconnect timeout of a head that sets none. Change it only if the operator adds another one to every \
         container (`defaultContainerEnvs`).",
        &Seconds(|settings: &mut Settings| &mut settings.assumed_head_reconnect_timeout),
    ),
    Key::optional(
        "clusterDomain",
        "The DNS domain of the full names of Services, for comparing Redis addresses.",
        &ClusterDomain,
    ),
];

static DEFAULTS: &[Key<Defaults>] = &[
    Key::optional(
        "workerReconnectTimeout",
        "The reconnect timeout for workers of a fault-tolerant cluster that set none.",
        &OneOf {
            choices: WORKER_RECONNECT_TIMEOUT,
            place: |defaults: &mut Defaults| &mut defaults.worker_reconnect_timeout,
        },
    ),
    Key::optional(
        "headNumCpus",
        "The `num-cpus` for the head of a fault-tolerant cluster that sets none.",
        &OneOf { choices: HEAD_NUM_CPUS, place: |defaults: &mut Defaults| &mut defaults.head_num_cpus },
    ),
    Key::optional(
        "podTemplate",
        "Parts of Pod templates, as a strategic merge patch below the user's: lists are merged by their merge key, and \
         the user's value wins.",
        &Map { keys: POD_TEMPLATE, place: |defaults: &mut Defaults| &mut defaults.pod_template },
    ),
];

static WORKER_RECONNECT_TIMEOUT: &[Choice<WorkerReconnectTimeout>] = &[
    Choice {
        name: "explicit",
        value: WorkerReconnectTimeout::Explicit,
        about: "KubeRay's 600 s, or 540 s more than the head's if that is longer.",
    },
    Choice {
        name: "repair",
        value: WorkerReconnectTimeout::Repair,
        about: "540 s more than the head's, but only if KubeRay's 600 s would not exceed the head's.",
    },
    Choice { name: "off", value: WorkerReconnectTimeout::Off, about: "None is written." },
];

static HEAD_NUM_CPUS: &[Choice<HeadNumCpus>] = &[
    Choice { name: "zero", value: HeadNumCpus::Zero, about: "`\"0\"`, so that it runs no tasks and no actors." },
    Choice { name: "off", value: HeadNumCpus::Off, about: "None is written." },
];

static POD_TEMPLATE: &[Key<PodTemplates>] = &[
    Key::optional(
        "head",
        "`metadata.labels`, `metadata.annotations` and `spec` for heads, where a head does not set them itself.",
        &PodTemplate(|templates| &mut templates.head),
    ),
    Key::optional(
        "worker",
        "`metadata.labels`, `metadata.annotations` and `spec` for workers, where a worker group does not set them itself.",
        &PodTemplate(|templates| &mut templates.worker),
    ),
];

static EXEMPTION: &[Key<Exemption>] = &[
    Key::required("namespaces", "The namespaces in which the rules are off, each by its full name.", &Namespaces),
    Key::required("rules", "The rules.", &ExemptRules),
    Key::required("reason", "Why the exemption exists, for people who read the policy.", &Reason),
];
