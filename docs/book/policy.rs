//! The page of the policy file: its keys, as the program reads them.

use std::fmt::Write as _;

use rayguard_policy::kuberay::{FeatureGate, Version};
use rayguard_policy::policy::Policy;
use rayguard_policy::settings::Settings;

use super::Fault;

/// A key: its path, its possible values, its default, and its meaning. `*` stands for any key of a map, `[]` for the
/// items of a list.
type Key = (&'static str, String, String, &'static str);

#[expect(clippy::too_many_lines, reason = "a table")]
fn keys() -> Vec<Key> {
    let Settings {
        short_worker_reconnect_timeout: short,
        reconnect_timeout_margin: margin,
        assumed_head_reconnect_timeout: assumed,
        cluster_domain,
        ..
    } = Settings::default();
    let key = |key, values: &str, built_in: &str, meaning| (key, values.to_owned(), built_in.to_owned(), meaning);
    let versions = format!("\"{}\" to \"{}\", \"{}\"", Version::OLDEST, Version::NEWEST, Version::NEXT);
    let levels = "`deny`, `warn`, `audit`, `off`";
    vec![
        key("apiVersion", "`rayguard.dev/v1alpha1`", "required", "the version of this format"),
        key("kind", "`Policy`", "required", "the type of the file"),
        key(
            "kuberay.version",
            &versions,
            &format!("\"{}\"", Version::NEWEST),
            "the minor version of KubeRay's operator in the cluster, which determines fields, checks and defaults",
        ),
        key(
            "kuberay.featureGates.*",
            "`true`, `false`",
            "as the operator has it",
            "a feature gate that is set for the operator; [below](#feature-gates)",
        ),
        key(
            "installed",
            "a list of `kueue`",
            "none",
            "what else checks KubeRay's objects in the cluster; with `kueue`, rayguard refuses what [Kueue](rules/unsupported-by-kueue.md) refuses",
        ),
        key(
            "webhook",
            "`installed`, `absent`",
            "unknown",
            "whether rayguard's webhook is in the cluster that the objects are for. `rayguard check` applies the defaults of the webhook unless it is `absent`; if nothing is said, it warns where only a default prevents a refusal. The webhook itself takes `installed` only",
        ),
        key(
            "highestLevel",
            "`deny`, `warn`, `audit`",
            "`deny`",
            "the highest level of any rule; with `audit` nothing is refused and there are no warnings",
        ),
        key("rules.*", levels, "[the rule's own](rules/index.md)", "the level of one rule"),
        key(
            "settings.shortWorkerReconnectTimeoutSeconds",
            "seconds",
            &short.to_string(),
            "a worker's reconnect timeout below this is reported as short",
        ),
        key(
            "settings.reconnectTimeoutMarginSeconds",
            "seconds",
            &margin.to_string(),
            "a worker's reconnect timeout that exceeds the head's by less than this is reported as short",
        ),
        key(
            "settings.assumedHeadReconnectTimeoutSeconds",
            "seconds",
            &assumed.to_string(),
            "the reconnect timeout of a head that sets none; change it only if the operator adds another one to every container (`defaultContainerEnvs`)",
        ),
        key(
            "settings.clusterDomain",
            "a DNS domain",
            &format!("`{cluster_domain}`"),
            "the domain of the full names of Services, for comparing Redis addresses",
        ),
        key(
            "defaults.workerReconnectTimeout",
            "`explicit`, `repair`, `off`",
            "`explicit`",
            "the reconnect timeout for workers of a fault-tolerant cluster that set none: KubeRay's 600 s, or 540 s more than the head's if that is longer; with `repair` only if KubeRay's 600 s would not exceed the head's",
        ),
        key(
            "defaults.headNumCpus",
            "`zero`, `off`",
            "`off`",
            "with `zero`, the head of a fault-tolerant cluster that sets no `num-cpus` gets `\"0\"`, so that it runs no tasks and no actors",
        ),
        key(
            "defaults.podTemplate.head",
            "a part of a Pod template",
            "none",
            "`metadata.labels`, `metadata.annotations` and `spec` for heads, where a head does not set them itself",
        ),
        key(
            "defaults.podTemplate.worker",
            "a part of a Pod template",
            "none",
            "`metadata.labels`, `metadata.annotations` and `spec` for workers, where a worker group does not set them itself",
        ),
        key(
            "exemptions[].namespaces",
            "a list of names",
            "required",
            "namespaces in which the rules of this exemption are off",
        ),
        key("exemptions[].rules", "a list of names", "required", "the rules"),
        key("exemptions[].reason", "a string", "required", "why the exemption exists"),
        key(
            "objectExemptions",
            "`all`, or a list of rules",
            "none",
            "the rules from which an object may exempt itself in the webhook, by an annotation `rayguard.dev/ignore-RULE: \"why\"`",
        ),
    ]
}

/// Returns the page.
///
/// # Errors
///
/// Returns an error if the program reads other keys than the page describes.
pub(crate) fn page() -> Result<String, Fault> {
    let keys = keys();
    is_complete(&keys)?;
    let mut page = String::from(
        "# The policy file\n\nOne file for the command (`--config`, `RAYGUARD_CONFIG`) and the webhook (the chart's `policy`, \
         without `apiVersion` and `kind`). It is read strictly: an unknown key or an invalid value is an error, with its line.\n\n\
         ```yaml\napiVersion: rayguard.dev/v1alpha1\nkind: Policy\nkuberay: {version: \"1.6\"}\nrules:\n  single-replica: off\n\
         exemptions:\n- namespaces: [playground]\n  rules: [missing-redis-password]\n  reason: nothing of value is there\n```\n",
    );
    for (key, values, built_in, meaning) in &keys {
        let without = if built_in == "required" { "required".to_owned() } else { format!("default: {built_in}") };
        let _ = write!(page, "\n`{key}`\n: {values}; {without}\n\n  {meaning}\n");
    }
    page += "\n## Feature gates\n\n| gate | in KubeRay |\n| --- | --- |\n";
    for gate in FeatureGate::ALL {
        let versions: Vec<_> = Version::ALL.into_iter().filter(|version| gate.is_in(*version)).collect();
        let (Some(first), Some(last)) = (versions.first(), versions.last()) else { continue };
        let range = if *last >= Version::NEWEST { format!("{first} and later") } else { format!("{first} to {last}") };
        let _ = writeln!(page, "| `{}` | {range} |", gate.as_str());
    }
    Ok(page)
}

/// Fails if the program knows a key that is missing here, or does not know one of these.
fn is_complete(keys: &[Key]) -> Result<(), Fault> {
    let maps = ["", "kuberay.", "settings.", "defaults.", "defaults.podTemplate.", "exemptions[]."];
    for map in maps {
        let mut described: Vec<_> = keys
            .iter()
            .filter_map(|(key, ..)| key.strip_prefix(map)?.split(['.', '[']).next())
            .map(str::to_owned)
            .collect();
        described.dedup();
        let mut known = known(map)?;
        described.sort();
        known.sort();
        if described != known {
            return Err(format!("{map:?}: the reference has the keys {described:?}, the program has {known:?}").into());
        }
    }
    Ok(())
}

/// Returns the keys that a map may have, from the program's error for a number in place of the map.
fn known(map: &str) -> Result<Vec<String>, Fault> {
    let file =
        map.trim_end_matches('.').rsplit('.').filter(|part| !part.is_empty()).fold("1".to_owned(), |inner, part| {
            match part.strip_suffix("[]") {
                Some(part) => format!("{{{part}: [{inner}]}}"),
                None => format!("{{{part}: {inner}}}"),
            }
        });
    let errors = Policy::from_yaml(&file).err().ok_or("the program accepts a number as a map")?;
    let keys = errors.iter().find_map(|error| error.message.strip_prefix("write a map with "));
    Ok(keys.ok_or_else(|| format!("{map}: {errors:?}"))?.split(", ").map(str::to_owned).collect())
}
