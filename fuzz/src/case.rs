//! The input of a target: an object, with its old version and a policy.

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use serde_json::Value;

/// An object, with the old object that it replaces, if any, and the policy.
pub struct Case {
    /// The object.
    pub object: Value,
    /// The old object.
    pub old: Option<Value>,
    /// The policy; the built-in one if the input has none, or an invalid one.
    pub policy: Policy,
}

impl Case {
    /// Reads `{"object": …, "old": …, "policy": …}`. Returns `None` if the text is no such map or has no object.
    pub fn read(data: &[u8]) -> Option<Self> {
        let mut fields: Value = serde_json::from_slice(data).ok()?;
        let fields = fields.as_object_mut()?;
        let text = fields.remove("policy").unwrap_or_default().to_string();
        let json: Json<'_> = serde_json::from_str(&text).expect("what serde_json wrote");
        let policy = Policy::from_json(&json).unwrap_or_default();
        Some(Self { object: fields.remove("object")?, old: fields.remove("old"), policy })
    }
}
