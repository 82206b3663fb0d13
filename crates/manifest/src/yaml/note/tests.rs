use proptest::prelude::*;

use super::*;
use crate::fix::Edit;
use crate::json::Json;
use crate::yaml::edit::{Change, Edited, Obstacle, edit};
use crate::yaml::{documents, sections};

fn only(text: &str) -> Document<'_> {
    let mut documents = documents(text);
    assert_eq!(documents.len(), 1, "{text}: {documents:?}");
    documents.remove(0).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Returns the value of the only document as JSON, and for each note its path, its line, the line of the first key, and
/// the dropped text.
fn read(text: &str) -> (String, Vec<String>) {
    let document = only(text);
    let shown = |note: &Note| {
        let first = note.first.as_ref().map(|first| format!(" after {}", first.start.line)).unwrap_or_default();
        let dropped = note.dropped.clone().map(|dropped| format!(" drops {}", &text[dropped])).unwrap_or_default();
        format!("{} at {}{first}{dropped}", note.path, note.location.start.line)
    };
    (serde_json::to_string(&document.json).expect("JSON"), document.notes.iter().map(shown).collect())
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    for (text, json, notes) in [
        ("a: 1\nb: 2\na: 3\n", r#"{"a":3,"b":2}"#, &["a at 3 after 1 drops 1"][..]),
        ("a: 1\na: 2\n'a': 3\n", r#"{"a":3}"#, &["a at 2 after 1 drops 1", "a at 3 after 1 drops 2"]),
        ("x:\n- {b: 1, b: 2}\n", r#"{"x":[{"b":2}]}"#, &["x[0].b at 2 after 2 drops 1"]),
        ("x: {a.b/c: 1, a.b/c: [2]}\n", r#"{"x":{"a.b/c":[2]}}"#, &["x[a.b/c] at 1 after 1 drops 1"]),
        // The maps are not merged, and the notes on a dropped value are dropped.
        ("a: {b: 1, b: 2}\na: {c: 3}\n", r#"{"a":{"c":3}}"#, &["a at 2 after 1 drops {b: 1, b: 2}"]),
        ("a: 1\na:\n", r#"{"a":null}"#, &["a at 2 after 1 drops 1"]),
        // An entry that a merge replaces is no duplicate, an entry after it is one.
        ("<<: {a: 1, b: 2}\na: 3\n", r#"{"a":3,"b":2}"#, &[]),
        ("a: 1\n<<: {a: 2}\n", r#"{"a":2}"#, &[]),
        ("a: 1\n<<: {a: 2}\na: 3\n", r#"{"a":3}"#, &["a at 3 after 1 drops 2"]),
        ("x:\n  <<: {a: 1, a: 2}\n", r#"{"x":{"a":2}}"#, &["x.a at 2 after 2 drops 1"]),
        ("x:\n  <<: [{b: 1}, {a: 1, a: 2}]\n", r#"{"x":{"a":2,"b":1}}"#, &["x.a at 2 after 2 drops 1"]),
        ("x: &y {a: 1, a: 2}\nz: *y\n", r#"{"x":{"a":2},"z":{"a":2}}"#, &["x.a at 1 after 1 drops 1"]),
        (
            "{\"a\": 1,\n\"b\": {\"c\": 1, \"c\": 2},\n\"\\u0061\": 3}",
            r#"{"a":3,"b":{"c":2}}"#,
            &["b.c at 2 after 2 drops 1", "a at 3 after 1 drops 1"],
        ),
    ] {
        assert_eq!(read(text), (json.to_owned(), notes.iter().map(ToString::to_string).collect()), "{text}");
    }
}

#[test]
fn keys_of_different_types_are_ambiguous() {
    for text in
        ["1: a\n\"1\": b\n", "true: a\n'true': b\n", "1.5: a\n\"1.5\": b\n", "1: a\n1.0: b\n", "x: 1\n!!str x: 2\n"]
    {
        let document = only(text);
        let [note] = &document.notes[..] else { panic!("{text}: {:?}", document.notes) };
        let kind = if text.starts_with('x') { NoteKind::DuplicateKey } else { NoteKind::AmbiguousKey };
        assert_eq!(note.kind, kind, "{text}");
        let end = if kind == NoteKind::AmbiguousKey { "uses one of them at random" } else { "uses the last one" };
        assert!(note.help.ends_with(end), "{}", note.help);
        assert_eq!(document.json.entries().len(), 1, "{text}");
    }
}

#[test]
fn a_note_becomes_the_error_of_a_strict_caller() {
    let document = only("a: 1\nb: 2\na: 3\n");
    let note = document.notes[0].clone();
    let error = document.into_strict().expect_err("a note");
    assert_eq!(error.to_string(), "line 3, column 1: duplicate key \"a\" in this map");
    assert_eq!(error.help, Some("keep only one of the two; kubectl uses the last one"));
    assert_eq!((error.location, error.first), (note.location, note.first));
    assert!(only("a: 1\n").into_strict().is_ok());
}

#[test]
fn items_of_a_list_get_their_notes() {
    let list = only("kind: List\nkind: List\nitems:\n- a: 1\n- b: {c: 1, c: 2}\n- d: 1\n  d: 2\n");
    let paths = |document: &Document<'_>| document.notes.iter().map(|note| note.path.to_string()).collect::<Vec<_>>();
    assert_eq!(paths(&list), ["kind", "items[1].b.c", "items[2].d"]);
    let items = list.into_items("items");
    assert_eq!(items.iter().map(paths).collect::<Vec<_>>(), [vec![], vec!["b.c".to_owned()], vec!["d".to_owned()]]);
    // Of a list that is dropped, the notes are dropped, too.
    let list = only("items: [{a: 1, a: 2}]\nitems: [{a: 3}]\n");
    assert_eq!(paths(&list), ["items"]);
    assert!(list.into_items("items")[0].notes.is_empty());
}

#[test]
fn the_number_of_notes_is_limited() {
    let text = "a: 1\n".repeat(1000);
    let document = only(&text);
    assert_eq!((document.notes.len(), document.json.entries().len()), (MAX_NOTES, 1));
    let inner = "  a: 1\n".repeat(1000);
    let outer = format!("x:\n{inner}x: 1\n");
    assert_eq!(only(&outer).notes.len(), 1, "the notes on a dropped value do not count");
}

#[test]
fn a_section_has_its_text_also_if_it_cannot_be_read() {
    let text = "a: 1\n---\nb: [\n--- c\nd: {{ .e }}\n---\n{\"f\": 1}\n";
    let shown: Vec<_> = sections(text)
        .map(|section| (section.text(), section.is_partly_readable(), section.template_syntax()))
        .collect();
    let helm = Some(crate::template_syntax::TemplateSyntax::Helm);
    let expected = [
        ("a: 1\n", true, None),
        ("b: [\n", false, None),
        ("--- c\nd: {{ .e }}\n", false, helm),
        ("{\"f\": 1}\n", true, None),
    ];
    assert_eq!(shown, expected);
}

/// A map in block style, flow style or JSON, with the entries in this order. Keys may repeat.
#[derive(Clone, Debug)]
enum Tree {
    Number(u16),
    Map(Vec<(&'static str, Tree)>, Style),
    List(Vec<Tree>, Style),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    Block,
    Flow,
}

fn tree() -> impl Strategy<Value = Tree> {
    let style = || prop_oneof![Just(Style::Block), Just(Style::Flow)];
    let key = prop_oneof![Just("a"), Just("b"), Just("c d"), Just("1")];
    let root = any::<u16>().prop_map(Tree::Number).prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            (prop::collection::vec((key.clone(), inner.clone()), 1..6), style())
                .prop_map(|(map, style)| Tree::Map(map, style)),
            (prop::collection::vec(inner, 1..4), style()).prop_map(|(list, style)| Tree::List(list, style)),
        ]
    });
    (prop::collection::vec((prop_oneof![Just("a"), Just("b")], root), 1..5), style())
        .prop_map(|(map, style)| Tree::Map(map, style))
}

impl Tree {
    /// Returns the value, in which the last of equal keys counts, and the number of dropped entries outside of dropped
    /// values.
    fn value(&self) -> (serde_json::Value, usize) {
        match self {
            Tree::Number(number) => ((*number).into(), 0),
            Tree::List(items, _) => {
                let (items, counts): (Vec<_>, Vec<_>) = items.iter().map(Tree::value).unzip();
                (items.into(), counts.iter().sum())
            }
            Tree::Map(entries, _) => {
                let mut map = std::collections::BTreeMap::new();
                for (key, value) in entries {
                    map.insert((*key).to_owned(), value.value());
                }
                let dropped = entries.len() - map.len() + map.values().map(|(_, count)| count).sum::<usize>();
                let map: serde_json::Map<_, _> = map.into_iter().map(|(key, (value, _))| (key, value)).collect();
                (map.into(), dropped)
            }
        }
    }

    fn flow(&self) -> String {
        match self {
            Tree::Number(number) => number.to_string(),
            Tree::List(items, _) => format!("[{}]", items.iter().map(Tree::flow).collect::<Vec<_>>().join(", ")),
            Tree::Map(entries, _) => {
                let entry = |(key, value): &(&str, Tree)| format!("\"{key}\": {}", value.flow());
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn block(&self, indent: usize) -> String {
        let pad = " ".repeat(indent);
        match self {
            Tree::Map(entries, Style::Block) => {
                let entry = |(key, value): &(&str, Tree)| format!("\n{pad}'{key}': {}", value.block(indent + 2));
                entries.iter().map(entry).collect::<Vec<_>>().concat()
            }
            Tree::List(items, Style::Block) => {
                let item = |item: &Tree| format!("\n{pad}- {}", item.block(indent + 2));
                items.iter().map(item).collect::<Vec<_>>().concat()
            }
            other => other.flow(),
        }
    }
}

/// Collects the path of every value in a document.
fn paths(json: &Json<'_>, path: &FieldPath, found: &mut Vec<FieldPath>) {
    for (index, item) in json.items().iter().enumerate() {
        paths(item, &path.clone().index(index), found);
    }
    for (key, value) in json.entries() {
        paths(value, &path.clone().key(&**key), found);
    }
    found.push(path.clone());
}

proptest! {
    #[test]
    fn every_value_is_at_its_position_next_to_dropped_ones(tree in tree()) {
        let text = tree.block(0);
        let document = only(&text);
        let (value, dropped) = tree.value();
        prop_assert_eq!(serde_json::Value::from(&document.json), value, "{}", text);
        prop_assert_eq!(document.notes.len(), dropped.min(MAX_NOTES), "{}", text);
        let mut found = Vec::new();
        paths(&document.json, &FieldPath::root(), &mut found);
        for path in found {
            let Some(Json::Number(number)) = path.value(&document.json) else { continue };
            let bytes = document.bytes(&path).expect("a position");
            prop_assert_eq!(&text[bytes.clone()], number.to_string(), "{} of {}", path, text);
            prop_assert_eq!(document.locate(&path).bytes, bytes.clone());
            for note in &document.notes {
                let gone = note.dropped.clone().expect("the dropped value");
                prop_assert!(bytes.end <= gone.start || gone.end <= bytes.start, "{} of {}", path, text);
                let first = note.first.as_ref().expect("the first key").bytes.start;
                prop_assert!(first < gone.start && gone.end <= note.location.bytes.start);
            }
        }
    }
}

proptest! {
    #[test]
    fn edits_change_the_entries_that_count(tree in tree(), at in any::<prop::sample::Index>(), kind in 0..5) {
        let text = tree.block(0);
        let document = only(&text);
        let mut found = Vec::new();
        paths(&document.json, &FieldPath::root(), &mut found);
        let path = found[at.index(found.len())].clone();
        let is_map = path.value(&document.json).is_some_and(|value| value.as_object().is_some());
        let value = Json::from("new");
        let change = match kind {
            0 => Edit::Set { path: path.clone(), value },
            1 => Edit::Remove { path: path.clone() },
            2 => Edit::Rename { path: path.clone(), name: "b".to_owned() },
            3 if is_map => Edit::Set { path: path.clone().key("a"), value },
            _ => Edit::Rename { path: path.clone(), name: "new".to_owned() },
        };
        let object = document.location().bytes.start;
        let Edited { text: after, obstacles } = edit(&text, &[Change { object, edits: vec![change.clone()] }]);
        let has_twin = document.notes.iter().any(|note| {
            let (steps, last) = (note.path.steps(), path.steps().len());
            steps.len() == last && note.path.to_pointer() == path.to_pointer()
        });
        if let [Some(obstacle)] = obstacles[..] {
            prop_assert_eq!(&after, &text);
            let is_refused = obstacle == Obstacle::Duplicate;
            prop_assert!(!is_refused || has_twin && !matches!(change, Edit::Set { .. }), "{:?} {}:\n{}", change, obstacle, text);
            return Ok(());
        }
        prop_assert!(!has_twin || matches!(change, Edit::Set { .. }), "{:?}:\n{}\n{}", change, text, after);
        let mut intended = document.json.clone();
        prop_assert!(change.apply(&mut intended));
        let edited = only(&after);
        prop_assert_eq!(&edited.json, &intended, "{:?}:\n{}\n{}", change, text, after);
        prop_assert!(edited.notes.len() <= document.notes.len());
        // No text before the edited value changes, so the dropped values there stay.
        let bytes = document.locate(&path).bytes;
        let start = bytes.start.min(document.bytes(&path).unwrap_or(bytes).start);
        for gone in document.notes.iter().filter_map(|note| note.dropped.clone()).filter(|gone| gone.end < start) {
            prop_assert_eq!(after.get(gone.clone()), text.get(gone), "{:?}:\n{}\n{}", change, text, after);
        }
    }
}
