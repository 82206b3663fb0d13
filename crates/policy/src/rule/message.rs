//! The error messages that stand for a rule, as its document lists them.

/// The heading of the section with the messages in a rule's document.
const HEADING: &str = "## Error messages";

/// An error message of another program for the fault that a rule finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// The program that prints it, such as `ray start`. [`Message::VALIDATORS`] is the program of KubeRay's checks.
    pub program: &'static str,
    /// The text, in which `…` stands for what varies. It can be a part of a line.
    pub text: &'static str,
}

impl Message {
    /// The program of messages that KubeRay's published validators return. A test compares each with the rule.
    pub const VALIDATORS: &'static str = "KubeRay's validators";

    /// Reads a line of the section: a program, and a text in backticks. If the text contains backticks, there are two on
    /// each side, and blanks within them if the text begins or ends with one.
    fn read(line: &'static str) -> Option<Self> {
        let (program, code) = line.strip_prefix("- ")?.split_once(": `")?;
        let text = match code.strip_prefix('`') {
            // Markdown removes one blank on each side.
            Some(text) => {
                let text = text.strip_suffix("``")?;
                text.strip_prefix(' ').and_then(|text| text.strip_suffix(' ')).unwrap_or(text)
            }
            None => code.strip_suffix('`')?,
        };
        Some(Self { program, text })
    }
}

/// Returns the messages in a rule's document. A line of the section that is no message is left out.
pub(super) fn messages(docs: &'static str) -> impl Iterator<Item = Message> {
    section(docs).filter_map(Message::read)
}

/// Returns the lines of the section that are not blank.
fn section(docs: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = docs.lines().skip_while(|line| *line != HEADING).skip(1);
    lines.take_while(|line| !line.starts_with('#')).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn messages_are_read_from_their_section_only() {
        let docs = "# a\n\n- x: `y`\n\n## Error messages\n\n- ray start: `one … two`\n- bash: `` a `b` ``\n\n## Fails\n- x: `y`";
        let read: Vec<_> = messages(docs).map(|message| (message.program, message.text)).collect();
        assert_eq!(read, [("ray start", "one … two"), ("bash", "a `b`")]);
    }

    #[test]
    fn every_line_of_every_section_is_a_message() {
        for rule in RULES {
            for line in section(rule.docs) {
                assert!(Message::read(line).is_some(), "{}: not `- PROGRAM: `TEXT``: {line}", rule.name);
            }
        }
    }
}
