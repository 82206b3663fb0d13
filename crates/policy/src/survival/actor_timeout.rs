//! When actors give up on the GCS.

use rayguard_manifest::json::Json;

use crate::ray::Group;
use crate::ray::timeout::RECONNECT_TIMEOUT;

/// When actors give up on the GCS, independent of the Pods that they run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActorTimeout {
    /// They use the timeout of their Pod.
    OfPod,
    /// `system-config` sets this timeout, in seconds.
    Seconds(u32),
    /// `system-config` cannot be read, or sets a timeout that cannot be read.
    Unknown,
}

impl ActorTimeout {
    /// Reads the timeout in `system-config`, which all actors of the cluster use.
    pub(super) fn read(head: &Group<'_>) -> Self {
        let written = head.json.field("rayStartParams").field("system-config");
        if written.is_null() {
            return Self::OfPod;
        }
        let Some(text) = written.as_str().and_then(unquoted) else { return Self::Unknown };
        let Ok(config) = serde_json::from_str::<Json<'_>>(&text) else { return Self::Unknown };
        if config.as_object().is_none() {
            return Self::Unknown;
        }
        let name = RECONNECT_TIMEOUT.trim_start_matches("RAY_");
        let mut values = config.entries().iter().filter(|(key, _)| *key == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (None, _) => Self::OfPod,
            (Some(value), None) => {
                value.as_i64().and_then(|it| u32::try_from(it).ok()).map_or(Self::Unknown, Self::Seconds)
            }
            _ => Self::Unknown,
        }
    }
}

/// Returns the text that bash makes of a quoted value; `None` if the value is not one quoted text without variables.
fn unquoted(value: &str) -> Option<String> {
    let value = value.trim();
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return (!inner.contains('\'')).then(|| inner.to_owned());
    }
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))?;
    let (mut text, mut chars) = (String::new(), inner.chars());
    while let Some(char) = chars.next() {
        match char {
            '"' | '$' | '`' => return None,
            '\\' => match chars.next()? {
                escaped @ ('"' | '\\' | '$' | '`') => text.push(escaped),
                other => text.extend(['\\', other]),
            },
            other => text.push(other),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ray::RayObject;

    fn read(config: &str) -> ActorTimeout {
        let text = serde_json::json!({"apiVersion": "ray.io/v1", "kind": "RayCluster",
            "spec": {"headGroupSpec": {"rayStartParams": {"system-config": config}}}})
        .to_string();
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        ActorTimeout::read(&RayObject::read(&json).expect("a RayCluster").cluster.head)
    }

    #[test]
    fn only_plain_text_is_read() {
        for config in [
            r#"'{"gcs_rpc_server_reconnect_timeout_s": 8}'"#,
            r#""{\"gcs_rpc_server_reconnect_timeout_s\": 8}""#,
            r#"'{"gcs_rpc_server_reconnect_timeout\u005fs": 8}'"#,
        ] {
            assert_eq!(read(config), ActorTimeout::Seconds(8), "{config}");
        }
        assert_eq!(read(r#"'{"a": 1}'"#), ActorTimeout::OfPod);
        for config in [
            "$SYSCONF",
            r#"{"a": 1}"#,
            r#""{\"a\": $A}""#,
            r#"'{"gcs_rpc_server_reconnect_timeout_s": 8.5}'"#,
            r#"'{"gcs_rpc_server_reconnect_timeout_s": 8, "gcs_rpc_server_reconnect_timeout_s": 9}'"#,
            "",
        ] {
            assert_eq!(read(config), ActorTimeout::Unknown, "{config}");
        }
    }
}
