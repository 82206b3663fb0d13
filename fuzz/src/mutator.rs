//! Mutates JSON values. libFuzzer's own mutations of bytes rarely result in valid JSON, and never find the name of a
//! field.
//!
//! A mutation changes the value. It finds KubeRay's object in the value and reads the possible fields from the schema.
//! It leaves strings to libFuzzer, which has the dictionary and the values that the program has compared.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::dictionary::WORDS;
use crate::schema::Node;

/// The depth of a generated value, at most. This is far less than the depth that rayguard reads.
const DEEPEST: usize = 4;

/// Changes a text in place, and returns its new length. A text that is not JSON is changed as bytes.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice::new(seed);
    let Ok(mut value) = serde_json::from_slice::<Value>(&data[..size]) else {
        return fuzzer_mutate(data, size, max_size);
    };
    for _ in 0..=dice.below(4) {
        change(&mut value, &mut dice);
    }
    write(&value, data, max_size).unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
}

/// Uses [`mutate`] and [`cross_over`] in a fuzz target.
#[macro_export]
macro_rules! mutate_json {
    () => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutator::mutate(data, size, max_size, seed)
        });

        libfuzzer_sys::fuzz_crossover!(|first: &[u8], second: &[u8], out: &mut [u8], seed: u32| {
            $crate::mutator::cross_over(first, second, out, seed)
        });
    };
}

/// Puts a part of the second text into the first, writes the result to `out`, and returns its length. Returns 0 if this
/// fails.
pub fn cross_over(first: &[u8], second: &[u8], out: &mut [u8], seed: u32) -> usize {
    let mut dice = Dice::new(seed);
    let read = |text| serde_json::from_slice::<Value>(text).ok();
    let (Some(mut value), Some(other)) = (read(first), read(second)) else { return 0 };
    let mut parts = Vec::new();
    collect(&other, "", &mut parts);
    let (name, part) = dice.one(&parts);
    // The field with the same name, else any field.
    let mut places = Vec::new();
    pointers(&value, String::new(), &mut places);
    let alike: Vec<_> = places.iter().filter(|place| place.rsplit('/').next() == Some(name)).collect();
    let place = if alike.is_empty() { dice.one(&places) } else { *dice.one(&alike) };
    if let Some(here) = value.pointer_mut(place) {
        *here = (*part).clone();
    }
    let length = out.len();
    write(&value, out, length).unwrap_or(0)
}

fn write(value: &Value, out: &mut [u8], max_size: usize) -> Option<usize> {
    let text = serde_json::to_vec(value).ok()?;
    let room = max_size.min(out.len());
    out[..room].get_mut(..text.len())?.copy_from_slice(&text);
    Some(text.len())
}

fn change(value: &mut Value, dice: &mut Dice) {
    let mut places = Vec::new();
    pointers(value, String::new(), &mut places);
    let place = dice.one(&places).clone();
    let node = node_at(value, &place);
    let copy = value.pointer(dice.one::<String>(&places)).cloned();
    let Some(here) = value.pointer_mut(&place) else { return };
    match (dice.below(12), &mut *here) {
        (0, here) => *here = any(dice, 0),
        (1, here) => *here = copy.unwrap_or_default(),
        (2..=8, Value::Object(fields)) => change_map(fields, node, dice),
        (2..=8, Value::Array(items)) => change_list(items, node, dice),
        (2..=6, Value::String(text)) => change_text(text, dice),
        (2..=6, Value::Number(number)) => *here = change_number(number, dice),
        (_, here) => *here = like(node, dice, 0),
    }
}

fn change_map(fields: &mut Map<String, Value>, node: Option<Node>, dice: &mut Dice) {
    let known = node.map(Node::fields).unwrap_or_default();
    let names: Vec<_> = fields.keys().cloned().collect();
    match dice.below(8) {
        0 | 1 if !names.is_empty() => drop(fields.remove(dice.one(&names))),
        2 if !names.is_empty() => {
            // Rename the field.
            let value = fields.remove(dice.one(&names)).unwrap_or_default();
            let name = if known.is_empty() { word(dice) } else { dice.one(&known).0.to_owned() };
            fields.insert(name, value);
        }
        3..=6 if !known.is_empty() => {
            let (name, node) = *dice.one(&known);
            let node = Some(node).filter(|_| !dice.once_in(8));
            fields.insert(name.to_owned(), like(node, dice, 0));
        }
        _ => {
            let name = word(dice);
            let value = like(node.and_then(|node| node.field(&name)), dice, 0);
            fields.insert(name, value);
        }
    }
}

fn change_list(items: &mut Vec<Value>, node: Option<Node>, dice: &mut Dice) {
    let count = items.len();
    match dice.below(5) {
        0 if count > 0 => drop(items.remove(dice.below(count))),
        1 if count > 0 => items.insert(dice.below(count + 1), items[dice.below(count)].clone()),
        2 if count > 1 => items.swap(dice.below(count), dice.below(count)),
        _ => {
            let item = like(node.and_then(Node::item), dice, 0);
            items.insert(dice.below(count + 1), item);
        }
    }
}

fn change_text(text: &mut String, dice: &mut Dice) {
    if dice.once_in(3) {
        *text = word(dice);
        return;
    }
    let mut bytes = text.clone().into_bytes();
    let size = bytes.len();
    bytes.resize(size + 64, 0);
    let room = bytes.len();
    let size = fuzzer_mutate(&mut bytes, size, room);
    bytes.truncate(size);
    *text = String::from_utf8_lossy(&bytes).into_owned();
}

fn change_number(number: &serde_json::Number, dice: &mut Dice) -> Value {
    match (number.as_i64(), dice.below(4)) {
        (Some(number), 0) => number.wrapping_add(1).into(),
        (Some(number), 1) => number.wrapping_sub(1).into(),
        (Some(number), 2) => number.wrapping_neg().into(),
        _ => any_number(dice),
    }
}

/// Returns a value that usually conforms to the schema.
fn like(node: Option<Node>, dice: &mut Dice, depth: usize) -> Value {
    let Some(node) = node.filter(|_| !dice.once_in(24)) else { return any(dice, depth) };
    if !node.choices().is_empty() {
        return dice.one(node.choices()).clone();
    }
    match node.kind() {
        "boolean" => dice.once_in(2).into(),
        "integer" | "int32" | "number" => any_number(dice),
        "int-or-string" if dice.once_in(2) => any_number(dice),
        "int-or-string" | "string" => word(dice).into(),
        _ if depth >= DEEPEST => Value::Null,
        "array" => (0..dice.below(3)).map(|_| like(node.item(), dice, depth + 1)).collect(),
        _ => {
            let known = node.fields();
            let mut fields = Map::new();
            for _ in 0..dice.below(5) {
                let name = if known.is_empty() { word(dice) } else { dice.one(&known).0.to_owned() };
                let value = like(node.field(&name), dice, depth + 1);
                fields.insert(name, value);
            }
            fields.into()
        }
    }
}

/// Returns any value.
fn any(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth >= DEEPEST { 5 } else { 8 }) {
        0 => Value::Null,
        1 => dice.once_in(2).into(),
        2 => any_number(dice),
        3 | 4 => word(dice).into(),
        5 => (0..dice.below(4)).map(|_| any(dice, depth + 1)).collect(),
        _ => Value::Object((0..dice.below(4)).map(|_| (word(dice), any(dice, depth + 1))).collect()),
    }
}

fn any_number(dice: &mut Dice) -> Value {
    let numbers = [
        json!(0),
        json!(1),
        json!(-1),
        json!(2),
        json!(60),
        json!(600),
        json!(i32::MAX),
        json!(i32::MIN),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1u64 << 53),
        json!(0.5),
        json!(-0.0),
        json!(2.0),
        json!(1e300),
        json!(1e-300),
    ];
    dice.one(&numbers).clone()
}

fn word(dice: &mut Dice) -> String {
    dice.one(&WORDS).clone()
}

/// Collects the JSON Pointers of all values within a value, the value itself first.
fn pointers(value: &Value, here: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(here.clone());
            for (name, value) in fields {
                pointers(value, format!("{here}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            found.push(here.clone());
            for (index, value) in items.iter().enumerate() {
                pointers(value, format!("{here}/{index}"), found);
            }
        }
        _ => found.push(here),
    }
}

/// Collects all values within a value, each with the name of its field.
fn collect<'v>(value: &'v Value, name: &'v str, found: &mut Vec<(&'v str, &'v Value)>) {
    found.push((name, value));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| collect(value, name, found)),
        Value::Array(items) => items.iter().for_each(|value| collect(value, "", found)),
        _ => {}
    }
}

/// Returns the schema of the value at a pointer, if it is within one of KubeRay's objects.
fn node_at(value: &Value, pointer: &str) -> Option<Node> {
    let (mut here, mut node) = (value, Node::of(value));
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        (here, node) = match here {
            Value::Array(items) => (items.get(name.parse::<usize>().ok()?)?, node.and_then(Node::item)),
            _ => (here.get(&name)?, node.and_then(|node| node.field(&name))),
        };
        node = node.or_else(|| Node::of(here));
    }
    node
}
