//! Generates values as texts in any style that people write.

use std::fmt::Write as _;

use proptest::prelude::*;

/// A value with the style of each part.
#[derive(Clone, Debug)]
pub(crate) enum Styled {
    Scalar { value: serde_json::Value, quotes: u8, comment: bool },
    Map { entries: Vec<(String, Styled)>, flow: bool, comment: bool },
    List { items: Vec<Styled>, flow: bool, indented: bool },
}

/// How the whole text is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) crlf: bool,
    pub(crate) ends: bool,
    pub(crate) json: bool,
}

pub(crate) fn styled() -> impl Strategy<Value = Styled> {
    let text = prop_oneof!["[a-z]{1,6}", "[a-zA-Z0-9 :#'\"é-]{0,8}", Just("yes".to_owned()), Just("60".to_owned())];
    let value = prop_oneof![
        text.prop_map(serde_json::Value::from),
        (-5i64..500).prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    let scalar = (value, 0u8..4, any::<bool>());
    let leaf = scalar.prop_map(|(value, quotes, comment)| Styled::Scalar { value, quotes, comment });
    let tree = leaf.prop_recursive(4, 30, 4, |inner| {
        let keys = prop::collection::btree_map("[a-d]{1,2}|ray\\.io/x", inner.clone(), 0..4);
        prop_oneof![
            (keys, prop::bool::weighted(0.3), any::<bool>()).prop_map(|(entries, flow, comment)| {
                Styled::Map { entries: entries.into_iter().collect(), flow, comment }
            }),
            (prop::collection::vec(inner, 0..4), prop::bool::weighted(0.3), any::<bool>())
                .prop_map(|(items, flow, indented)| Styled::List { items, flow, indented }),
        ]
    });
    prop::collection::btree_map("[a-d]{1,2}", tree, 1..5).prop_map(|entries| Styled::Map {
        entries: entries.into_iter().collect(),
        flow: false,
        comment: false,
    })
}

pub(crate) fn layout() -> impl Strategy<Value = Layout> {
    (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(crlf, ends, json)| Layout { crlf, ends, json })
}

impl Styled {
    pub(crate) fn value(&self) -> serde_json::Value {
        match self {
            Styled::Scalar { value, .. } => value.clone(),
            Styled::Map { entries, .. } => {
                serde_json::Value::Object(entries.iter().map(|(name, value)| (name.clone(), value.value())).collect())
            }
            Styled::List { items, .. } => serde_json::Value::Array(items.iter().map(Self::value).collect()),
        }
    }

    pub(crate) fn text(&self, layout: Layout) -> String {
        let mut text = String::new();
        if layout.json {
            text = serde_json::to_string_pretty(&self.value()).expect("JSON") + "\n";
        } else {
            self.block(0, &mut text);
        }
        if !layout.ends {
            text.truncate(text.trim_end().len());
        }
        if layout.crlf { text.replace('\n', "\r\n") } else { text }
    }

    /// Writes the value after a key or a dash, up to the end of its last line.
    fn write(&self, indent: usize, text: &mut String) {
        match self {
            Styled::Scalar { comment, .. } => {
                let value = self.inline(false);
                let _ = write!(text, "{}{value}", if value.is_empty() { "" } else { " " });
                text.push_str(if *comment { "  # a comment\n" } else { "\n" });
            }
            Styled::Map { entries, flow: false, comment } if !entries.is_empty() => {
                text.push_str(if *comment { " # a map\n" } else { "\n" });
                self.block(indent, text);
            }
            Styled::List { items, flow: false, .. } if !items.is_empty() => {
                text.push('\n');
                self.block(indent, text);
            }
            _ => {
                let _ = writeln!(text, " {}", self.inline(true));
            }
        }
    }

    fn block(&self, indent: usize, text: &mut String) {
        let pad = " ".repeat(indent);
        match self {
            Styled::Map { entries, comment, .. } => {
                for (index, (name, value)) in entries.iter().enumerate() {
                    if *comment && index == 1 {
                        let _ = writeln!(text, "{pad}# between\n");
                    }
                    let _ = write!(text, "{pad}{name}:");
                    let deeper = if matches!(value, Styled::List { indented: false, .. }) { 0 } else { 2 };
                    value.write(indent + deeper, text);
                }
            }
            Styled::List { items, .. } => {
                for item in items {
                    let _ = write!(text, "{pad}-");
                    match item {
                        // The first key follows the dash on the same line.
                        Styled::Map { entries, flow: false, comment: false } if !entries.is_empty() => {
                            let mut inner = String::new();
                            item.block(indent + 2, &mut inner);
                            let _ = write!(text, " {}", &inner[indent + 2..]);
                        }
                        _ => item.write(indent + 2, text),
                    }
                }
            }
            Styled::Scalar { .. } => {}
        }
    }

    /// Returns the value on one line. In flow style, empty values are written out.
    fn inline(&self, in_flow: bool) -> String {
        match self {
            Styled::Scalar { value: serde_json::Value::Null, quotes, .. } if *quotes < 2 && !in_flow => String::new(),
            Styled::Scalar { value: serde_json::Value::String(value), quotes, .. } => match quotes {
                0 if value.bytes().all(|byte| byte.is_ascii_lowercase()) && !is_word(value) => value.clone(),
                1 => format!("'{}'", value.replace('\'', "''")),
                _ => serde_json::to_string(value).expect("JSON"),
            },
            Styled::Scalar { value, .. } => value.to_string(),
            Styled::Map { entries, .. } => {
                let entries: Vec<_> =
                    entries.iter().map(|(name, value)| format!("{name}: {}", value.inline(true))).collect();
                format!("{{{}}}", entries.join(", "))
            }
            Styled::List { items, .. } => {
                let items: Vec<_> = items.iter().map(|item| item.inline(true)).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }
}

/// Returns whether a text without quotes would be read as another type.
fn is_word(text: &str) -> bool {
    text.is_empty() || ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&text)
}
