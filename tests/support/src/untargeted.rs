//! Random changes of any field. Most values keep their type.

use serde_json::{Value, json};

use crate::case::Case;
use crate::dice::Dice;

/// Texts that have a meaning in some field.
const TEXTS: [&str; 20] = [
    "",
    "true",
    "false",
    "1",
    "0",
    "a b",
    "v1",
    "v2",
    "Never",
    "Always",
    "token",
    "None",
    "SidecarMode",
    "InteractiveMode",
    "HTTPMode",
    "DeleteSelf",
    "DeleteWorkers",
    "2.52.0",
    "RAY_REDIS_ADDRESS",
    "REDIS_USERNAME",
];

/// Fields that may be added to any map. A type without a field of this name ignores it.
const FLAGS: [&str; 6] =
    ["suspend", "enableInTreeAutoscaling", "shutdownAfterJobFinishes", "enableK8sTokenAuth", "hostNetwork", "stdin"];

/// Changes one random value.
pub fn change(case: &mut Case, dice: &mut Dice) {
    let mut pointers = Vec::new();
    pointers_below(&case.object, "", &mut pointers);
    pointers.retain(|pointer| pointer != "/apiVersion" && pointer != "/kind");
    if pointers.is_empty() {
        return;
    }
    let pointer = dice.pick(&pointers).clone();
    let what =
        if dice.one_in(3) { remove(&mut case.object, &pointer) } else { alter(&mut case.object, &pointer, dice) };
    case.changes.push(format!("{pointer} {what}"));
}

fn alter(object: &mut Value, pointer: &str, dice: &mut Dice) -> String {
    let value = object.pointer_mut(pointer).expect("it is there");
    match value {
        Value::Null => *value = json!({}),
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(_) => *value = dice.pick(&[-1_i32, 0, 1, 2, 5, 100, 101, i32::MAX, i32::MIN]).to_owned().into(),
        Value::String(text) => (*dice.pick(&TEXTS)).clone_into(text),
        Value::Array(items) if items.is_empty() => return "stays".to_owned(),
        Value::Array(items) => {
            let (from, to) = (dice.below(items.len()), dice.below(items.len()));
            match dice.below(3) {
                0 => items.swap(from, to),
                1 => items.insert(to, items[from].clone()),
                _ => items.clear(),
            }
        }
        Value::Object(fields) => match dice.below(3) {
            0 => fields.clear(),
            _ => drop(fields.insert((*dice.pick(&FLAGS)).to_owned(), Value::Bool(!dice.one_in(3)))),
        },
    }
    let text = value.to_string();
    format!("becomes {}", text.chars().take(60).collect::<String>())
}

fn remove(object: &mut Value, pointer: &str) -> String {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer below the root");
    match object.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(items)) => drop(items.remove(name.parse().expect("an index"))),
        _ => unreachable!("a pointer's parent is a map or a list"),
    }
    "is gone".to_owned()
}

fn pointers_below(value: &Value, pointer: &str, pointers: &mut Vec<String>) {
    let mut descend = |name: &str, child: &Value| {
        let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        pointers_below(child, &below, pointers);
        pointers.push(below);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, child)| descend(name, child)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, child)| descend(&index.to_string(), child)),
        _ => {}
    }
}
