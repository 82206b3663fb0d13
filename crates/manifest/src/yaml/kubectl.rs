//! The events of a text as kubectl reads it.

use std::borrow::Cow;

use super::SyntaxError;
use super::event::{Event, TAB};
use super::repair::RepairedEvents;
use super::span_tree::Span;
use super::tabs;

/// An iterator over the events of a section. What kubectl's parser refuses and the parser of this crate accepts is an
/// error: a tab in the indentation, and the escape `\/`.
pub(super) struct KubectlEvents<'t> {
    events: RepairedEvents<'t>,
    text: &'t str,
    offset: usize,
    /// The byte of the first tab that kubectl refuses.
    tab: Option<usize>,
}

impl<'t> KubectlEvents<'t> {
    /// `offset` is the start of the section within the whole text, to which the spans refer.
    pub(super) fn new(text: &'t str, offset: usize) -> Self {
        let tab = tabs::find(text).map(|tab| tab + offset);
        Self { events: RepairedEvents::new(text, offset), text, offset, tab }
    }

    /// Returns an error for the tab, if it is before a byte.
    fn tab_before(&mut self, byte: usize) -> Option<SyntaxError> {
        let tab = self.tab.take_if(|tab| *tab < byte)?;
        Some(SyntaxError::new(TAB.0, tab).help(TAB.1))
    }

    /// Returns an error for the escape `\/` in a string.
    fn slash(&self, event: &Event<'_>, span: &Span) -> Option<SyntaxError> {
        let Event::Scalar { plain: false, text: Cow::Owned(_), .. } = event else { return None };
        let written = self.text.get(span.start - self.offset..span.end - self.offset)?;
        let at = span.start + escaped_slash(written)?;
        let error = SyntaxError::new("kubectl does not accept the escape \\/ in YAML", at);
        Some(error.help("write / without the backslash"))
    }
}

impl<'t> Iterator for KubectlEvents<'t> {
    type Item = Result<(Event<'t>, Span), SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(next) = self.events.next() else { return self.tab_before(usize::MAX).map(Err) };
        let refusal = match &next {
            Ok((event @ Event::DocumentEnd, span)) => self.tab_before(span.end).or_else(|| self.slash(event, span)),
            Ok((event, span)) => self.tab_before(span.start).or_else(|| self.slash(event, span)),
            Err(error) => self.tab_before(error.at),
        };
        Some(refusal.map_or(next, Err))
    }
}

/// Returns the offset of the first `\/` in a string in double quotes.
fn escaped_slash(written: &str) -> Option<usize> {
    let mut at = written.starts_with('"').then_some(1)?;
    loop {
        at += written[at..].find('\\')?;
        if written[at + 1..].starts_with('/') {
            return Some(at);
        }
        at += 1 + written[at + 1..].chars().next()?.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use crate::yaml::documents;

    #[test]
    fn an_escaped_slash_is_an_error_in_yaml_only() {
        for text in ["a: \"b\\/\"\n", "a: \"\\\\\\/\"\n", "{a: \"\\/\"}\n"] {
            let error = documents(text)[0].clone().expect_err("an error");
            assert_eq!(error.message, "kubectl does not accept the escape \\/ in YAML", "{text}");
            assert!(text[error.location.bytes.start..].starts_with("\\/"), "{text}");
        }
        for text in ["{\"a\": \"\\/\"}\n", "a: '\\/\n\n  b'\n", "a: \"\\\\/\"\n"] {
            assert!(documents(text)[0].is_ok(), "{text}");
        }
    }
}
