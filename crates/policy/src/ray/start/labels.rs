//! The labels of a Ray node.

use super::command::Command;
use super::fault::Subject;
use super::parameters::Origin;
use super::python::{self, Parsed};

/// The minor version of Ray 2 since which `labels` is a list of pairs. JSON is still accepted.
const PAIRS_SINCE: u64 = 45;

/// The prefix of Ray's own labels, which JSON must not contain.
const RESERVED: &str = "ray.io/";

/// Checks the parameter `labels` (`start`, `python/ray/scripts/scripts.py`; `parse_node_labels_string`,
/// `python/ray/_private/label_utils.py`).
pub(super) fn check(command: &mut Command<'_, '_>) {
    let Some((text, index)) = command.text("labels") else { return };
    let json = json_fault(&text);
    let Some(json) = json else { return };
    let pairs = pairs_fault(&text);
    if command.parameters[index].origin == Origin::Labels {
        // The syntax of the group's labels is a matter of Kubernetes.
        let message = "Ray before 2.45 reads labels only as JSON, and KubeRay passes the group's labels as pairs";
        command.refuse_in(
            |minor| minor >= PAIRS_SINCE,
            Subject::Labels,
            index,
            message,
            "remove it, or use Ray 2.45 or newer",
        );
        return;
    }
    match pairs {
        None => {
            let message = "Ray before 2.45 reads labels only as JSON";
            let help = "write a JSON map of strings in single quotes within the YAML string";
            command.refuse_in(|minor| minor >= PAIRS_SINCE, Subject::Labels, index, message, help);
        }
        Some(fault) => {
            let is_json = text.trim_start().starts_with('{');
            let message = if is_json { json } else { fault };
            let help = if is_json {
                "write pairs such as \"accelerator=a100,zone=b\", or before Ray 2.45 a JSON map of strings"
            } else {
                "write pairs such as \"accelerator=a100,zone=b\" with names and values of Kubernetes labels"
            };
            command.refuse(Subject::Labels, index, message, help);
        }
    }
}

/// Returns why labels as JSON are refused; `None` if they are accepted, or perhaps.
fn json_fault(text: &str) -> Option<&'static str> {
    let json = match python::json(text) {
        Parsed::Value(json) => json,
        Parsed::Invalid => return Some("ray start cannot read the labels"),
        Parsed::Unknown => return None,
    };
    let Some(labels) = json.as_object() else { return Some("the labels are not a map") };
    if labels.0.iter().any(|(_, value)| value.as_str().is_none()) {
        return Some("ray start accepts only strings as values of labels");
    }
    let is_reserved = labels.0.iter().any(|(key, _)| key.starts_with(RESERVED));
    is_reserved.then_some("ray start refuses labels with the prefix ray.io/ in JSON")
}

/// Returns why labels as pairs are refused; `None` if they are accepted.
fn pairs_fault(text: &str) -> Option<&'static str> {
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if bare.is_empty() {
        return None;
    }
    bare.split(',').find_map(|pair| {
        let mut parts = pair.split('=');
        let (Some(key), Some(value), None) = (parts.next(), parts.next(), parts.next()) else {
            return Some("each label must be one name=value");
        };
        let (key, value) = (key.trim(), value.trim());
        let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
        if prefix.is_some_and(|prefix| prefix.len() > 253 || !is_prefix(prefix)) {
            Some("the prefix of a label is not a series of DNS labels")
        } else if !is_name(name) {
            Some("the name of a label is not a name of a Kubernetes label")
        } else if !(value.is_empty() || is_name(value)) {
            Some("the value of a label is not a value of a Kubernetes label")
        } else {
            None
        }
    })
}

/// `LABEL_REGEX`, `python/ray/_private/label_utils.py`
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    bytes.len() <= 63 && first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() && bytes.iter().all(is_inner)
}

/// `LABEL_PREFIX_REGEX`: names or nothing, separated by dots. A name may contain dots itself. The text has at most 253
/// bytes.
fn is_prefix(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Whether the text up to each position is a series that may end there.
    let mut ends = vec![false; bytes.len() + 1];
    ends[0] = true;
    for at in 0..=bytes.len() {
        let starts = at == 0 || (bytes[at - 1] == b'.' && ends[at - 1]);
        if !starts {
            continue;
        }
        ends[at] = true;
        for (length, is_end) in ends[at..].iter_mut().enumerate().take(64).skip(1) {
            *is_end |= text.get(at..at + length).is_some_and(is_name);
        }
    }
    ends[bytes.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_series_of_names() {
        for (prefix, is_valid) in [
            ("", true),
            ("a", true),
            ("ray.io", true),
            ("a..b", true),
            ("a.", true),
            ("a-.b", true),
            ("-a", false),
            ("a_", false),
            ("a.b-", false),
            ("a b", false),
            ("é", false),
        ] {
            assert_eq!(is_prefix(prefix), is_valid, "{prefix:?}");
        }
        let long = format!("{}.{}", "a".repeat(63), "b".repeat(63));
        assert!(is_prefix(&long) && !is_prefix(&"a".repeat(64)));
    }
}
