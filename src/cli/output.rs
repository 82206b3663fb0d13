//! The standard output, which has the data, and the standard error, which has messages.

use std::io::{self, BufWriter, ErrorKind, IsTerminal, StdoutLock, Write};

use anstream::AutoStream;

/// The standard output. It removes colours where they are not wanted.
///
/// If the reader closes the pipe, the rest of the output is dropped without an error. Must be flushed at the end.
pub(super) struct Stdout {
    stdout: BufWriter<AutoStream<StdoutLock<'static>>>,
    has_reader: bool,
}

impl Stdout {
    pub(super) fn new() -> Self {
        Self { stdout: BufWriter::new(anstream::stdout().lock()), has_reader: true }
    }

    /// Writes, or returns `otherwise` once the reader has closed the pipe.
    fn attempt<T>(&mut self, otherwise: T, act: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
        if !self.has_reader {
            return Ok(otherwise);
        }
        match act(&mut self.stdout) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.has_reader = false;
                Ok(otherwise)
            }
            done => done,
        }
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(bytes.len(), |stdout| stdout.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), |stdout| stdout.flush())
    }
}

/// Prints data.
///
/// # Errors
///
/// The standard output cannot be written.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut stdout = Stdout::new();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints bytes without removing colours or control characters, for a program that reads them.
///
/// # Errors
///
/// The standard output cannot be written.
pub(super) fn raw(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Reports whether the standard output is not a terminal and gets no colours.
pub(super) fn is_plain() -> bool {
    let stdout = io::stdout();
    !stdout.is_terminal() && AutoStream::choice(&stdout) == anstream::ColorChoice::Never
}

/// The standard error. It removes colours where they are not wanted, and ignores errors: there is no other way to
/// report them.
pub(super) struct Messages;

impl Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = anstream::stderr().lock().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints a message on the standard error.
pub(super) fn message(text: &str) {
    let _ = Messages.write_all(text.as_bytes());
}

/// Returns the width of the terminal that the standard output goes to, in columns; `None` if it is not a terminal.
pub(super) fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    io::stdout().is_terminal().then_some(width.0.into())
}
