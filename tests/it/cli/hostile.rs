//! Manifests and file names that are made to deceive whoever reads the output.

use super::{DENIED, Shell};

/// Sequences that clear a terminal, set its title, or copy to its clipboard.
const SEQUENCES: [&str; 4] = ["\u{1b}[2J", "\u{1b}]0;title\u{7}", "\u{1b}]52;c;cm0=\u{7}", "\u{9b}2J"];

/// Returns manifests with a sequence in a name, a key, a comment, an image and unreadable text, raw and as YAML escapes it.
fn manifests(sequence: &str) -> Vec<String> {
    let escaped: String = sequence
        .chars()
        .map(|it| if it.is_control() { format!("\\x{:02x}", u32::from(it)) } else { it.into() })
        .collect();
    let with = |from: &str, to: &str| DENIED.replacen(from, to, 1);
    let mut all = vec![
        with("spec:", &format!("# {sequence}\nspec:")),
        with("\"300\"", &format!("\"300\" # {sequence}")),
        with("name: denied", &format!("name: {{{sequence}: a: b")),
        format!("{DENIED}---\n{sequence}: [\n"),
    ];
    for text in [sequence, &format!("\"{sequence}\""), &format!("\"{escaped}\"")] {
        all.push(with("name: denied", &format!("name: {text}")));
        all.push(with("groupName: small", &format!("groupName: {text}")));
        all.push(with("value: \"300\"", &format!("value: {text}")));
        all.push(with("num-cpus: \"0\"", &format!("{text}: \"0\"")));
        all.push(with("rayStartParams:", &format!("{text}: 1\n    rayStartParams:")));
        all.push(with("kind: RayCluster", &format!("kind: {text}")));
    }
    all
}

/// Returns a text without the colours that the command itself prints.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut rest = parts.next().expect("a first part").to_owned();
    for part in parts {
        match part.split_once('m') {
            Some((codes, after)) if codes.chars().all(|it| it.is_ascii_digit() || it == ';') => rest.push_str(after),
            _ => rest.extend(["\u{1b}[", part]),
        }
    }
    rest
}

#[test]
fn no_control_sequence_of_a_manifest_or_a_file_name_reaches_a_terminal() {
    let mut printed = 0;
    for (number, sequence) in SEQUENCES.into_iter().enumerate() {
        let shell = Shell::new();
        for (index, manifest) in manifests(sequence).into_iter().enumerate() {
            shell.write(&format!("{number}{index}{sequence}.yaml"), manifest.as_bytes());
        }
        let missing = format!("missing{sequence}.yaml");
        // `default` prints the manifests themselves, and the other formats are for programs.
        let commands: [(&[&str], bool); 8] = [
            (&["check", "."], true),
            (&["check", "--output", "json", "."], false),
            (&["check", "--fix", "--diff", "."], true),
            (&["default", "."], false),
            (&["survival", "."], true),
            (&["check", &missing], true),
            (&["check", "--config", &missing, "."], true),
            (&["explain", &missing], true),
        ];
        for (command, is_text) in commands {
            // As on a terminal: through a pipe, colours and control sequences are removed from messages.
            let output = shell.run(&[command, &["--color", "always"]].concat());
            for text in [output.err, if is_text { output.out } else { String::new() }] {
                let text = without_colours(&text);
                let control = text.chars().find(|it| it.is_control() && !['\n', '\t'].contains(it));
                assert_eq!(control, None, "{command:?}: {text}");
                printed += text.len();
            }
        }
    }
    assert!(printed > 100_000, "only {printed} bytes were printed");
}
