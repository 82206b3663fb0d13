//! The parameters that KubeRay passes to `ray start` for a group.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use crate::kuberay::Version;
use crate::kubernetes::quantity::Quantity;
use crate::ray::gcs::GcsFaultTolerance;
use crate::ray::{Group, RayObject};

/// Where a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `rayStartParams` of the group
    Params,
    /// `rayStartParams` of the group, where the value is no text, which the API server refuses
    NoText,
    /// The group's `labels`
    Labels,
    /// The group's `resources`
    Resources,
    /// `gcsFaultToleranceOptions.redisUsername`
    RedisUsername,
    /// A default of KubeRay, or a value from the container's resources
    Default,
}

/// A parameter with the text that KubeRay writes into the command line.
#[derive(Clone, Debug)]
pub(crate) struct Parameter<'a> {
    /// The name without dashes.
    pub name: &'a str,
    /// The text of the value.
    pub value: Cow<'a, str>,
    /// Where it comes from.
    pub origin: Origin,
}

impl Parameter<'_> {
    /// Returns the field to change.
    pub(crate) fn path(&self, object: &RayObject<'_>, group: &Group<'_>) -> FieldPath {
        match self.origin {
            Origin::Params | Origin::NoText | Origin::Default => group.ray_start_param_path(self.name),
            Origin::Labels => group.path().field("labels"),
            Origin::Resources => group.path().field("resources"),
            Origin::RedisUsername => object.options_path("redisUsername"),
        }
    }

    /// Returns whether KubeRay writes `--name` without a value (`Some(true)`), drops the parameter (`Some(false)`), or
    /// writes `--name=value` (`None`). (`convertParamMap`, ray-operator/controllers/ray/common/pod.go:1109 at v1.6.2)
    pub(crate) fn switch(&self) -> Option<bool> {
        if matches!(self.name, "log-color" | "include-dashboard") {
            None
        } else if self.value.eq_ignore_ascii_case("true") {
            Some(true)
        } else {
            self.value.eq_ignore_ascii_case("false").then_some(false)
        }
    }
}

/// Returns the parameters in the order in which KubeRay writes them (`setMissingRayStartParams`,
/// `generateRayStartCommand` and `configureGCSFaultTolerance`, ray-operator/controllers/ray/common/pod.go at v1.6.2).
pub(crate) fn parameters<'a>(object: &RayObject<'a>, group: &Group<'a>, kuberay: Version) -> Vec<Parameter<'a>> {
    let mut all = BTreeMap::new();
    for (name, value) in group.ray_start_params() {
        all.insert(
            name,
            match value {
                Json::String(text) => (Cow::Borrowed(&**text), Origin::Params),
                _ => (Cow::Borrowed(""), Origin::NoText),
            },
        );
    }
    // What KubeRay refuses is not passed on: labels as a parameter, and a user name for Redis on the head.
    if kuberay >= Version::v1(5) {
        all.remove("labels");
        add_resources(group, &mut all);
        add_labels(group, &mut all);
    }
    if kuberay >= Version::v1(3) && group.is_head() && group.ray_start_param(REDIS_USERNAME) != Some("") {
        all.remove(REDIS_USERNAME);
    }
    let mut add_default = |name: &'a str, value: &'a str| {
        all.entry(name).or_insert((Cow::Borrowed(value), Origin::Default));
    };
    if group.is_head() {
        add_default("dashboard-host", "0.0.0.0");
    } else {
        add_default("address", "head:6379");
    }
    add_default("metrics-export-port", "8080");
    add_default("dashboard-agent-listen-port", "52365");
    if group.is_head() && object.cluster.is_autoscaling() {
        all.insert("no-monitor", (Cow::Borrowed("true"), Origin::Default));
    }
    all.insert("block", (Cow::Borrowed("true"), Origin::Default));
    if group.is_head()
        && let GcsFaultTolerance::Options(options) = object.fault_tolerance
    {
        for (field, name, origin) in [
            ("redisUsername", REDIS_USERNAME, Origin::RedisUsername),
            ("redisPassword", "redis-password", Origin::Default),
        ] {
            if !options.field(field).is_null() {
                all.insert(name, (Cow::Borrowed("$REDIS"), origin));
            }
        }
    }
    add_container(group, &mut all);
    let parameter = |(name, (value, origin))| Parameter { name, value, origin };
    all.into_iter().map(parameter).collect()
}

const REDIS_USERNAME: &str = "redis-username";

type Parameters<'a> = BTreeMap<&'a str, (Cow<'a, str>, Origin)>;

/// `updateRayStartParamsResources`: the group's `resources` replace parameters.
fn add_resources<'a>(group: &Group<'a>, all: &mut Parameters<'a>) {
    let mut custom = serde_json::Map::new();
    for (name, value) in group.json.field("resources").entries() {
        let Some(quantity) = value.as_str().and_then(Quantity::parse) else { continue };
        let lower = name.to_lowercase();
        let param = match lower.as_str() {
            "cpu" => "num-cpus",
            "memory" => "memory",
            _ if is_gpu(&lower) => "num-gpus",
            _ => {
                #[expect(clippy::cast_precision_loss, reason = "so does KubeRay")]
                custom.insert(name.to_string(), (quantity.millis() as f64 / 1000.0).into());
                continue;
            }
        };
        all.insert(param, (Cow::Owned(quantity.whole().to_string()), Origin::Resources));
    }
    if !custom.is_empty() {
        all.insert("resources", (Cow::Owned(quoted(&custom)), Origin::Resources));
    }
}

/// `updateRayStartParamsLabels`: the group's `labels` replace the parameter of that name.
fn add_labels<'a>(group: &Group<'a>, all: &mut Parameters<'a>) {
    let labels = group.json.field("labels").entries();
    if labels.is_empty() {
        return;
    }
    // Labels that Kubernetes refuses are reported as such.
    let is_label = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    if !labels.iter().all(|(key, value)| is_label(key) && value.as_str().is_some_and(is_label)) {
        return;
    }
    let mut pairs: Vec<_> = labels.iter().filter_map(|(key, value)| Some((key, value.as_str()?))).collect();
    pairs.sort();
    let text: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    all.insert("labels", (Cow::Owned(text.join(",")), Origin::Labels));
}

/// `generateRayStartCommand`: the container's resources are the defaults of some parameters.
fn add_container<'a>(group: &Group<'a>, all: &mut Parameters<'a>) {
    let Some(container) = group.ray_container() else { return };
    let resources = container.json.field("resources");
    let (limits, requests) = (resources.field("limits"), resources.field("requests"));
    let nonzero = |json: &Json<'_>| Quantity::read(json).filter(|quantity| quantity.millis() != 0);
    let mut add = |name: &'a str, quantity: Option<Quantity>| {
        if let Some(quantity) = quantity {
            all.entry(name).or_insert_with(|| (Cow::Owned(quantity.whole().to_string()), Origin::Default));
        }
    };
    add("num-cpus", nonzero(limits.field("cpu")).or_else(|| nonzero(requests.field("cpu"))));
    add("memory", nonzero(limits.field("memory")));
    let accelerators = [("aws.amazon.com/neuroncore", "neuron_cores"), ("google.com/tpu", "TPU")];
    let found = accelerators.iter().find_map(|(key, name)| Some((*name, nonzero(limits.field(key))?)));
    let Some((name, quantity)) = found else { return };
    // KubeRay writes the parameter anew, with one accelerator more, if it can read it without the quotes.
    let given =
        all.get("resources").map(|(value, origin)| (value.trim_matches(['\'', '"', '`', ' ']).to_owned(), *origin));
    let (text, origin) = given.unwrap_or_else(|| ("{}".to_owned(), Origin::Default));
    let Ok(serde_json::Value::Object(mut custom)) = serde_json::from_str(&text) else { return };
    if custom.values().all(|value| value.is_number() || value.is_null())
        && !accelerators.iter().any(|(_, name)| custom.contains_key(*name))
    {
        for value in custom.values_mut().filter(|value| value.is_null()) {
            *value = 0.into();
        }
        #[expect(clippy::cast_precision_loss, reason = "so does KubeRay")]
        custom.insert(name.to_owned(), (quantity.millis() as f64 / 1000.0).into());
        all.insert("resources", (Cow::Owned(quoted(&custom)), origin));
    }
}

fn quoted(custom: &serde_json::Map<String, serde_json::Value>) -> String {
    format!("'{}'", serde_json::to_string(custom).unwrap_or_default())
}

/// `IsGPUResourceKey`, ray-operator/controllers/ray/utils/resources.go.
fn is_gpu(key: &str) -> bool {
    key.ends_with("gpu") || key.contains("nvidia.com/mig-") && key.ends_with("gb")
}
