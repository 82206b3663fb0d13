//! Writes values as text to insert into other text.

use crate::json::Json;
use crate::yaml::scalar::{Scalar, resolve};
use crate::yaml::syntax::Style;

/// Writes a scalar, if possible in the style of the scalar that it replaces.
pub(super) fn scalar(value: &Json<'_>, style: Style, is_json: bool) -> String {
    let text = match value {
        Json::String(text) => text,
        other => return serde_json::to_string(other).unwrap_or_default(),
    };
    match style {
        _ if is_json => {}
        Style::Plain | Style::Empty if is_plain(text) => return text.to_string(),
        Style::SingleQuoted if !text.contains(char::is_control) => return format!("'{}'", text.replace('\'', "''")),
        _ => {}
    }
    serde_json::to_string(&**text).unwrap_or_default()
}

/// Writes a key in the style of the key that it replaces.
pub(super) fn key(name: &str, style: Style, is_json: bool) -> String {
    scalar(&Json::from(name), style, is_json)
}

/// Reports whether every YAML reader reads a text without quotes as this string, also within brackets.
fn is_plain(text: &str) -> bool {
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(is_harmless)
        && !text.ends_with(':')
        && matches!(resolve(text.into(), true, None), Ok(Scalar::Text(_)))
}

/// Writes a value on one line.
pub(super) fn flow(value: &Json<'_>, is_json: bool) -> String {
    match value {
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| flow(item, is_json)).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(_) => {
            let entries: Vec<_> = value.entries().iter().map(|(name, value)| entry(name, value, is_json)).collect();
            format!("{{{}}}", entries.join(", "))
        }
        value => scalar(value, if is_json { Style::DoubleQuoted } else { Style::Plain }, is_json),
    }
}

/// Writes an entry of a map on one line.
pub(super) fn entry(name: &str, value: &Json<'_>, is_json: bool) -> String {
    format!("{}: {}", key(name, Style::Plain, is_json), flow(value, is_json))
}

/// Writes a value in block style. All lines but the first are indented.
pub(super) fn block(value: &Json<'_>, indent: &str, line_end: &str) -> Option<String> {
    let text = crate::yaml::to_string(value).ok()?;
    let lines = text.trim_end_matches('\n').split('\n').enumerate();
    let lines = lines.map(
        |(number, line)| {
            if number == 0 || line.is_empty() { line.to_owned() } else { format!("{indent}{line}") }
        },
    );
    Some(lines.collect::<Vec<_>>().join(line_end))
}
