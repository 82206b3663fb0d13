//! How bash reads a command that another program has put into a line.
//!
//! The reader knows quotes, expansions, operators, redirections, here-documents and compound commands. Where it does not
//! know a construct, it does not claim that bash cannot read the line.

mod grammar;
mod token;
mod word;

use std::ops::Range;

use grammar::Script;
use token::{Lexer, Stop, Token};

/// The text around a command in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// `COMMAND ;`, at the end of the line.
    Sequence,
    /// `if …; then COMMAND ; fi ; …`
    Condition,
}

impl Around {
    /// Returns a text before and a text after the command that bash reads in the same way.
    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Around::Sequence => ("a -- ", " ;"),
            Around::Condition => ("if a ; then a -- ", " ; fi ; a"),
        }
    }
}

/// How bash reads a command in its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As one command, all of whose words are arguments.
    Whole,
    /// As one command without any word.
    Empty,
    /// As one command, with a further argument that is one blank, because the command ends with a backslash.
    Blank,
    /// As more than one command, or with a redirection. The syntax is the first that does so.
    Split(Syntax),
    /// Not at all: bash reports a syntax error before it runs anything.
    Unreadable(Error),
}

/// Syntax that bash acts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// What it does.
    pub effect: Effect,
    /// The syntax, as it is shown to a user.
    pub text: &'static str,
    /// Its position in the command, in bytes.
    pub span: Range<usize>,
}

/// What some syntax does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It ends the command, and another one begins.
    Ends,
    /// It connects the output of the command with another one.
    Pipes,
    /// It connects the command with a file.
    Redirects,
    /// It is replaced by the output of another command.
    Substitutes,
}

/// The reason why bash cannot read a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong, for a message: `there is no closing "`.
    pub why: String,
    /// Where bash notices it in the command, in bytes; `None` where it does so after the command.
    pub span: Option<Range<usize>>,
}

/// Reads a command in its line. The time is linear in the length of the command.
pub fn read(command: &str, around: Around) -> Reading {
    if !command.bytes().any(token::is_special) {
        let is_empty = command.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
        return if is_empty { Reading::Empty } else { Reading::Whole };
    }
    let mut lexer = Lexer::new(command);
    // The words of the command, without those that belong to a redirection.
    let mut words = 0;
    let (mut substitution, mut redirection, mut is_target) = (None, None, false);
    let separator = loop {
        let token = match lexer.next() {
            Ok(token) => token,
            Err(Stop::Error(error)) => return Reading::Unreadable(error),
            Err(Stop::Unknown) => return redirection.or(substitution).map_or(Reading::Whole, Reading::Split),
        };
        match token {
            Token::Word(word) => {
                words += usize::from(!is_target);
                is_target = false;
                if substitution.is_none() {
                    substitution = word.substitution.map(|(at, text)| substitutes(at, text));
                }
                if let Some(at) = word.bad_substitution {
                    let why = "${ is not followed by the name of a variable".to_owned();
                    return Reading::Unreadable(Error { why, span: Some(at..at + 2) });
                }
            }
            Token::Number => is_target = false,
            Token::Operator(operator) if token::is_redirection(operator) => {
                is_target = true;
                if redirection.is_none() {
                    redirection = Some(separates(lexer.span(), &token));
                }
            }
            Token::Newline | Token::Operator(_) => break Some(separates(lexer.span(), &token)),
            Token::End if (lexer.has_comment && around == Around::Condition) || redirection.is_some() => break None,
            Token::End if words == 0 => return Reading::Empty,
            Token::End => {
                let whole = if lexer.ends_with_backslash { Reading::Blank } else { Reading::Whole };
                return substitution.map_or(whole, Reading::Split);
            }
        }
    };
    if let Err(Stop::Error(error)) = Script::new(command, around).read() {
        return Reading::Unreadable(error);
    }
    if words == 0 {
        return Reading::Empty;
    }
    redirection.or(substitution).or(separator).map_or(Reading::Whole, Reading::Split)
}

/// Returns the names of the variables that bash replaces in a command before it runs it, with the positions of their `$`.
pub fn variables(command: &str) -> Vec<(usize, &str)> {
    if !command.contains('$') {
        return Vec::new();
    }
    let mut lexer = Lexer::new(command);
    while matches!(lexer.next(), Ok(Token::Word(_) | Token::Number | Token::Operator(_))) {}
    lexer.variables
}

fn substitutes(at: usize, text: &'static str) -> Syntax {
    Syntax { effect: Effect::Substitutes, text, span: at..at + text.len() }
}

fn separates(span: Range<usize>, token: &Token<'_>) -> Syntax {
    let (effect, text) = match token {
        Token::Newline => (Effect::Ends, "line break"),
        Token::Operator(text) if matches!(*text, "|" | "|&") => (Effect::Pipes, *text),
        Token::Operator(text) if token::is_redirection(text) => (Effect::Redirects, *text),
        Token::Operator(text) => (Effect::Ends, *text),
        Token::Word(_) | Token::Number | Token::End => (Effect::Redirects, ">"),
    };
    Syntax { effect, text, span }
}

#[cfg(test)]
mod tests;
