//! What is judged: an object, and what it is judged by.

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use serde_json::Value;

/// An object, with the one that it is to replace and the policy where there is one.
pub struct Case {
    /// The object.
    pub object: Value,
    /// The stored one.
    pub old: Option<Value>,
    /// The policy; the built-in one where none can be read.
    pub policy: Policy,
}

impl Case {
    /// Reads `{"object": …, "old": …, "policy": …}`.
    pub fn read(data: &[u8]) -> Option<Self> {
        let mut fields: Value = serde_json::from_slice(data).ok()?;
        let fields = fields.as_object_mut()?;
        let text = fields.remove("policy").unwrap_or_default().to_string();
        let json: Json<'_> = serde_json::from_str(&text).expect("what serde_json wrote");
        let policy = Policy::from_json(&json).unwrap_or_default();
        Some(Self { object: fields.remove("object")?, old: fields.remove("old"), policy })
    }
}
