//! What goes out: data to the standard output, everything else to the standard error.

use std::io::{self, BufWriter, ErrorKind, IsTerminal, StdoutLock, Write};

use anstream::AutoStream;

/// The standard output, with or without its colours, as is due. A reader that has gone away has read enough: what comes
/// then is dropped. To be flushed at the end.
pub(super) struct Data {
    stdout: BufWriter<AutoStream<StdoutLock<'static>>>,
    has_reader: bool,
}

impl Data {
    pub(super) fn new() -> Self {
        Self { stdout: BufWriter::new(anstream::stdout().lock()), has_reader: true }
    }

    /// Does something with the output as long as somebody reads it.
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

impl Write for Data {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(bytes.len(), |stdout| stdout.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), |stdout| stdout.flush())
    }
}

/// Writes all the data that there is.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut data = Data::new();
    data.write_all(text.as_bytes())?;
    data.flush()
}

/// Writes all the data as it is, be there what may in it, for what reads it next.
pub(super) fn raw(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Whether the data goes to no terminal, and has no colours.
pub(super) fn is_plain() -> bool {
    let stdout = io::stdout();
    !stdout.is_terminal() && AutoStream::choice(&stdout) == anstream::ColorChoice::Never
}

/// Says something to whoever runs the command. There is nobody to tell if that fails.
pub(super) fn complain(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// The columns of the terminal that the data goes to, if it is one.
pub(super) fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    io::stdout().is_terminal().then_some(width.0.into())
}
