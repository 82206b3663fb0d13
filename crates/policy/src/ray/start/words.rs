//! The words that bash makes of one parameter.

/// Command lines from this length on are not read, because Linux starts no bash with one of 128 KiB (`MAX_ARG_STRLEN`).
pub(super) const LONGEST: usize = 128 * 1024;

/// The number of words that braces may expand to, the number of braces, and the length of the word. Each level of braces
/// copies the words, so that more would take time that is not linear.
const MOST_WORDS: usize = 16;
const MOST_BRACES: usize = 8;
const LONGEST_WITH_BRACES: usize = 1000;

/// A word of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The text, or its beginning if the rest is not in the object.
    pub text: String,
    /// Whether the text is the whole word.
    pub is_whole: bool,
}

/// A character of a word, and whether it was quoted.
type Char = (char, bool);

/// Splits `--name=value` as bash does. `None` for syntax that bash would run or could not read, and for what the
/// expansion of braces makes too long.
pub(super) fn split(text: &str) -> Option<Vec<Word>> {
    let mut reader = Reader { rest: text, word: None, is_whole: true, words: Vec::new() };
    reader.read()?;
    Some(reader.words)
}

struct Reader<'a> {
    rest: &'a str,
    /// The word at the position; `None` between words.
    word: Option<Vec<Char>>,
    /// Whether the word is known up to the position.
    is_whole: bool,
    words: Vec<Word>,
}

impl Reader<'_> {
    fn read(&mut self) -> Option<()> {
        while let Some(next) = self.next() {
            match next {
                ' ' | '\t' => self.finish()?,
                '\\' => {
                    let escaped = self.next()?;
                    (escaped != '\n').then(|| self.push(escaped, true))?;
                }
                '\'' => self.single_quoted()?,
                '"' => self.double_quoted()?,
                '$' => self.dollar(false)?,
                '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '\n' => return None,
                '#' if self.word.is_none() => return None,
                _ => self.push(next, false),
            }
        }
        self.finish()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    fn push(&mut self, char: char, quoted: bool) {
        let word = self.word.get_or_insert_default();
        if self.is_whole {
            word.push((char, quoted));
        }
    }

    /// Notes that the word goes on with text that is not in the object.
    fn lose(&mut self) {
        self.word.get_or_insert_default();
        self.is_whole = false;
    }

    fn single_quoted(&mut self) -> Option<()> {
        self.word.get_or_insert_default();
        let (quoted, rest) = self.rest.split_once('\'')?;
        self.rest = rest;
        match quoted.find("$(").or_else(|| quoted.find("$$")) {
            // Kubelet replaces $(NAME) and $$ before bash reads the quotes.
            Some(at) => {
                quoted[..at].chars().for_each(|char| self.push(char, true));
                self.lose();
            }
            None => quoted.chars().for_each(|char| self.push(char, true)),
        }
        Some(())
    }

    fn double_quoted(&mut self) -> Option<()> {
        self.word.get_or_insert_default();
        loop {
            match self.next()? {
                '"' => return Some(()),
                '`' => return None,
                '$' => self.dollar(true)?,
                '\\' => match self.next()? {
                    escaped @ ('$' | '`' | '"' | '\\') => self.push(escaped, true),
                    '\n' => return None,
                    other => {
                        self.push('\\', true);
                        self.push(other, true);
                    }
                },
                other => self.push(other, true),
            }
        }
    }

    /// Reads what follows a `$`. The value of an expansion is not in the object.
    fn dollar(&mut self, quoted: bool) -> Option<()> {
        let mut chars = self.rest.chars();
        match chars.next() {
            Some('(') => {
                // $(NAME), or a command without quotes and parentheses.
                let (inner, rest) = self.rest[1..].split_once(')')?;
                if inner.contains(['(', '\'', '"', '`', '\\', '\n', '$']) {
                    return None;
                }
                self.rest = rest;
                self.lose();
            }
            Some('{') => {
                let (inner, rest) = self.rest[1..].split_once('}')?;
                if inner.contains(['{', '\'', '"', '`', '\\', '\n', '$', '(']) {
                    return None;
                }
                self.rest = rest;
                self.lose();
            }
            Some('\'' | '"') if !quoted => return None,
            Some('[' | '$') => return None,
            Some(first) if first.is_ascii_alphabetic() || first == '_' => {
                let end = self.rest.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
                self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
                self.lose();
            }
            Some('0'..='9' | '@' | '*' | '#' | '?' | '-' | '!') => {
                self.rest = chars.as_str();
                self.lose();
            }
            _ => self.push('$', quoted),
        }
        Some(())
    }

    fn finish(&mut self) -> Option<()> {
        let is_whole = std::mem::replace(&mut self.is_whole, true);
        let Some(word) = self.word.take() else { return Some(()) };
        let has_brace = word.iter().any(|(char, quoted)| *char == '{' && !quoted);
        let expanded = if has_brace { expand_braces(&word)? } else { vec![word] };
        if !is_whole && expanded.len() > 1 {
            return None;
        }
        let text = |word: Vec<Char>| word.into_iter().map(|(char, _)| char).collect();
        self.words.extend(expanded.into_iter().map(|word| Word { text: text(word), is_whole }));
        Some(())
    }
}

/// Returns the words that bash makes of a word with braces, such as `{a,b}`.
fn expand_braces(word: &[Char]) -> Option<Vec<Vec<Char>>> {
    let is = |at: usize, char: char| word[at] == (char, false);
    let has_many = || (0..word.len()).filter(|at| is(*at, '{')).count() > MOST_BRACES;
    if word.len() > LONGEST_WITH_BRACES || has_many() {
        return None;
    }
    for open in (0..word.len()).filter(|at| is(*at, '{')) {
        let (mut depth, mut ends, mut close) = (0, Vec::new(), None);
        for at in open..word.len() {
            if is(at, '{') {
                depth += 1;
            } else if is(at, '}') {
                depth -= 1;
                if depth == 0 {
                    close = Some(at);
                    break;
                }
            } else if depth == 1 && is(at, ',') {
                ends.push(at);
            }
        }
        let Some(close) = close else { continue };
        if ends.is_empty() {
            if word[open..close].windows(2).any(|pair| pair == [('.', false); 2]) {
                return None; // a sequence such as {1..3}
            }
            continue;
        }
        if ends.len() > MOST_WORDS {
            return None;
        }
        ends.push(close);
        let after = expand_braces(&word[close + 1..])?;
        let (mut words, mut from) = (Vec::new(), open + 1);
        for end in ends {
            for inner in expand_braces(&word[from..end])? {
                for after in &after {
                    words.push([&word[..open], &inner, after].concat());
                    if words.len() > MOST_WORDS {
                        return None;
                    }
                }
            }
            from = end + 1;
        }
        return Some(words);
    }
    Some(vec![word.to_vec()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Option<Vec<String>> {
        let mark = |word: Word| if word.is_whole { word.text } else { word.text + "…" };
        split(text).map(|words| words.into_iter().map(mark).collect())
    }

    #[test]
    fn words_are_split_as_by_bash() {
        for (text, words) in [
            ("--a=4", vec!["--a=4"]),
            ("--a=", vec!["--a="]),
            ("--a=4 ", vec!["--a=4"]),
            ("--a=4 5", vec!["--a=4", "5"]),
            (r#"--a='{"b": 1}'"#, vec![r#"--a={"b": 1}"#]),
            (r#"--a="{\"b\": 1}""#, vec![r#"--a={"b": 1}"#]),
            (r#"--a='"{"b": 1}"'"#, vec![r#"--a="{"b": 1}""#]),
            (r#"--a={"b":1}"#, vec!["--a={b:1}"]),
            (r#"--a={"b": 1}"#, vec!["--a={b:", "1}"]),
            (r#"--a={"b":1,"c":2}"#, vec!["--a=b:1", "--a=c:2"]),
            (r#"--a={\"b\":1}"#, vec![r#"--a={"b":1}"#]),
            ("--a={b,c{d,e}}f", vec!["--a=bf", "--a=cdf", "--a=cef"]),
            ("--a={b", vec!["--a={b"]),
            ("--a=$B", vec!["--a=…"]),
            ("--a=b$(C)d", vec!["--a=b…"]),
            ("--a='$(C)'", vec!["--a=…"]),
            ("--a='$C'", vec!["--a=$C"]),
            ("--a=$(hostname -i)", vec!["--a=…"]),
            ("--a=b#c", vec!["--a=b#c"]),
            ("-- a=4", vec!["--", "a=4"]),
            ("--a=''", vec!["--a="]),
            ("--a=$", vec!["--a=$"]),
        ] {
            assert_eq!(texts(text), Some(words.into_iter().map(str::to_owned).collect()), "{text}");
        }
        for text in ["--a=4;b", "--a='", "--a=\"", "--a=`b`", "--a=4 #b", "--a=$(b \"c\")", "--a={1..3}", "--a=\\"] {
            assert_eq!(texts(text), None, "{text}");
        }
    }

    #[test]
    fn long_and_nested_text_is_not_read() {
        assert_eq!(split(&"{a,b}".repeat(30)), None);
        assert_eq!(split(&"{".repeat(90_000)), None);
        assert_eq!(split(&format!("{{{}}}", ",".repeat(90_000))), None);
        for part in ["$(", "${", "'", "\"", "$A ", "\\a", "a "] {
            split(&part.repeat(30_000));
        }
    }
}
