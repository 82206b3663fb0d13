//! What goes out: data to the standard output, everything else to the standard error.

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};

/// Writes data, with or without its colours, as is due. A reader that has gone away has read enough.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut stdout = BufWriter::new(anstream::stdout().lock());
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            // What is left in the buffer would be tried again when it is dropped.
            let _ = stdout.into_parts();
            Ok(())
        }
        done => done,
    }
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
