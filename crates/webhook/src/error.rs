//! Errors as text.

use std::error::Error;

/// The message of an error, followed by the messages of its sources. A source whose message is already part of the text
/// is left out.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}
