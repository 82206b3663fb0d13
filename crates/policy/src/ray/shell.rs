//! How bash interprets a value in `rayStartParams`.
//!
//! KubeRay writes each parameter as `--name=value` into a line that `/bin/bash -c` runs
//! (`convertParamMap`, ray-operator/controllers/ray/common/pod.go:1109 at v1.6.2), so a value is shell source.

use std::str::Chars;

/// A part of a value that is not plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// `$NAME` or `${NAME}`, which bash replaces by the value of a variable.
    Variable(&'a str),
    /// `$(NAME)`, which kubelet replaces by the container's variable of that name. If there is none, bash runs it.
    Reference(&'a str),
    /// Syntax that bash would run, or that is an error in bash, as it is shown to the user.
    Active(&'static str),
}

/// Returns the parts of a value that are not plain text, up to the first [`Piece::Active`]. Quotes and backslashes have
/// the same effect as in bash.
pub fn pieces(value: &str) -> Vec<Piece<'_>> {
    let mut reader = Reader { rest: value.chars(), quoted: false, braces: 0, found: Vec::new() };
    if let Some(syntax) = reader.read() {
        reader.found.push(Piece::Active(syntax));
    }
    reader.found
}

struct Reader<'a> {
    rest: Chars<'a>,
    /// Whether the position is between double quotes.
    quoted: bool,
    /// The number of open `${NAME…`.
    braces: usize,
    found: Vec<Piece<'a>>,
}

impl Reader<'_> {
    /// Reads to the end, or returns the first active syntax.
    fn read(&mut self) -> Option<&'static str> {
        let mut after_blank = false;
        while let Some(next) = self.rest.next() {
            let blank = !self.quoted && matches!(next, ' ' | '\t');
            let active = match next {
                // At the end of the value, a backslash would escape the blank that KubeRay writes after it.
                '\\' => self.rest.next().is_none().then_some("\\"),
                '\'' if !self.quoted => self.single_quoted(),
                '$' => self.dollar(),
                '`' => Some("`"),
                '"' => {
                    self.quoted = !self.quoted;
                    None
                }
                '}' => {
                    self.braces = self.braces.saturating_sub(1);
                    None
                }
                _ if self.quoted => None,
                ';' => Some(";"),
                '&' => Some("&"),
                '|' => Some("|"),
                '<' => Some("<"),
                '>' => Some(">"),
                '(' => Some("("),
                ')' => Some(")"),
                '\n' => Some("line break"),
                '#' if after_blank => Some("#"),
                _ => None,
            };
            if active.is_some() {
                return active;
            }
            after_blank = blank;
        }
        if self.quoted { Some("\"") } else { (self.braces > 0).then_some("${") }
    }

    fn single_quoted(&mut self) -> Option<&'static str> {
        match self.rest.as_str().split_once('\'') {
            Some((_, after)) => {
                self.rest = after.chars();
                None
            }
            None => Some("'"),
        }
    }

    fn dollar(&mut self) -> Option<&'static str> {
        let text = self.rest.as_str();
        if text.starts_with("$(") {
            // Kubelet turns `$$(` into `$(`, and then bash runs the text after it.
            return Some("$(");
        }
        if let Some(open) = text.strip_prefix('(') {
            let length = name_length(open);
            if length == 0 || !open[length..].starts_with(')') {
                return Some("$(");
            }
            self.found.push(Piece::Reference(&open[..length]));
            self.rest = open[length + 1..].chars();
        } else if let Some(open) = text.strip_prefix('{') {
            let length = name_length(open);
            match open[length..].chars().next() {
                Some('}') if length > 0 => {
                    self.found.push(Piece::Variable(&open[..length]));
                    self.rest = open[length + 1..].chars();
                }
                Some(operator) if length > 0 && is_text_operator(operator) => {
                    self.braces += 1;
                    self.rest = open[length..].chars();
                }
                _ => return Some("${"),
            }
        } else if text.starts_with('[') {
            return Some("$[");
        } else if text.starts_with('\'') && !self.quoted {
            return Some("$'");
        } else {
            let length = name_length(text);
            if length > 0 {
                self.found.push(Piece::Variable(&text[..length]));
                self.rest = text[length..].chars();
            }
        }
        None
    }
}

/// Reports whether an operator in `${NAME…}` only transforms text. Others evaluate the value of a variable, or are not
/// valid.
fn is_text_operator(char: char) -> bool {
    matches!(char, ':' | '-' | '=' | '+' | '?' | '#' | '%' | '/' | '^' | ',')
}

fn name_length(text: &str) -> usize {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if starts { text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_quoted_text_has_no_pieces() {
        for value in [
            "",
            "0",
            "0.0.0.0",
            r#"'{"a": 1}'"#,
            r#""{\"a\": 1}""#,
            r#"'"{\"Custom\": 1}"'"#,
            "'a;b|c&d>e<f`g$(h)'",
            r#""a;b|c&d>e<f(g)""#,
            r"a\;b\`c\$\(d\)",
            r"a\\",
            "'two\nlines'",
            "50%",
            "a$",
            "$1",
            "$$",
            r#"$"a""#,
            r#""$'a'""#,
            r#""\"; id""#,
            "8#9",
            "#9",
            "'8 #9'",
            "${HOSTNAME##*-}",
            "${CPUS:-4}",
            "a b",
            "{a,b}",
            "~/*",
            "{\"a\": 1}",
            "a\u{b}b\u{2028}",
        ] {
            assert_eq!(pieces(value), [], "{value:?}");
        }
    }

    #[test]
    fn long_values_are_read_in_linear_time() {
        for part in ["$(", "${", "${A:", "'", "\"", "$(A)", "a ", "$A", "\\"] {
            pieces(&part.repeat(200_000));
            pieces(&format!("{}}}", part.repeat(200_000)));
        }
    }

    #[test]
    fn variables_are_returned_by_name() {
        use Piece::{Reference, Variable};
        assert_eq!(pieces("$REDIS_PASSWORD"), [Variable("REDIS_PASSWORD")]);
        assert_eq!(pieces(r#""${A}-$B.c""#), [Variable("A"), Variable("B")]);
        assert_eq!(pieces("$(A)"), [Reference("A")]);
        assert_eq!(pieces("'$A'"), []);
        assert_eq!(pieces("$A;$B"), [Variable("A"), Piece::Active(";")]);
    }

    #[test]
    fn active_syntax_is_found() {
        for (value, syntax) in [
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
            (r"\'; id", ";"),
            (r#""\\"; id"#, ";"),
            (r#""a'b"; id"#, ";"),
            (r"$'a\'b'; id", "$'"),
            ("<(id)", "<"),
            ("8 # and all that follows", "#"),
            ("8\t#9", "#"),
            (r"a\", "\\"),
            (r"a\\\", "\\"),
            ("$[1+1]", "$["),
            ("${A", "${"),
            ("${}", "${"),
            ("${!A}", "${"),
            ("${A@P}", "${"),
            ("${A[0]}", "${"),
            ("${A;id}", "${"),
            ("${A[`id`]}", "${"),
            ("${A:-`id`}", "`"),
            ("$$(id)", "$("),
            ("$(id", "$("),
        ] {
            assert!(pieces(value).contains(&Piece::Active(syntax)), "{value:?} {:?}", pieces(value));
        }
    }
}
