//! Writes values as YAML text. kubectl reads the same values from it.

use std::fmt;

use crate::json::Json;

/// Writes a value as one YAML document, with the fields in their order. A string is quoted if a YAML 1.1 or 1.2 reader
/// could read it as another type. A string with several lines is a block.
///
/// # Errors
///
/// Returns an error if the serializer fails. No JSON value is known to cause that.
pub fn to_string(json: &Json<'_>) -> Result<String, fmt::Error> {
    // For kubectl, any line that begins with dashes ends the document. In JSON, no line begins with dashes.
    let begins_with_dashes = |text: &str| text.starts_with("---") && text != "---"; // the serializer quotes `---`
    if json.as_str().is_some_and(begins_with_dashes) || json.entries().iter().any(|(name, _)| begins_with_dashes(name))
    {
        return serde_json::to_string_pretty(json).map(|text| text + "\n").map_err(|_| fmt::Error);
    }
    let options = serde_saphyr::ser_options! {
        // Long lines are not folded, because folded text is hard to read and to search.
        folded_wrap_chars: usize::MAX,
        // go-yaml derives the indentation of a block from its first line, and refuses a tab there.
        prefer_block_scalars: !has_leading_tab(json),
    };
    serde_saphyr::to_string_with_options(json, options).map_err(|_| fmt::Error)
}

/// Reports whether the first line with text in any string of a value begins with a tab.
fn has_leading_tab(json: &Json<'_>) -> bool {
    match json {
        Json::String(text) => text.trim_start_matches(['\n', ' ']).starts_with('\t'),
        Json::Array(items) => items.iter().any(has_leading_tab),
        Json::Object(_) => json.entries().iter().any(|(_, value)| has_leading_tab(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::documents;

    fn written(text: &str) -> String {
        let json: Json<'_> = serde_json::from_str(text).expect("JSON");
        to_string(&json).expect("YAML")
    }

    #[test]
    fn maps_lists_and_blocks_are_in_the_usual_style() {
        let text = r#"{"kind":"RayService","spec":{"args":["a",{"b":[1,2.5]}],"serveConfigV2":"applications:\n- name: a\n",
            "empty":{},"none":[],"null":null}}"#;
        let yaml = "\
kind: RayService
spec:
  args:
  - a
  - b:
    - 1
    - 2.5
  serveConfigV2: |
    applications:
    - name: a
  empty: {}
  none: []
  null: null
";
        assert_eq!(written(text), yaml.replace("  null: null", "  \"null\": null"));
    }

    #[test]
    fn ambiguous_strings_are_quoted() {
        for text in [
            "yes",
            "No",
            "on",
            "y",
            "N",
            "null",
            "~",
            "",
            "true",
            "0777",
            "0o17",
            "0x1F",
            "0b1",
            "08",
            "1_000",
            "1e3",
            ".5",
            ".inf",
            "-.inf",
            ".NaN",
            "2001-01-01",
            "2001-01-01T00:00:00Z",
            "12:30",
            "<<",
            "=",
            "- a",
            "a: b",
            "a #b",
            "#a",
            "*a",
            "&a",
            "!a",
            "@a",
            "`a",
            "%a",
            "?",
            "-",
            ":",
            "a:",
            " a",
            "a ",
            "[a",
            "{a",
            "---",
            "...",
        ] {
            let json = Json::from_iter([("a".into(), Json::from(text)), (text.to_owned().into(), Json::Null)]);
            let yaml = to_string(&json).expect("YAML");
            let documents = documents(&yaml);
            let [Ok(document)] = &documents[..] else { panic!("{yaml}: {documents:?}") };
            assert_eq!(document.json, json, "{yaml}");
            assert!(yaml.starts_with("a: \"") || yaml.starts_with("a: '"), "{yaml}");
        }
    }

    #[test]
    fn no_line_begins_with_three_dashes() {
        for text in [r#"{"---a":{"---b":1},"c":"---"}"#, r#"{"a":{"---b":"--- c"}}"#, r#""--- a""#, r#"["---"]"#] {
            let yaml = written(text);
            let documents = documents(&yaml);
            let [Ok(document)] = &documents[..] else { panic!("{yaml}: {documents:?}") };
            assert_eq!(serde_json::to_string(&document.json).expect("JSON"), text, "{yaml}");
        }
    }

    #[test]
    fn strings_that_begin_with_a_tab_are_quoted() {
        assert_eq!(written(r#"{"a":"\n \tb\nc"}"#), "a: \"\\n \\tb\\nc\"\n");
        assert_eq!(written(r#"{"a":"b\n\tc"}"#), "a: |-\n  b\n  \tc\n");
    }
}
