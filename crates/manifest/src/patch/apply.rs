//! Applies a JSON Patch as the API server does.

use json_patch::jsonptr::Pointer;
use json_patch::{Patch, PatchOperation};

use crate::json::{Json, Number, Object};

/// The error for a patch that does not apply to the object, or that has an operation other than `add`. It names the
/// path of the operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the patch cannot be applied at {0:?}")]
pub struct Inapplicable(String);

/// Applies a JSON Patch of `add` operations (RFC 6902, 4.1). Fields keep their order, and new fields come last.
///
/// # Errors
///
/// Returns [`Inapplicable`] if an operation is not an `add`, or if its path does not exist. The object then has the
/// changes of the operations before it.
pub fn apply(object: &mut Json<'_>, patch: &Patch) -> Result<(), Inapplicable> {
    for operation in &patch.0 {
        let applied = match operation {
            PatchOperation::Add(operation) => add(object, &operation.path, owned(&operation.value)),
            _ => None,
        };
        applied.ok_or_else(|| Inapplicable(operation.path().to_string()))?;
    }
    Ok(())
}

fn add<'a>(object: &mut Json<'a>, pointer: &Pointer, value: Json<'a>) -> Option<()> {
    let Some((parents, last)) = pointer.split_back() else {
        *object = value;
        return Some(());
    };
    let mut here = object;
    for token in parents.tokens() {
        let name = token.decoded();
        here = match here {
            Json::Object(object) => object.get_mut(&name)?,
            Json::Array(items) => items.get_mut(index(&name)?)?,
            _ => return None,
        };
    }
    let name = last.decoded();
    match here {
        Json::Object(object) => object.insert(name.into_owned(), value),
        Json::Array(items) if name == "-" => items.push(value),
        Json::Array(items) => {
            let index = index(&name).filter(|index| *index <= items.len())?;
            items.insert(index, value);
        }
        _ => return None,
    }
    Some(())
}

/// Parses an index of a list: digits without a leading zero (RFC 6901, 4).
pub fn index(token: &str) -> Option<usize> {
    let is_number = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    token.parse().ok().filter(|_| is_number)
}

fn owned(value: &serde_json::Value) -> Json<'static> {
    use serde_json::Value;
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(Number::clone(number)),
        Value::String(text) => Json::from(text.clone()),
        Value::Array(items) => Json::Array(items.iter().map(owned).collect()),
        Value::Object(fields) => {
            Json::Object(Object(fields.iter().map(|(name, value)| (name.clone().into(), owned(value))).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Returns the result of [`apply`], which must be the same as that of the `json-patch` crate.
    fn applied(object: &serde_json::Value, patch: serde_json::Value) -> Option<String> {
        let patch: Patch = serde_json::from_value(patch).expect("a patch");
        let text = object.to_string();
        let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let done = apply(&mut json, &patch).is_ok();
        let mut expected = object.clone();
        assert_eq!(json_patch::patch(&mut expected, &patch).is_ok(), done, "{patch}");
        done.then(|| {
            assert_eq!(serde_json::Value::from(&json), expected, "{patch}");
            serde_json::to_string(&json).expect("JSON")
        })
    }

    #[test]
    fn additions_go_where_json_patch_puts_them() {
        let object = json!({"z": {"list": [1, 3]}, "a~/b": {}});
        let add = |path: &str| applied(&object, json!([{"op": "add", "path": path, "value": {"x": [null, 2]}}]));
        for path in ["", "/z", "/new", "/a~0~1b/c", "/z/list/0", "/z/list/2", "/z/list/-", "/z/list"] {
            assert!(add(path).is_some(), "{path}");
        }
        for path in ["/no/parent", "/z/list/3", "/z/list/01", "/z/list/+1", "/z/list/-1", "/z/list/x", "/z/list/0/x"] {
            assert_eq!(add(path), None, "{path}");
        }
    }

    #[test]
    fn fields_keep_their_order() {
        let mut json: Json<'_> = serde_json::from_str(r#"{"z":{"y":1,"b":2},"a":3}"#).expect("JSON");
        let patch = serde_json::from_value(json!([{"op": "add", "path": "/z/c", "value": 4}])).expect("a patch");
        apply(&mut json, &patch).expect("it fits");
        assert_eq!(serde_json::to_string(&json).expect("JSON"), r#"{"z":{"y":1,"b":2,"c":4},"a":3}"#);
    }

    #[test]
    fn operations_other_than_add_are_refused() {
        let mut json: Json<'_> = serde_json::from_str(r#"{"a":1}"#).expect("JSON");
        let patch = serde_json::from_value(json!([{"op": "remove", "path": "/a"}])).expect("a patch");
        assert_eq!(apply(&mut json, &patch), Err(Inapplicable("/a".to_owned())));
    }
}
