//! The words of a line of bash: quotes and expansions.

use super::Error;
use super::token::{Lexer, Stop};

/// A word, with its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// The first substitution of a command in the word.
    pub(super) substitution: Option<(usize, &'static str)>,
    /// The first `${` that no name follows.
    pub(super) bad_substitution: Option<usize>,
}

impl Word<'_> {
    /// Reports whether the word names a file descriptor, if a redirection follows: `2` or `{name}`.
    pub(super) fn is_descriptor(&self) -> bool {
        let named = self.text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        named.map_or_else(
            || self.text.bytes().all(|byte| byte.is_ascii_digit()),
            |name| !name.is_empty() && name_length(name) == name.len(),
        )
    }

    /// Reports whether the word may be an assignment, such as `name=value`.
    pub(super) fn is_assignment(&self) -> bool {
        self.text.contains('=')
    }
}

/// What a word contains, as far as it has been read.
#[derive(Default)]
struct Contents {
    substitution: Option<(usize, &'static str)>,
    bad_substitution: Option<usize>,
}

/// The maximum depth of nested expansions. Deeper ones are not followed.
const MAX_DEPTH: usize = 40;

impl<'a> Lexer<'a> {
    pub(super) fn is_process_substitution(&self) -> bool {
        matches!(self.byte(), Some(b'<' | b'>')) && self.byte_after(1) == Some(b'(')
    }

    /// Reads a word, which begins here.
    pub(super) fn word(&mut self) -> Result<Word<'a>, Stop> {
        let start = self.at;
        let mut contents = Contents::default();
        while let Some(byte) = self.byte() {
            match byte {
                b'<' | b'>' if self.is_process_substitution() => {
                    let text = if byte == b'<' { "<(" } else { ">(" };
                    contents.substitution.get_or_insert((self.at, text));
                    self.at += 2;
                    self.parentheses(self.at - 2, &mut contents)?;
                }
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => break,
                _ => self.part(byte, false, &mut contents)?,
            }
        }
        let Contents { substitution, bad_substitution } = contents;
        Ok(Word { text: &self.text[start..self.at], substitution, bad_substitution })
    }

    /// Reads a quoted text, an expansion, or a plain character.
    fn part(&mut self, byte: u8, in_double_quotes: bool, contents: &mut Contents) -> Result<(), Stop> {
        match byte {
            b'\\' => self.backslash(),
            b'\'' if !in_double_quotes => self.single_quotes()?,
            b'"' => self.double_quotes(contents)?,
            b'`' => self.backticks(contents)?,
            b'$' => self.dollar(in_double_quotes, contents)?,
            _ => self.at += 1,
        }
        Ok(())
    }

    fn backslash(&mut self) {
        self.at += 2;
        if self.at > self.text.len() {
            self.at = self.text.len();
            self.ends_with_backslash = true;
        }
        // The second byte may be the first one of a character.
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    fn single_quotes(&mut self) -> Result<(), Stop> {
        let start = self.at;
        let Some(length) = self.text[start + 1..].find('\'') else { return Err(self.unclosed(start, "'", "'")) };
        self.at = start + length + 2;
        Ok(())
    }

    fn double_quotes(&mut self, contents: &mut Contents) -> Result<(), Stop> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.byte() {
                None => return Err(self.unclosed(start, "\"", "\"")),
                Some(b'"') => break,
                Some(byte) => self.part(byte, true, contents)?,
            }
        }
        self.at += 1;
        Ok(())
    }

    fn backticks(&mut self, contents: &mut Contents) -> Result<(), Stop> {
        let start = self.at;
        contents.substitution.get_or_insert((start, "`"));
        self.at += 1;
        self.until(b'`').ok_or_else(|| self.unclosed(start, "`", "`"))
    }

    /// Moves behind a byte that no backslash quotes.
    fn until(&mut self, end: u8) -> Option<()> {
        loop {
            match self.byte()? {
                b'\\' => self.backslash(),
                byte => {
                    self.at += 1;
                    if byte == end {
                        return Some(());
                    }
                }
            }
        }
    }

    /// Reads an expansion, or a `$` that is only a character.
    fn dollar(&mut self, in_double_quotes: bool, contents: &mut Contents) -> Result<(), Stop> {
        let start = self.at;
        self.at += 1;
        match self.byte() {
            Some(b'(') => {
                let is_double = self.byte_after(1) == Some(b'(');
                self.at += 1;
                let inner = &mut Contents::default();
                self.parentheses(start, inner)?;
                // `$((1 + 1))`, and not `$((a) | (b))`, which only looks like it at its start.
                let is_arithmetic = is_double && self.text[..self.at].ends_with("))");
                if is_arithmetic {
                    contents.substitution = contents.substitution.or(inner.substitution);
                } else {
                    contents.substitution.get_or_insert((start, "$("));
                }
                Ok(())
            }
            Some(b'{') => self.braces(start, in_double_quotes, contents),
            Some(b'[') => {
                self.is_uncertain = true;
                self.until(b']').ok_or_else(|| self.unclosed(start, "$[", "]"))
            }
            Some(b'\'') if !in_double_quotes => {
                self.at += 1;
                self.until(b'\'').ok_or_else(|| self.unclosed(start, "$'", "'"))
            }
            _ => {
                self.note_variable(start, self.at);
                Ok(())
            }
        }
    }

    /// Notes the variable whose name begins at a position, if one does.
    fn note_variable(&mut self, start: usize, at: usize) {
        let name = &self.text[at..];
        let length = name_length(name);
        if length > 0 {
            self.variables.push((start, &name[..length]));
        }
    }

    /// Reads `${…}` from its brace on.
    fn braces(&mut self, start: usize, in_double_quotes: bool, contents: &mut Contents) -> Result<(), Stop> {
        self.at += 1;
        self.note_variable(start, self.at);
        let parameter = parameter(&self.text[self.at..]);
        if matches!(parameter, Parameter::Bad) {
            contents.bad_substitution.get_or_insert(start);
        }
        self.deeper()?;
        let inner = &mut Contents::default();
        loop {
            match self.byte() {
                None => return Err(self.unclosed(start, "${", "}")),
                Some(b'}') => break,
                // In double quotes, whether it quotes depends on the operator.
                Some(b'\'') if in_double_quotes => {
                    self.is_uncertain = true;
                    self.at += 1;
                }
                Some(byte) => self.part(byte, in_double_quotes, inner)?,
            }
        }
        contents.substitution = contents.substitution.or(inner.substitution);
        self.is_uncertain |= matches!(parameter, Parameter::Unknown);
        self.depth -= 1;
        self.at += 1;
        Ok(())
    }

    /// Moves behind the parenthesis that closes the one before this position. Bash 5.1 reads the text between them only
    /// when it runs it, bash 5.2 already here.
    fn parentheses(&mut self, start: usize, contents: &mut Contents) -> Result<(), Stop> {
        self.deeper()?;
        let (mut open, mut begins_word) = (1, true);
        while open > 0 {
            let Some(byte) = self.byte() else { return Err(self.unclosed(start, "$(", ")")) };
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                b'#' if begins_word => self.skip_comment(),
                b'c' if begins_word && self.text[self.at..].starts_with("case") => self.is_uncertain = true,
                b'<' if self.byte_after(1) == Some(b'<') => self.is_uncertain = true,
                _ => {}
            }
            begins_word = matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')');
            if byte == b'#' && self.byte().is_none_or(|byte| byte == b'\n') {
                continue;
            }
            self.part(byte, false, contents)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Counts an expansion in another one. Beyond the limit, the rest of the text is not read.
    fn deeper(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop::Unknown);
        }
        Ok(())
    }

    fn unclosed(&self, start: usize, open: &str, close: &str) -> Stop {
        if self.is_uncertain {
            return Stop::Unknown;
        }
        let why =
            if open == close { format!("a {open} is not closed") } else { format!("{open} has no closing {close}") };
        Stop::Error(Error { why, span: Some(start..start + open.len()) })
    }
}

/// How bash reads the text after `${`.
enum Parameter {
    Good,
    /// Bash reports a bad substitution when it expands the word, and ends.
    Bad,
    /// It depends on the version of bash.
    Unknown,
}

fn parameter(text: &str) -> Parameter {
    let length = name_length(text);
    let length = if length > 0 { length } else { text.bytes().take_while(u8::is_ascii_digit).count() };
    let mut after = text[length..].bytes();
    match after.next() {
        Some(b'}' | b':' | b'-' | b'=' | b'+' | b'?' | b'#' | b'%' | b'/' | b'^' | b',' | b'@' | b'[')
            if length > 0 =>
        {
            Parameter::Good
        }
        Some(_) if length > 0 => Parameter::Bad,
        None | Some(b'#' | b'!' | b'@' | b'*' | b'?' | b'-' | b'$') => Parameter::Good,
        // Bash 5.3 runs a command here.
        Some(b' ' | b'\t' | b'\n' | b'|' | b'(') => Parameter::Unknown,
        Some(_) => Parameter::Bad,
    }
}

fn name_length(text: &str) -> usize {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if starts { text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count() } else { 0 }
}

/// Returns a word without its quotes.
pub(super) fn unquoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut quote = None;
    while let Some(char) = chars.next() {
        match (char, quote) {
            ('\\', None) => plain.extend(chars.next()),
            ('\'' | '"', None) => quote = Some(char),
            (char, Some(open)) if char == open => quote = None,
            _ => plain.push(char),
        }
    }
    plain
}
