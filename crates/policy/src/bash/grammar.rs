//! The grammar of a line of bash: lists, pipelines and compound commands.

use std::ops::Range;

use super::token::{Lexer, Stop, Token, is_redirection};
use super::{Around, Error};

/// The line with a command in it, whose first complete command bash reads before it runs anything.
#[derive(Debug)]
pub(super) struct Script {
    line: String,
    /// The position of the command in the line.
    command: Range<usize>,
}

impl Script {
    pub(super) fn new(command: &str, around: Around) -> Self {
        let (before, after) = around.texts();
        let line = format!("{before}{command}{after}");
        Self { line, command: before.len()..before.len() + command.len() }
    }

    /// Reads the first complete command, which contains the command.
    pub(super) fn read(&self) -> Result<(), Stop> {
        let mut parser = Parser { lexer: Lexer::new(&self.line), token: Token::End, depth: 0 };
        let read = parser.advance().and_then(|()| parser.complete_command());
        match read {
            Err(Stop::Error(_)) if parser.lexer.is_uncertain => Err(Stop::Unknown),
            Err(Stop::Error(Error { why, span: Some(span) })) => {
                let Range { start, end } = self.command;
                let error = if start <= span.start && span.end <= end {
                    Error { why, span: Some(span.start - start..span.end - start) }
                } else {
                    let token = &self.line[span];
                    let why = if token.is_empty() { why } else { format!("it does not expect the {token} after it") };
                    Error { why, span: None }
                };
                Err(Stop::Error(error))
            }
            other => other,
        }
    }
}

/// The maximum depth of nested commands. Deeper ones are not read.
const MAX_DEPTH: usize = 100;

/// The commands whose arguments may be lists, as in `declare a=(1 2)`.
const ASSIGNING: [&str; 7] = ["declare", "typeset", "local", "export", "readonly", "alias", "eval"];

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The next token.
    token: Token<'a>,
    depth: usize,
}

type Read = Result<(), Stop>;

impl Parser<'_> {
    fn advance(&mut self) -> Read {
        self.token = self.lexer.next()?;
        Ok(())
    }

    /// Returns the error for the next token.
    fn unexpected(&self) -> Stop {
        if self.lexer.is_uncertain {
            return Stop::Unknown;
        }
        let why = match &self.token {
            Token::Word(word) => format!("it does not expect {:.20} there", word.text),
            Token::Number => "it does not expect a number there".to_owned(),
            Token::Operator(operator) => format!("it does not expect {operator} there"),
            Token::Newline => "it does not expect a line break there".to_owned(),
            Token::End if self.lexer.has_comment => "a # hides the end of the line".to_owned(),
            Token::End => "the line ends too early".to_owned(),
        };
        Stop::Error(Error { why, span: Some(self.lexer.span()) })
    }

    fn is_word(&self, words: &[&str]) -> bool {
        matches!(&self.token, Token::Word(word) if words.contains(&word.text))
    }

    fn is_operator(&self, operators: &[&str]) -> bool {
        matches!(self.token, Token::Operator(operator) if operators.contains(&operator))
    }

    fn expect_word(&mut self, word: &str) -> Read {
        if self.is_word(&[word]) { self.advance() } else { Err(self.unexpected()) }
    }

    fn expect_operator(&mut self, operator: &str) -> Read {
        if self.is_operator(&[operator]) { self.advance() } else { Err(self.unexpected()) }
    }

    /// Expects any word, which is then only a text.
    fn text(&mut self) -> Read {
        if matches!(self.token, Token::Word(_)) { self.advance() } else { Err(self.unexpected()) }
    }

    fn skip_newlines(&mut self) -> Read {
        while matches!(self.token, Token::Newline) {
            self.advance()?;
        }
        Ok(())
    }

    /// Reads commands up to the end of the line.
    fn complete_command(&mut self) -> Read {
        loop {
            self.conditional_list()?;
            if self.is_operator(&[";", "&"]) {
                self.advance()?;
            } else if !matches!(self.token, Token::Newline | Token::End) {
                return Err(self.unexpected());
            }
            if matches!(self.token, Token::Newline | Token::End) {
                return Ok(());
            }
        }
    }

    /// Reads commands up to one of these words or operators, before which there must be at least one command.
    fn list(&mut self, words: &[&str], operators: &[&str]) -> Read {
        self.skip_newlines()?;
        loop {
            self.conditional_list()?;
            if self.is_operator(&[";", "&"]) {
                self.advance()?;
            } else if !matches!(self.token, Token::Newline) {
                break;
            }
            self.skip_newlines()?;
            if self.is_word(words) || self.is_operator(operators) {
                break;
            }
        }
        if self.is_word(words) || self.is_operator(operators) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Reads pipelines with `&&` and `||` between them.
    fn conditional_list(&mut self) -> Read {
        loop {
            self.pipeline()?;
            if !self.is_operator(&["&&", "||"]) {
                return Ok(());
            }
            self.advance()?;
            self.skip_newlines()?;
        }
    }

    fn pipeline(&mut self) -> Read {
        while self.is_word(&["!"]) {
            self.advance()?;
            if self.is_operator(&[";"]) || matches!(self.token, Token::Newline | Token::End) {
                return Err(Stop::Unknown);
            }
        }
        loop {
            self.command()?;
            if !self.is_operator(&["|", "|&"]) {
                return Ok(());
            }
            self.advance()?;
            self.skip_newlines()?;
        }
    }

    fn command(&mut self) -> Read {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop::Unknown);
        }
        let text = match &self.token {
            Token::Word(word) => word.text,
            Token::Operator("(") => "(",
            Token::Number => "",
            Token::Operator(operator) if is_redirection(operator) => "",
            _ => return Err(self.unexpected()),
        };
        match text {
            "{" => self.group("}")?,
            "(" => self.subshell()?,
            "if" => self.condition()?,
            "while" | "until" => {
                self.advance()?;
                self.list(&["do"], &[])?;
                self.body()?;
            }
            "for" => self.iteration()?,
            "case" => self.choice()?,
            "time" | "select" | "function" | "coproc" | "[[" => return Err(Stop::Unknown),
            "then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}" => return Err(self.unexpected()),
            _ => {
                self.depth -= 1;
                return self.simple_command();
            }
        }
        self.depth -= 1;
        while matches!(self.token, Token::Number) || matches!(self.token, Token::Operator(op) if is_redirection(op)) {
            self.redirection()?;
        }
        Ok(())
    }

    fn group(&mut self, end: &str) -> Read {
        self.advance()?;
        self.list(&[end], &[])?;
        self.advance()
    }

    fn subshell(&mut self) -> Read {
        if self.lexer.byte() == Some(b'(') {
            return Err(Stop::Unknown); // an arithmetic command
        }
        self.advance()?;
        self.list(&[], &[")"])?;
        self.advance()
    }

    fn condition(&mut self) -> Read {
        self.advance()?;
        self.list(&["then"], &[])?;
        self.advance()?;
        loop {
            self.list(&["elif", "else", "fi"], &[])?;
            if self.is_word(&["elif"]) {
                self.advance()?;
                self.list(&["then"], &[])?;
                self.advance()?;
                continue;
            }
            if self.is_word(&["else"]) {
                self.advance()?;
                self.list(&["fi"], &[])?;
            }
            return self.expect_word("fi");
        }
    }

    /// Reads `do …; done`.
    fn body(&mut self) -> Read {
        self.expect_word("do")?;
        self.list(&["done"], &[])?;
        self.advance()
    }

    fn iteration(&mut self) -> Read {
        self.advance()?;
        if self.is_operator(&["("]) {
            return Err(Stop::Unknown);
        }
        self.text()?;
        if self.is_operator(&[";"]) {
            self.advance()?;
            self.skip_newlines()?;
        } else {
            self.skip_newlines()?;
            if self.is_word(&["in"]) {
                self.advance()?;
                while matches!(self.token, Token::Word(_)) {
                    self.advance()?;
                }
                if !self.is_operator(&[";"]) && !matches!(self.token, Token::Newline) {
                    return Err(self.unexpected());
                }
                self.advance()?;
                self.skip_newlines()?;
            }
        }
        if self.is_word(&["{"]) { self.group("}") } else { self.body() }
    }

    fn choice(&mut self) -> Read {
        self.advance()?;
        self.text()?;
        self.skip_newlines()?;
        self.expect_word("in")?;
        self.skip_newlines()?;
        while !self.is_word(&["esac"]) {
            if self.is_operator(&["("]) {
                self.advance()?;
            }
            self.text()?;
            while self.is_operator(&["|"]) {
                self.advance()?;
                self.text()?;
            }
            self.expect_operator(")")?;
            self.skip_newlines()?;
            let ends = &[";;", ";&", ";;&"];
            if !self.is_operator(ends) && !self.is_word(&["esac"]) {
                self.list(&["esac"], ends)?;
            }
            if self.is_operator(ends) {
                self.advance()?;
                self.skip_newlines()?;
            }
        }
        self.advance()
    }

    fn simple_command(&mut self) -> Read {
        let (mut words, mut may_assign) = (0, false);
        loop {
            match &self.token {
                Token::Word(word) => {
                    words += 1;
                    if words == 1 {
                        may_assign = word.is_assignment() || ASSIGNING.contains(&word.text);
                    }
                    self.advance()?;
                }
                Token::Number => self.redirection()?,
                Token::Operator(operator) if is_redirection(operator) => self.redirection()?,
                // The value of a list.
                Token::Operator("(") if may_assign => return Err(Stop::Unknown),
                Token::Operator("(") if words == 1 => {
                    self.advance()?;
                    return self.function();
                }
                Token::Operator("(") => return Err(self.unexpected()),
                _ => return Ok(()),
            }
        }
    }

    /// Reads a function after `name (`.
    fn function(&mut self) -> Read {
        self.expect_operator(")")?;
        self.skip_newlines()?;
        if self.is_operator(&["("]) || self.is_word(&["{", "if", "while", "until", "for", "case"]) {
            return self.command();
        }
        Err(if self.is_word(&["select", "[["]) { Stop::Unknown } else { self.unexpected() })
    }

    fn redirection(&mut self) -> Read {
        if matches!(self.token, Token::Number) {
            self.advance()?;
        }
        let Token::Operator(operator) = self.token else { return Err(self.unexpected()) };
        self.advance()?;
        // A number after these is a descriptor, even if another redirection follows: `>& 2> file`.
        if matches!(self.token, Token::Number) && matches!(operator, "<&" | ">&") {
            return self.advance();
        }
        let Token::Word(word) = self.token else { return Err(self.unexpected()) };
        if matches!(operator, "<<" | "<<-") {
            self.lexer.expect_document(&word, operator == "<<-");
        }
        self.advance()
    }
}
