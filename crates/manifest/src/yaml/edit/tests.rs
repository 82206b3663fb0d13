use super::*;
use crate::path::FieldPath;

/// A path such as `a.b[0].c`.
fn path(text: &str) -> FieldPath {
    text.split(['.', '[']).filter(|step| !step.is_empty()).fold(FieldPath::root(), |path, step| {
        match step.strip_suffix(']') {
            Some(index) => path.index(index.parse().expect("a number")),
            None => path.field(step.to_owned()),
        }
    })
}

fn json(text: &str) -> Json<'static> {
    serde_json::from_str::<Json<'_>>(text).expect("JSON").into_owned()
}

fn set(at: &str, value: &str) -> Edit {
    Edit::Set { path: path(at), value: json(value) }
}

fn insert(at: &str, value: &str) -> Edit {
    Edit::Insert { path: path(at), value: json(value) }
}

fn rename(at: &str, name: &str) -> Edit {
    Edit::Rename { path: path(at), name: name.to_owned() }
}

fn remove(at: &str) -> Edit {
    Edit::Remove { path: path(at) }
}

fn quote(at: &str) -> Edit {
    Edit::Quote { path: path(at) }
}

/// Edits the first object of a text.
fn edited(text: &str, edits: Vec<Edit>) -> Result<String, Obstacle> {
    let object = documents(text)[0].as_ref().expect("a document").location().bytes.start;
    let Edited { text: after, obstacles } = edit(text, &[Change { object, edits }]);
    match obstacles[0] {
        None => Ok(after),
        Some(obstacle) => {
            assert_eq!(after, text, "a refused change leaves the text as it is");
            Err(obstacle)
        }
    }
}

#[track_caller]
fn assert_edits(cases: &[(&str, Edit, &str)]) {
    for (text, edit, expected) in cases {
        assert_eq!(edited(text, vec![edit.clone()]).as_deref(), Ok(*expected), "{text:?} {edit:?}");
    }
}

#[test]
fn scalars_keep_their_quotes_and_comments() {
    assert_edits(&[
        ("a: b # c\n", set("a", "\"d\""), "a: d # c\n"),
        ("a: 'b'   # c\r\ne: f\r\n", set("a", "\"it's\""), "a: 'it''s'   # c\r\ne: f\r\n"),
        ("a: \"b\"", set("a", "\"d\""), "a: \"d\""),
        ("a: b\n", set("a", "\"0\""), "a: \"0\"\n"),
        ("a: b\n", set("a", "\"yes\""), "a: \"yes\"\n"),
        ("a: b\n", set("a", "\"x: y\""), "a: \"x: y\"\n"),
        ("a: \"3\"\n", set("a", "3"), "a: 3\n"),
        ("a: \"true\" # c\n", set("a", "true"), "a: true # c\n"),
        ("{\"a\": 1, \"b\": \"c\"}", set("b", "\"d\""), "{\"a\": 1, \"b\": \"d\"}"),
        ("a: [b, {c: d}]\n", set("a[1].c", "\"e\""), "a: [b, {c: e}]\n"),
        ("a:   # c\nb: 1\n", set("a", "\"d\""), "a: d   # c\nb: 1\n"),
        ("a: ~\n", set("a", "\"d\""), "a: d\n"),
        ("a: one\n  two\nb: 1\n", set("a", "\"d\""), "a: d\nb: 1\n"),
        ("a: |- # c\n  one\n\n# d\nb: 1\n", set("a", "\"d\""), "a: \"d\" # c\n\n# d\nb: 1\n"),
        ("a: >\n  one\n  two\n", set("a", "\"d\""), "a: \"d\"\n"),
    ]);
}

#[test]
fn quoting_keeps_the_text_of_a_scalar() {
    assert_edits(&[
        ("a: 1.5 # c\n", quote("a"), "a: \"1.5\" # c\n"),
        ("a: [b, 60]\n", quote("a[1]"), "a: [b, \"60\"]\n"),
        ("a: true\n", quote("a"), "a: \"true\"\n"),
        ("{\"a\": -7}", quote("a"), "{\"a\": \"-7\"}"),
    ]);
    for text in ["a: 1.10\n", "a: 300.0\n", "a: 3e2\n", "{\"a\": 1E3}"] {
        assert_eq!(
            edited(text, vec![quote("a")]),
            Err(Obstacle::Form),
            "the user may mean the text or the number: {text}"
        );
    }
    for text in ["a: yes\n", "a: 0777\n", "a: 1_000\n", "a: ~\n", "a: 'b'\n", "a: {}\n", "a: text\n"] {
        assert_eq!(edited(text, vec![quote("a")]), Err(Obstacle::Form), "{text}");
    }
}

#[test]
fn keys_keep_their_quotes() {
    assert_edits(&[
        ("a : b # c\n", rename("a", "d"), "d : b # c\n"),
        ("x:\n- 'a': b\n  c: d\n", rename("x[0].a", "e"), "x:\n- 'e': b\n  c: d\n"),
        ("{\"a\":\t1}", rename("a", "b"), "{\"b\":\t1}"),
        ("x: {a: b, c: d}\n", rename("x.c", "on"), "x: {a: b, \"on\": d}\n"),
        ("a:\n  b: c\n", rename("a", "ray.io/ft-enabled"), "ray.io/ft-enabled:\n  b: c\n"),
    ]);
    assert_eq!(edited("a: b\nc: d\n", vec![rename("a", "c")]), Err(Obstacle::Meaning), "the key exists already");
}

#[test]
fn entries_and_items_are_removed_with_their_lines() {
    assert_edits(&[
        ("a: b\n# d\ne: f\n", remove("a"), "# d\ne: f\n"),
        ("a: b\n# d\ne: f\n", remove("e"), "a: b\n# d\n"),
        ("a: b\r\ne:\r\n  f: g", remove("e"), "a: b"),
        ("a:\n- b: c\n  d: e # f\n- g\n", remove("a[0].b"), "a:\n- d: e # f\n- g\n"),
        ("a:\n- b: c # f\n  d: e\n- g\n", remove("a[0].d"), "a:\n- b: c # f\n- g\n"),
        ("a:\n- b: c\n  d: e\n- g\n", remove("a[0]"), "a:\n- g\n"),
        ("a:\n- b: c\n  d: e # f\n\n- g", remove("a[1]"), "a:\n- b: c\n  d: e # f\n"),
        ("a:\n  # x\n  - b # y\nc: d\n", remove("a[0]"), "a:\n  # x\n  [] # y\nc: d\n"),
        ("a:\n  - b # y\nc: d\n", remove("a[0]"), "a: [] # y\nc: d\n"),
        ("a:\n  b: c # y\nd: e\n", remove("a.b"), "a: {} # y\nd: e\n"),
        ("a: {b: c, d: e, f: g}\n", remove("a.b"), "a: {d: e, f: g}\n"),
        ("a: {b: c, d: e, f: g}\n", remove("a.f"), "a: {b: c, d: e}\n"),
        ("a: [b, c]\n", remove("a[1]"), "a: [b]\n"),
        ("a: {b: c}\n", remove("a.b"), "a: {}\n"),
        ("{\n  \"a\": 1,\n  \"b\": [2]\n}\n", remove("b"), "{\n  \"a\": 1\n}\n"),
        ("{\n  \"a\": 1,\n  \"b\": [2]\n}\n", remove("a"), "{\n  \"b\": [2]\n}\n"),
        ("a: |\n  b\n\nc: d\n", remove("a"), "\nc: d\n"),
        ("a:\n- - b\n  - c\n", remove("a[0][0]"), "a:\n- - c\n"),
    ]);
    // A `#` that does not start a comment.
    assert_edits(&[
        (
            "a: 'b # c'\nd: |\n  # e\n  f #\n\"g #\": [\"#\", h#]\ni: j\n",
            remove("a"),
            "d: |\n  # e\n  f #\n\"g #\": [\"#\", h#]\ni: j\n",
        ),
        ("a: b\nd: |\n  # e\n  f #\ni: j\n", remove("d"), "a: b\ni: j\n"),
        ("a: b\n\"g #\": [\"#\", {h#: 'i # j'}]\nk: l\n", remove("g #"), "a: b\nk: l\n"),
    ]);
}

#[test]
fn removals_never_remove_a_comment() {
    let item = "a:\n- b: c\n- b: c # keep: ticket 42\n  # why: see wiki\n  d: e # or f\n- g\n";
    for (text, at) in [
        (item, "a[1]"),
        (item, "a[1].d"),
        ("a: b # c\nd: e\n", "a"),
        ("a: b\nd: e # f", "d"),
        ("a: # drain\n  b: c\nd: e\n", "a"),
        ("a:\n  # drain\n  b: c\nd: e\n", "a"),
        ("a:\n  b: c # drain\nd: e\n", "a"),
        ("a:\n  b: # x\n    c: d\n", "a.b"),
        ("a: | # x\n  b\nc: d\n", "a"),
        ("a: 'it''s' # x\nc: d\n", "a"),
        ("a:\n- b # x\n  # y\n- c\n", "a[0]"),
        ("a:\n- # x\n  b\n", "a[0]"),
        ("a: {b: c, # d\n  e: f}\n", "a.b"),
        ("a: {b: [ # d\n  c]}\n", "a.b"),
        ("a: [b, # c\n  d]\n", "a[1]"),
        ("a:\n- b: c\n  # x\n  d: e\n", "a[0].b"),
    ] {
        assert_eq!(edited(text, vec![remove(at)]), Err(Obstacle::Comment), "{at} of {text}");
    }
}

#[test]
fn additions_have_the_style_of_their_siblings() {
    assert_edits(&[
        ("a:\n  b: c # d\ne: f\n", set("a.g", "\"0\""), "a:\n  b: c # d\n  g: \"0\"\ne: f\n"),
        ("a: b", set("c.d", "\"e\""), "a: b\nc:\n  d: e"),
        ("a: b\r\n", set("c", "\"e\""), "a: b\r\nc: e\r\n"),
        ("a: {b: c}\n", set("a.d", "{\"e\":[\"f\"]}"), "a: {b: c, d: {e: [f]}}\n"),
        ("a: {}\n", set("a.d", "\"0\""), "a: {d: \"0\"}\n"),
        ("a: []\n", set("a[0]", "{\"b\":\"c\"}"), "a: [{b: c}]\n"),
        ("a: # d\nb: c\n", set("a.e", "\"f\""), "a: # d\n  e: f\nb: c\n"),
        ("a:\nb:\n  - c\n", set("a[0]", "{\"x\":\"w\",\"z\":\"0\"}"), "a:\n  - x: w\n    z: \"0\"\nb:\n  - c\n"),
        ("a:\nb:\n- c\n", set("a[0].d", "1"), "a:\n- d: 1\nb:\n- c\n"),
        ("a: null\n", set("a.b", "1"), "a: {b: 1}\n"),
        ("a:\n- b: c\n  d: e\n", set("a[0].f", "1"), "a:\n- b: c\n  d: e\n  f: 1\n"),
        ("a:\n  - b # c\n", set("a[1]", "{\"d\":{\"e\":1}}"), "a:\n  - b # c\n  - d:\n      e: 1\n"),
        ("{\"a\": {\"b\": 1}}", set("a.c", "\"d\""), "{\"a\": {\"b\": 1, \"c\": \"d\"}}"),
        ("{\n  \"a\": 1\n}\n", set("b", "[\"d\"]"), "{\n  \"a\": 1,\n  \"b\": [\"d\"]\n}\n"),
        ("a:\n# x\n- b\n- c\n", insert("a[0]", "\"d\""), "a:\n- d\n# x\n- b\n- c\n"),
        ("a:\n- b\n# x\n- c\n", insert("a[1]", "\"d\""), "a:\n- b\n- d\n# x\n- c\n"),
        ("a: [b, c]\n", insert("a[0]", "\"d\""), "a: [d, b, c]\n"),
        ("a: [b, c]\n", insert("a[2]", "\"d\""), "a: [b, c, d]\n"),
        ("\u{feff}a: b\n", set("c", "1"), "\u{feff}a: b\nc: 1\n"),
        ("# x\n---\n  a: b\n  # y\n---\nc: d\n", set("e", "1"), "# x\n---\n  a: b\n  e: 1\n  # y\n---\nc: d\n"),
    ]);
}

#[test]
fn several_entries_are_added_to_an_empty_map() {
    for text in ["a: {}\n", "a: { }\n"] {
        assert_eq!(
            edited(text, vec![set("a.b", "1"), set("a.c", "{\"d\":2}"), set("a.e", "3")]),
            Ok("a: {b: 1, c: {d: 2}, e: 3}\n".to_owned()),
            "{text}"
        );
    }
}

#[test]
fn aliases_and_shared_values_are_not_changed() {
    let text = "a: &x\n  b: c\nd: *x\ne:\n  <<: *x\n  f: g\n";
    for (edit, obstacle) in [
        (set("a.b", "\"h\""), Obstacle::Shared),
        (set("d.b", "\"h\""), Obstacle::Alias),
        (remove("d"), Obstacle::Alias),
        (rename("e.b", "h"), Obstacle::Absent),
        (remove("e.b"), Obstacle::Absent),
        (set("a.i", "1"), Obstacle::Shared),
    ] {
        assert_eq!(edited(text, vec![edit.clone()]), Err(obstacle), "{edit:?}");
    }
    assert_edits(&[
        (text, set("e.f", "\"h\""), &text.replace("f: g", "f: h")),
        // An entry after a merge changes this map only.
        (text, set("e.b", "\"h\""), &format!("{text}  b: h\n")),
        ("a: &x b\nc: d\n", set("a", "\"e\""), "a: &x e\nc: d\n"),
    ]);
    // A merge overrides the entries before it.
    assert_eq!(edited("x: &x {b: c}\ne:\n  b: d\n  <<: *x\n", vec![set("e.b", "\"h\"")]), Err(Obstacle::Meaning));
    let shared = "kind: List\nitems:\n- &x\n  a: b\n- *x\n";
    let documents = documents(shared);
    let items = documents[0].as_ref().expect("a list").clone().into_items("items");
    for item in items {
        let change = Change { object: item.location().bytes.start, edits: vec![set("a", "\"c\"")] };
        assert_eq!(edit(shared, &[change]).obstacles, [Some(Obstacle::Shared)]);
    }
}

#[test]
fn as_many_changes_as_possible_are_made() {
    let text = "kind: List\nitems:\n- a: 1 # x\n  b: {c: d}\n- a: 2\n  e: &x [f]\n  g: *x\n---\n{\"a\": 3}\n";
    let objects: Vec<_> = documents(text)
        .into_iter()
        .map(|document| document.expect("a document"))
        .flat_map(
            |document| {
                if document.json.entry("kind").is_some() { document.into_items("items") } else { vec![document] }
            },
        )
        .map(|object| object.location().bytes.start)
        .collect();
    let changes = [
        (0, vec![set("a", "10"), remove("b.c")]),
        (0, vec![rename("b", "a")]),
        (1, vec![set("a", "20"), set("e[0]", "\"h\"")]),
        (1, vec![rename("a", "z")]),
        (2, vec![set("a", "30")]),
    ];
    let changes = changes.map(|(object, edits)| Change { object: objects[object], edits });
    let Edited { text: after, obstacles } = edit(text, &changes);
    let expected = text.replace("a: 1", "a: 10").replace("{c: d}", "{}").replace("a: 2", "z: 2").replace('3', "30");
    assert_eq!(after, expected);
    assert_eq!(obstacles, [None, Some(Obstacle::Meaning), Some(Obstacle::Shared), None, None]);
}

#[test]
fn documents_that_cannot_be_read_stay_as_they_are() {
    let text = "a: [\n---\na: b\n---\nc: c: c\n";
    let object = documents(text)[1].as_ref().expect("the second").location().bytes.start;
    let Edited { text: after, obstacles } = edit(text, &[Change { object, edits: vec![set("a", "1")] }]);
    assert_eq!((&*after, &obstacles[..]), ("a: [\n---\na: 1\n---\nc: c: c\n", &[None][..]));
}

#[test]
fn of_equal_keys_the_last_entry_is_changed() {
    assert_edits(&[
        ("a: 1\na: 2 # b\n", set("a", "3"), "a: 1\na: 3 # b\n"),
        ("a: {b: 1}\na: {b: 2, b: 3}\n", set("a.b", "4"), "a: {b: 1}\na: {b: 2, b: 4}\n"),
        ("a: {b: 1}\na: {c: 2}\n", set("a.b", "3"), "a: {b: 1}\na: {c: 2, b: 3}\n"),
        ("a:\n- b\na:\n- c\n", set("a[1]", "\"d\""), "a:\n- b\na:\n- c\n- d\n"),
        ("{\"a\": 1, \"a\": 2}", set("a", "3"), "{\"a\": 1, \"a\": 3}"),
        ("a: 1\na: 2\n", set("b", "3"), "a: 1\na: 2\nb: 3\n"),
        ("a: 1\nb: 2\na: 3\n", rename("b", "c"), "a: 1\nc: 2\na: 3\n"),
        ("a: 1\na: 2\nb: 3\n", remove("b"), "a: 1\na: 2\n"),
        ("a: x\na: 60\n", quote("a"), "a: x\na: \"60\"\n"),
    ]);
    for (text, edit, obstacle) in [
        ("a: 1\na: 2\n", remove("a"), Obstacle::Duplicate),
        ("a: 1\na: 2\n", rename("a", "b"), Obstacle::Duplicate),
        ("a: 1\na: 2\nb: 3\n", rename("b", "a"), Obstacle::Meaning),
        ("a: {b: 1}\na: 2\n", set("a.b", "3"), Obstacle::Meaning),
        // A merge replaces the entries before it.
        ("a: 1\n<<: {a: 2}\n", set("a", "3"), Obstacle::Meaning),
    ] {
        assert_eq!(edited(text, vec![edit.clone()]), Err(obstacle), "{text} {edit:?}");
    }
    // An object in an entry that is dropped.
    let text = "items: [{a: 1}]\nitems: [{a: 2}]\n";
    let object = text.find("{a: 1}").expect("the dropped object");
    assert_eq!(edit(text, &[Change { object, edits: vec![set("a", "3")] }]).obstacles, [Some(Obstacle::Absent)]);
}
