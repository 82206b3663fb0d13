use proptest::prelude::*;

use super::*;

fn all(text: &str) -> Vec<String> {
    let shown = |document: Result<Document<'_>, YamlError>| match document {
        Ok(document) => serde_json::to_string(&document.json).expect("JSON"),
        Err(error) => format!("{error}"),
    };
    documents(text).into_iter().map(shown).collect()
}

fn only(text: &str) -> Document<'_> {
    let mut documents = documents(text);
    assert_eq!(documents.len(), 1, "{documents:?}");
    documents.remove(0).expect("a document")
}

fn error(text: &str) -> YamlError {
    documents(text).into_iter().find_map(Result::err).expect("an error")
}

/// Returns the displayed text for a path, and the line and column of its start.
fn shown<'t>(document: &Document<'t>, path: &FieldPath) -> (&'t str, usize, usize) {
    let location = document.locate(path);
    (&document.lines.text()[location.bytes.clone()], location.start.line, location.start.column)
}

#[test]
fn a_text_has_the_same_documents_as_for_kubectl() {
    assert_eq!(all("a: 1\n---\nb: 2\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(all("---\r\na: 1\r\n--- # comment\r\nb: 2\r\n...\r\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(all("\u{feff}a: 1\n---\n\u{feff}b: 2\n"), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(all("# only\n---\n\n---\nnull\n---\n~\n---\n"), [""; 0]);
    assert_eq!(all(""), [""; 0]);
    assert_eq!(all("a: 1\n...\nb: 2\n"), [r#"{"a":1}"#, r#"{"b":2}"#], "kubectl would drop the second");
    assert_eq!(all("a: |\n  x\n  ---\n  y\n"), [r#"{"a":"x\n---\ny\n"}"#]);
}

#[test]
fn any_number_of_comments_is_skipped() {
    let comments = "  # comment\n".repeat(500);
    let text = format!("a:\n{comments}  b: 1\n{comments}c:\n{comments}- 1\n{comments}- [\n{comments}  2]\n{comments}");
    assert_eq!(all(&text), [r#"{"a":{"b":1},"c":[1,[2]]}"#]);
}

#[test]
fn a_document_with_an_error_does_not_hide_the_others() {
    let found = all("a: 1\n---\nb: [\n---\nc: 3\n--- d: 4\n---\ne: 5\n");
    assert_eq!(found[0], r#"{"a":1}"#);
    assert_eq!(found[1], "line 3, column 4: unclosed bracket '['");
    assert_eq!(found[2], r#"{"c":3}"#);
    assert_eq!(found[3], "line 6, column 5: kubectl ignores content after --- on the same line");
    assert_eq!(found[4], r#"{"e":5}"#);
    assert_eq!(found.len(), 5);
}

#[test]
fn a_section_can_be_copied_verbatim_unless_it_is_json() {
    let text = "a: 1 # one\n---\n# none\n---\nb: [\n--- c\n---\n{\"d\": 1}\n---\ne: 1\n...\nf: 1\n";
    let verbatim: Vec<_> = sections(text).map(|section| section.verbatim()).collect();
    assert_eq!(verbatim, [Some("a: 1 # one\n"), Some("# none\n"), Some("b: [\n"), Some("--- c\n"), None, None]);
}

#[test]
fn all_of_json_is_read() {
    let text = "{\n\t\"a\": \"\\ud83d\\ude00\\/\",\n\t\"b\": [1, -2.5e3, true, null, {}, []]\n}\n";
    assert_eq!(all(text), [r#"{"a":"😀/","b":[1,-2500,true,null,{},[]]}"#]);
    assert_eq!(all("{\"a\":1}{\"b\":2}\n{\"c\":3}"), [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#]);
    assert_eq!(all("{\"a\": 1} # comment\n---\nb: 2"), [r#"{"a":1}"#, r#"{"b":2}"#]);
    assert_eq!(all("{a: 1, \"b\": 0x10,}"), [r#"{"a":1,"b":16}"#], "YAML that begins like JSON");
    let document = only(text);
    assert_eq!(shown(&document, &FieldPath::of(["b"]).index(1)), ("-2.5e3", 3, 11));
    assert_eq!(shown(&document, &FieldPath::of(["a"])), ("\"\\ud83d\\ude00\\/\"", 2, 7));
    assert_eq!(all("{\"a\": \"\\ud83d\"}"), ["line 1, column 7: a string with an unpaired surrogate"]);
    assert_eq!(all("{\"a\": 1,\n \"b\" 2}"), ["line 2, column 6: not JSON: expected `:`"]);
}

/// Returns the error of the only document for a caller that accepts no surprise.
fn strict_error(text: &str) -> YamlError {
    only(text).into_strict().expect_err("a note")
}

#[test]
fn a_duplicate_key_is_an_error_with_both_locations_for_a_strict_caller() {
    for text in ["a: 1\nb: 2\n\"a\": 3\n", "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}"] {
        let error = strict_error(text);
        assert_eq!(error.message, "duplicate key \"a\" in this map");
        assert_eq!((error.location.start.line, error.first.expect("the first").start.line), (3, 1), "{text}");
    }
    let many: Vec<String> = (0..100).map(|n| format!("k{n}: {n}")).collect();
    let many = format!("{}\nk7: again\n", many.join("\n"));
    assert_eq!(strict_error(&many).first.expect("the first").start.line, 8);
}

#[test]
fn errors_have_a_location_and_advice() {
    for (text, expected) in [
        ("a: 1\n\tb: 2\n", "1:4 a tab where only spaces are allowed; indent with spaces, not with tabs"),
        (
            "  a: 1\n b: 2\n",
            "2:2 this line does not belong to the document above it; indent it like the lines around it; kubectl silently drops this line and everything after it",
        ),
        (
            "a:\n  - b\n - c\n",
            "3:2 expected a key of the map above; check the indentation of this line and of the line above",
        ),
        (
            "a: {{ .Values.x }}\n",
            "1:5 a key must be a string, not a list or a map; if this is a Helm template, render it first: helm template CHART | rayguard check -",
        ),
        ("%YAML 1.1\n---\na: 1\n", "1:1 kubectl does not accept YAML directives; remove the line"),
        (
            "é: \"x\n",
            "2:1 this line is inside a quoted string that starts above; close the quotes, or indent the line more than the key of the string",
        ),
        ("a: *b\n", "1:4 no anchor of this name is defined above"),
        ("a: &a [*a]\n", "1:8 the alias is inside the value that it refers to"),
        ("? [a]\n: 1\n", "1:3 a key must be a string, not a list or a map"),
        ("a: .inf\n", "1:4 JSON has no infinity and no NaN"),
        ("a: !!int x\n", "1:10 the value tagged !!int is not an integer"),
        ("a: 1\n<<: 2\n", "2:1 the value of << must be a map or a list of maps"),
        (&"[".repeat(1000), "1:256 nested too deeply"),
        (&format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200)), "1:132 nested too deeply"),
    ] {
        let YamlError { message, help, location, .. } = error(text);
        let help = help.map(|help| format!("; {help}")).unwrap_or_default();
        assert_eq!(format!("{}:{} {message}{help}", location.start.line, location.start.column), expected, "{text}");
    }
}

#[test]
fn the_error_of_a_template_has_advice_wherever_the_template_is() {
    let helm = "if this is a Helm template, render it first: helm template CHART | rayguard check -";
    let tabs = "indent with spaces, not with tabs";
    for (text, help) in [
        (
            "{{/*\n  Role of the chart:\n    - list pods  (in the namespace)\n  `lookup` finds it.\n*/}}\nkind: Role\n",
            Some(helm),
        ),
        ("{{- if .Values.x }}\na: b\n{{- end }}\n", Some(helm)),
        ("a: b\nc:\n  {{- include \"x\" . | nindent 2 }}\n d: e\n", Some(helm)),
        ("a: [\nb: ${NAME}\n", Some("if this is for envsubst, fill it in first: envsubst < FILE | rayguard check -")),
        (
            "a:\n${indent(2, b)}\nc: d\n",
            Some("if this is a Terraform template, render it first: terraform output -raw NAME | rayguard check -"),
        ),
        // The error has its own advice, and only a value looks like a template.
        ("a: \"{{ b }}\"\nc:\n\td: 1\n", Some(tabs)),
        ("a: $(NAME)\nb: [\n", None),
    ] {
        assert_eq!(error(text).help, help, "{text}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_an_error_with_a_location() {
    let error = decode(b"a: 1\nb: \xff\n").expect_err("not UTF-8");
    assert_eq!(error.to_string(), "line 2, column 4: not UTF-8 from byte 8 on");
    let utf16 = decode(b"\xff\xfea\0:\0").expect_err("UTF-16");
    assert_eq!(utf16.help, Some("it looks like UTF-16; save it as UTF-8"));
    assert_eq!(decode("é".as_bytes()), Ok("é"));
}

#[test]
fn anchors_aliases_and_merges_work_as_in_go_yaml() {
    assert_eq!(all("a: &x [1, &y z]\nb: *x\nc: *y\n*y : 4\n"), [r#"{"a":[1,"z"],"b":[1,"z"],"c":"z","z":4}"#]);
    assert_eq!(all("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\n"), [r#"{"a":{"k":1,"l":2},"b":{"k":1,"l":3}}"#]);
    assert_eq!(all("a: &x {k: 1}\nb: {k: 2, <<: *x}\n"), [r#"{"a":{"k":1},"b":{"k":1}}"#], "the later one counts");
    assert_eq!(all("- &x {k: 1}\n- {<<: [*x, {k: 2, m: 3}]}\n"), [r#"[{"k":1},{"k":1,"m":3}]"#]);
    assert_eq!(all("\"<<\": 1\n"), [r#"{"<<":1}"#]);
    assert_eq!(all("<<: []\na: 1\n"), [r#"{"a":1}"#]);
    assert_eq!(all("- &x []\n- <<: *x\n"), ["line 2, column 3: the value of << must be a map or a list of maps"]);
}

#[test]
fn aliases_that_multiply_are_refused() {
    let bomb = (1..40).map(|n| format!("a{n}: &a{n} [{}]", vec![format!("*a{}", n - 1); 9].join(", ")));
    let bomb: Vec<String> = std::iter::once("a0: &a0 [x, x]".to_owned()).chain(bomb).collect();
    let refused = "aliases expand the document beyond the size that the API server accepts";
    assert_eq!(error(&bomb.join("\n")).message, refused);
    let small = "a: &a [x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\n\
        d: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\n\
        f: &f [*e, *e, *e, *e, *e, *e, *e, *e]\ng: [*f, *f, *f, *f, *f, *f, *f, *f]";
    assert_eq!(error(small).message, refused, "nodes weigh more than their text");
    let chain = (1..200).map(|n| format!("a{n}: &a{n} {{x: *a{}}}", n - 1));
    let chain: Vec<String> = std::iter::once("a0: &a0 {x: 1}".to_owned()).chain(chain).collect();
    assert_eq!(error(&chain.join("\n")).message, "nested too deeply");
}

const CLUSTER: &str = "\
kind: RayCluster  # comment
spec:
  env:
  - name: é
    value: \"60\"
  -   # nothing
  - {name: b}
  text: |
    one
    two
  empty:
  list: []
  shared: &shared
    deep: 1
  again: *shared
";

#[test]
fn a_path_leads_to_the_value_its_key_or_its_parent() {
    let document = only(CLUSTER);
    let env = || FieldPath::of(["spec", "env"]);
    assert_eq!(shown(&document, &FieldPath::of(["kind"])), ("RayCluster", 1, 7));
    assert_eq!(shown(&document, &env().index(0).field("value")), ("\"60\"", 5, 12));
    assert_eq!(shown(&document, &env().index(0).field("name")), ("é", 4, 11));
    assert_eq!(shown(&document, &env().index(2).field("name")), ("b", 7, 12));
    // Lists, maps, empty values and text of several lines: the key.
    assert_eq!(shown(&document, &env()), ("env", 3, 3));
    assert_eq!(shown(&document, &FieldPath::of(["spec", "list"])), ("list", 12, 3));
    assert_eq!(shown(&document, &FieldPath::of(["spec", "text"])), ("text", 8, 3));
    assert_eq!(shown(&document, &FieldPath::of(["spec", "empty"])), ("empty", 11, 3));
    // Items of a list: the first line.
    assert_eq!(shown(&document, &env().index(0)), ("name: é", 4, 5));
    assert_eq!(shown(&document, &env().index(2)), ("{name: b}", 7, 5));
    // Absent values: the nearest parent.
    assert_eq!(shown(&document, &env().index(0).field("valueFrom").field("x")), ("name: é", 4, 5));
    assert_eq!(shown(&document, &env().index(9)), ("env", 3, 3));
    assert_eq!(shown(&document, &FieldPath::of(["spec", "headGroupSpec", "template"])), ("spec", 2, 1));
    assert_eq!(shown(&document, &FieldPath::of(["kind", "x"])), ("kind", 1, 1));
    assert_eq!(shown(&document, &FieldPath::of(["metadata"])), ("kind: RayCluster  # comment", 1, 1));
    // Below an alias: the anchored value. The key is that of the alias.
    assert_eq!(shown(&document, &FieldPath::of(["spec", "again", "deep"])), ("1", 14, 11));
    assert_eq!(shown(&document, &FieldPath::of(["spec", "again"])), ("again", 15, 3));
}

#[test]
fn locations_are_right_after_carriage_returns_and_a_byte_order_mark() {
    let text = format!("\u{feff}# é\r\n---\r\n{}", CLUSTER.replace('\n', "\r\n"));
    let document = only(&text);
    assert_eq!(shown(&document, &FieldPath::of(["spec", "env"]).index(0).field("value")), ("\"60\"", 7, 12));
    assert_eq!(shown(&document, &FieldPath::of(["spec", "env"]).index(0)), ("name: é", 6, 5));
}

#[test]
fn items_of_a_list_are_documents_with_locations() {
    let list = only("kind: List\nitems:\n- kind: A\n- kind: B\n  spec: 1\n");
    let items = list.into_items("items");
    assert_eq!(items.len(), 2);
    assert_eq!(shown(&items[1], &FieldPath::of(["spec"])), ("1", 5, 9));
    assert_eq!(shown(&items[1], &FieldPath::root()), ("kind: B", 4, 3));
    assert!(only("items: 1").into_items("items").is_empty());
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "[-+.0-9_eExob]{0,6}",
        "[\\t\\n\\r :#\\-?,\\[\\]{}&*!|>'\"%@`a\\\\\u{85}\u{2028}\u{feff}\u{7f}\u{1}é😀]{0,8}",
        Just("yes".to_owned()),
        Just("a\n\nb\n\n".to_owned()),
    ]
}

fn any_json() -> impl Strategy<Value = Json<'static>> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(|number| Json::Number(number.into())),
        any::<u64>().prop_map(|number| Json::Number(number.into())),
        any::<f64>().prop_filter_map("a number", |number| {
            crate::json::Number::from_f64(number).filter(|_| number.fract() != 0.0).map(Json::Number)
        }),
        any_text().prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let entries = prop::collection::btree_map(any_text(), inner.clone(), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(Json::Array),
            entries.prop_map(|entries| entries.into_iter().map(|(key, value)| (key.into(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn written_values_are_read_back(json in any_json()) {
        let json = Json::from_iter([("value".into(), json)]);
        let yaml = to_string(&json).expect("YAML");
        prop_assert_eq!(&only(&yaml).json, &json, "{}", yaml);
        let text = serde_json::to_string_pretty(&json).expect("JSON");
        prop_assert_eq!(&only(&text).json, &json, "{}", text);
    }

    #[test]
    fn no_text_causes_a_panic(text in any::<String>(), steps in prop::collection::vec(any::<usize>(), 0..4)) {
        for document in documents(&text).into_iter().flatten() {
            let path = steps.iter().fold(FieldPath::root(), |path, step| path.index(step % 3));
            document.locate(&path);
        }
    }

    #[test]
    fn no_text_similar_to_yaml_causes_a_panic(text in "([ \\t\\n\\r:,\\[\\]{}#&*!|>'\"%@?~<.=-]|---\n|é|a|1){0,60}") {
        for document in documents(&text).into_iter().flatten() {
            document.locate(&FieldPath::root().index(0).field("a"));
            document.location();
        }
    }
}

#[test]
fn every_key_of_a_large_map_is_found() {
    let entries: Vec<_> = (0..200).rev().map(|n| format!("\"k{n}\": {n}")).collect();
    let text = format!("{{{}}}", entries.join(", "));
    let document = documents(&text).remove(0).expect("JSON");
    let written = |key: &str| document.bytes(&FieldPath::root().key(key)).map(|bytes| &text[bytes]);
    assert_eq!(written("k0"), Some("0"));
    assert_eq!(written("k199"), Some("199"));
    assert_eq!(written("k7"), Some("7"));
    assert_eq!(written("k200"), None);
    assert_eq!(written(""), None);
}

#[test]
fn the_last_of_two_equal_keys_counts_in_a_field_and_the_first_duplicate_is_returned() {
    let (document, duplicate) = unmarshal_document("a: 1\nb: {c: 1, c: 2}\na: 3\n").expect("YAML").expect("a document");
    assert_eq!(document.json.field("a").as_i64(), Some(3));
    assert_eq!(document.json.descend(["b", "c"]).as_i64(), Some(2));
    let duplicate = duplicate.expect("a duplicate key");
    assert_eq!((duplicate.location.start.line, &*duplicate.message), (2, "duplicate key \"c\" in this map"));
    let (_, none) = unmarshal_document("a: 1\n---\nb: [").expect("YAML").expect("a document");
    assert!(none.is_none());
    assert!(unmarshal_document("# nothing\n").expect("YAML").is_none());
    assert!(unmarshal_document("a: [").is_err());
}

#[test]
fn the_key_of_a_field_is_located() {
    let document = only("a: {b: 1, c: [d]}\n");
    let key = |path: &FieldPath| {
        let location = document.locate_key(path);
        (location.start.column, location.end.column)
    };
    let path = || FieldPath::of(["a"]);
    assert_eq!(key(&path().field("b")), (5, 6));
    assert_eq!(document.locate(&path().field("b")).start.column, 8);
    // An item of a list and an absent field have no key.
    for path in [path().field("c").index(0), path().field("e"), FieldPath::root()] {
        assert_eq!(document.locate_key(&path), document.locate(&path), "{path}");
    }
}
