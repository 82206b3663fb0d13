use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<Json<'_>, ReadError> {
    let mut reader = Reader::new(text);
    let value = reader.value()?;
    reader.end().map(|()| value)
}

fn agrees_with_serde_json(text: &str) {
    let (ours, theirs) = (read(text), serde_json::from_str::<Json<'_>>(text));
    match (&ours, &theirs) {
        // `==` ignores the order of fields and duplicate fields.
        (Ok(ours), Ok(theirs)) => assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{text}"),
        (Err(_), Err(_)) => {}
        _ => panic!("{text}: {ours:?}, but serde_json: {theirs:?}"),
    }
    let mut reader = Reader::new(text);
    let skipped = reader.skip().and_then(|_| reader.end());
    assert!(skipped.is_ok() || ours.is_err(), "{text}");
}

#[test]
fn unusual_texts_are_read_as_by_serde_json() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let (deepest, too_deep) = (nested(127), nested(128));
    for text in [
        "",
        " ",
        "nul",
        "nullx",
        "true ",
        "[1,]",
        "[,1]",
        "{,}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r"{a:1}",
        "[1 2]",
        "0",
        "-0",
        "00",
        "01",
        "-",
        "-1",
        "1.",
        ".5",
        "1.5",
        "1e5",
        "1e",
        "1E+2",
        "+1",
        "1-1",
        "1e400",
        "-1e400",
        "1.0e-400",
        "[0,10]",
        "999999999999999999",
        "9999999999999999999",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "0.1",
        "123456789012345678901234567890",
        "NaN",
        "Infinity",
        "0x10",
        r#""""#,
        r#"""#,
        r#""\"#,
        r#""\""#,
        r#""a\tb\u00e9\/""#,
        r#""\ud83d\ude00""#,
        r#""\ud83d""#,
        r#""\x""#,
        r#""\u12""#,
        r#""\u+123""#,
        r#""\u0000\uFFFF""#,
        r#""\ud83d\u0041""#,
        r#""\ude00\ud83d""#,
        r#""\ud83dx""#,
        r#""\n\r\b\f\"\\\/""#,
        r#""é\né""#,
        "\"a\nb\"",
        "\"a\u{7f}b\"",
        "\"é\u{80}\u{2028}\"",
        "\"1234567\u{1}\"",
        "\"12345678\u{1f}\"",
        "\u{feff}1",
        "\u{a0}1",
        "1\u{c}",
        r#"{"a":1,"a":[{"a":"b"}],"":null}"#,
        "\t\r\n[ ] ",
        "{ }",
        "{}{}",
        "]",
        "}",
        "[}",
        "[[]",
        &deepest,
        &too_deep,
    ] {
        agrees_with_serde_json(text);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_as_by_serde_json(text in r#"[\[\]{}",:0-9eE.+\-\\/u a-f\n\x01truenalsé]{0,24}"#) {
        agrees_with_serde_json(&text);
        agrees_with_serde_json(&format!("\"{text}\""));
    }

    #[test]
    fn skipping_ends_where_reading_ends(before in "[ \n]{0,2}", text in value(), after in r"[,\]} \n]{0,2}") {
        let whole = format!("{before}{text}{after}");
        let (mut skipping, mut reading) = (Reader::new(&whole), Reader::new(&whole));
        prop_assert_eq!(skipping.skip(), Ok(&*text));
        reading.value().expect("JSON");
        prop_assert_eq!(skipping.at, reading.at);
    }
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        ".{0,12}".prop_map(|text| serde_json::to_string(&text).expect("JSON")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let field = (r#""[a-z"\\]{0,3}""#.prop_map(|_| "\"k\\\"]\"".to_owned()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
            prop::collection::vec(field, 0..4).prop_map(|fields| {
                format!(
                    "{{{}}}",
                    fields.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(",")
                )
            }),
        ]
    })
}

#[test]
fn skipping_a_value_without_an_end_is_an_error() {
    for text in ["", "[", "[1", "{\"a", "]", "\"\\", ",", &"[".repeat(1000), "{\"}", "[\"]\\\"]"] {
        assert_eq!(Reader::new(text).skip(), Err(ReadError::Syntax), "{text}");
    }
}
