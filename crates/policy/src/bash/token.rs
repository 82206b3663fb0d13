//! The tokens of a line of bash.

use std::ops::Range;

use super::Error;
use super::word::{Word, unquoted};

/// The reason why a text is not read to its end.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// Bash reports a syntax error.
    Error(Error),
    /// Bash may read the rest or not.
    Unknown,
}

/// A token.
#[derive(Clone, Debug)]
pub(super) enum Token<'a> {
    /// A word.
    Word(Word<'a>),
    /// The number before a redirection, as in `2>&1`.
    Number,
    /// An operator.
    Operator(&'static str),
    /// The end of a line.
    Newline,
    /// The end of the text.
    End,
}

/// Every operator, longer ones before their beginnings. `<(` and `>(` belong to a word.
const OPERATORS: [&str; 22] = [
    ";;&", ";;", ";&", ";", "&&", "&>>", "&>", "&", "||", "|&", "|", "<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&",
    ">|", ">", "(",
];

/// Reports whether an operator is followed by the name of a file or the like.
pub(super) fn is_redirection(operator: &str) -> bool {
    operator.contains(['<', '>'])
}

/// Reports whether a byte has a meaning in bash beyond that of a plain character or a blank.
pub(super) fn is_special(byte: u8) -> bool {
    matches!(byte, b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' | b'$' | b'`' | b'\'' | b'"' | b'\\' | b'#')
}

/// A here-document whose text begins in the next line.
#[derive(Debug)]
struct HereDocument {
    delimiter: String,
    has_tabs: bool,
}

/// Splits a text into tokens.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// The start of the last token.
    start: usize,
    /// The number of open substitutions.
    pub(super) depth: usize,
    /// Whether the text has syntax that versions of bash read differently, or that the lexer does not know.
    pub(super) is_uncertain: bool,
    /// Whether a comment reaches to the end of the text.
    pub(super) has_comment: bool,
    /// Whether the text ends with a backslash, which would quote the next character.
    pub(super) ends_with_backslash: bool,
    /// The names of the variables that bash replaces, with their positions.
    pub(super) variables: Vec<(usize, &'a str)>,
    documents: Vec<HereDocument>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            start: 0,
            depth: 0,
            is_uncertain: false,
            has_comment: false,
            ends_with_backslash: false,
            variables: Vec::new(),
            documents: Vec::new(),
        }
    }

    /// Returns the span of the last token.
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.at
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.byte_after(0)
    }

    pub(super) fn byte_after(&self, count: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + count).copied()
    }

    /// Returns the next token, or the reason why the text ends within one.
    pub(super) fn next(&mut self) -> Result<Token<'a>, Stop> {
        loop {
            match self.byte() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.byte_after(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => self.skip_comment(),
                _ => break,
            }
        }
        self.start = self.at;
        match self.byte() {
            None => Ok(Token::End),
            Some(b'\n') => {
                self.at += 1;
                self.skip_documents();
                Ok(Token::Newline)
            }
            Some(b')') => {
                self.at += 1;
                Ok(Token::Operator(")"))
            }
            Some(b';' | b'&' | b'|' | b'<' | b'>' | b'(') if !self.is_process_substitution() => {
                let rest = &self.text[self.at..];
                let operator = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)).unwrap_or("(");
                self.at += operator.len();
                Ok(Token::Operator(operator))
            }
            Some(_) => {
                let word = self.word()?;
                let is_number =
                    matches!(self.byte(), Some(b'<' | b'>')) && !self.is_process_substitution() && word.is_descriptor();
                Ok(if is_number { Token::Number } else { Token::Word(word) })
            }
        }
    }

    /// Skips a comment up to the end of its line.
    pub(super) fn skip_comment(&mut self) {
        match self.text[self.at..].find('\n') {
            Some(length) => self.at += length,
            None => {
                self.at = self.text.len();
                self.has_comment = true;
            }
        }
    }

    /// Expects the text of a here-document after the current line.
    pub(super) fn expect_document(&mut self, delimiter: &Word<'_>, has_tabs: bool) {
        if delimiter.text.contains(['$', '`']) {
            self.is_uncertain = true;
        }
        self.documents.push(HereDocument { delimiter: unquoted(delimiter.text), has_tabs });
    }

    /// Skips the texts of the here-documents that begin here.
    fn skip_documents(&mut self) {
        for document in std::mem::take(&mut self.documents) {
            while self.at < self.text.len() {
                let rest = &self.text[self.at..];
                let line = rest.split('\n').next().unwrap_or_default();
                self.at += (line.len() + 1).min(rest.len());
                // In some here-documents a backslash joins a line with the next one.
                self.is_uncertain |= line.ends_with('\\');
                let line = if document.has_tabs { line.trim_start_matches('\t') } else { line };
                if line == document.delimiter {
                    break;
                }
            }
        }
    }
}
