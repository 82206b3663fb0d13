//! What bash makes of a value in `rayStartParams`.
//!
//! KubeRay writes each parameter as `--name=value` into one line that `/bin/bash -c` runs
//! (`convertParamMap`, ray-operator/controllers/ray/common/pod.go:1109 at v1.6.2), so a value is shell source.

use std::str::Chars;

/// What a value holds besides plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// `$NAME` or `${NAME}`, which bash replaces by a variable.
    Variable(&'a str),
    /// `$(NAME)`: kubelet replaces it by the container's variable of that name; if there is none, bash runs it.
    Reference(&'a str),
    /// Something that bash would run, or trip over, as it is shown to the user.
    Active(&'static str),
}

/// Takes a value apart as bash would: quotes and backslashes protect what they protect.
pub fn pieces(value: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut double = false;
    let mut rest = value.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => drop(rest.next()),
            '"' => double = !double,
            '\'' if !double => match rest.as_str().split_once('\'') {
                Some((_, after)) => rest = after.chars(),
                None => {
                    found.push(Piece::Active("'"));
                    return found;
                }
            },
            '`' => found.push(Piece::Active("`")),
            '$' => dollar(&mut rest, double, &mut found),
            _ if double => {}
            ';' => found.push(Piece::Active(";")),
            '&' => found.push(Piece::Active("&")),
            '|' => found.push(Piece::Active("|")),
            '<' => found.push(Piece::Active("<")),
            '>' => found.push(Piece::Active(">")),
            '(' => found.push(Piece::Active("(")),
            ')' => found.push(Piece::Active(")")),
            '\n' => found.push(Piece::Active("line break")),
            _ => {}
        }
    }
    if double {
        found.push(Piece::Active("\""));
    }
    found
}

fn dollar<'a>(rest: &mut Chars<'a>, double: bool, found: &mut Vec<Piece<'a>>) {
    let text = rest.as_str();
    if let Some(open) = text.strip_prefix('(') {
        match open.split_once(')') {
            Some((name, after)) if is_name(name) => {
                found.push(Piece::Reference(name));
                *rest = after.chars();
            }
            _ => {
                found.push(Piece::Active("$("));
                *rest = open.chars();
            }
        }
    } else if let Some(open) = text.strip_prefix('{') {
        let length = name_length(open);
        if length > 0 && open[length..].starts_with('}') {
            found.push(Piece::Variable(&open[..length]));
            *rest = open[length + 1..].chars();
        }
        // Anything else between braces is read on: a command in it is found where it stands.
    } else if text.starts_with('\'') && !double {
        found.push(Piece::Active("$'"));
        rest.next();
        // Its end is a quote that no backslash protects.
        while let Some(next) = rest.next() {
            match next {
                '\\' => drop(rest.next()),
                '\'' => return,
                _ => {}
            }
        }
    } else {
        let length = name_length(text);
        if length > 0 {
            found.push(Piece::Variable(&text[..length]));
            *rest = text[length..].chars();
        }
    }
}

fn name_length(text: &str) -> usize {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if starts { text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count() } else { 0 }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_or_quoted_is_left_alone() {
        for value in [
            "",
            "0",
            "0.0.0.0",
            r#"'{"a": 1}'"#,
            r#""{\"a\": 1}""#,
            r#"'"{\"Custom\": 1}"'"#,
            "'a;b|c&d>e<f`g$(h)'",
            r#""a;b|c&d>e<f(g)""#,
            r"a\;b\`c\$(d\)",
            "'two\nlines'",
            "50%",
            "a$",
            "$1",
        ] {
            assert_eq!(pieces(value), [], "{value:?}");
        }
    }

    #[test]
    fn variables_are_named() {
        use Piece::{Reference, Variable};
        assert_eq!(pieces("$REDIS_PASSWORD"), [Variable("REDIS_PASSWORD")]);
        assert_eq!(pieces(r#""${A}-$B.c""#), [Variable("A"), Variable("B")]);
        assert_eq!(pieces("$(A)"), [Reference("A")]);
        assert_eq!(pieces("'$A'"), []);
    }

    #[test]
    fn what_bash_would_run_is_found() {
        for (value, sign) in [
            ("8; curl evil", ";"),
            ("8 && id", "&"),
            ("8|id", "|"),
            ("8 > /etc/passwd", ">"),
            ("8 < /etc/passwd", "<"),
            ("`id`", "`"),
            (r#""`id`""#, "`"),
            ("$(id -u)", "$("),
            (r#""$(id -u)""#, "$("),
            ("$((1+1))", "$("),
            ("${A:-$(id -u)}", "$("),
            ("$'a'", "$'"),
            ("8\nid", "line break"),
            ("{\"a\": 1}\n", "line break"),
            ("'unclosed", "'"),
            ("\"unclosed", "\""),
            ("a(b", "("),
            (r#"'"'; id"#, ";"),
        ] {
            assert!(pieces(value).contains(&Piece::Active(sign)), "{value:?} {:?}", pieces(value));
        }
    }
}
