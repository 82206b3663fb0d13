use super::*;

/// Returns the reading in short: `whole`, `empty`, `blank`, the syntax that splits, or `!` and the reason.
fn short(command: &str, around: Around) -> String {
    match read(command, around) {
        Reading::Whole => "whole".to_owned(),
        Reading::Empty => "empty".to_owned(),
        Reading::Blank => "blank".to_owned(),
        Reading::Split(syntax) => syntax.text.to_owned(),
        Reading::Unreadable(error) => format!("! {}", error.why),
    }
}

/// Bash 5.2.15 read each of these lines in this way.
const READINGS: [(&str, &str, &str); 57] = [
    // The command, in a condition, in a sequence; the same where it is empty.
    ("python a.py", "whole", ""),
    ("", "empty", ""),
    (" \t", "empty", ""),
    ("a 'b;c' \"d && e\" f\\;g \\\"", "whole", ""),
    ("bash -c 'a && b'", "whole", ""),
    ("a \"it's\" 'say \"x\"' $'x\\'y' $\"z\"", "whole", ""),
    ("a $X ${X} ${X:-1} $1 $ $((1 + 2)) {b,c} *.x", "whole", ""),
    ("a \\\n  b \\\n  c", "whole", ""),
    ("a b#c", "whole", ""),
    ("a \\", "blank", ""),
    ("a && b", "&&", ""),
    ("a || b", "||", ""),
    ("a; b", ";", ""),
    ("a & b", "&", ""),
    ("a | b", "|", ""),
    ("a |& b", "|&", ""),
    ("a\nb", "line break", ""),
    ("a > b", ">", ""),
    ("a 2>&1", ">&", ""),
    ("a >& 2> b", ">&", ""),
    ("a > 2> b", "! it does not expect a number there", ""),
    ("a &> b", "&>", ""),
    ("a < b", "<", ""),
    ("a <<< b", "<<<", ""),
    ("a $(b)", "$(", ""),
    ("a \"$(b)\"", "$(", ""),
    ("a `b`", "`", ""),
    ("a <(b)", "<(", ""),
    ("a ${X:-$(b)}", "$(", ""),
    ("a $((1 + $(b)))", "$(", ""),
    ("a; if b; then c; elif d; then e; else f; fi", ";", ""),
    ("a; for x in 1 2; do b; done", ";", ""),
    ("a; while b; do c; done", ";", ""),
    ("a; case b in (c|d) e ;; *) f; esac", ";", ""),
    ("a && { b; }", "&&", ""),
    ("a && (b; c)", "&&", ""),
    ("a; f() { b; }; f", ";", ""),
    ("a; [[ b == c ]]", ";", ""),
    ("a; else b", ";", "! it does not expect else there"),
    ("a # b", "! a # hides the end of the line", "whole"),
    ("# a", "! a # hides the end of the line", "empty"),
    ("# a\nb", "empty", ""),
    ("> b", "empty", ""),
    ("a;", "! it does not expect the ; after it", ""),
    ("a &", "! it does not expect the ; after it", ""),
    ("a &&", "! it does not expect the ; after it", ""),
    ("a | ", "! it does not expect the ; after it", ""),
    ("a (b)", "! it does not expect ( there", ""),
    ("a )", "! it does not expect ) there", ""),
    ("a >", "! it does not expect the ; after it", ""),
    ("a; do b", "! it does not expect do there", ""),
    ("for i in 1 2; do b; done", "! it does not expect do there", ""),
    ("a 'b", "! a ' is not closed", ""),
    ("a \"b", "! a \" is not closed", ""),
    ("a $(b", "! $( has no closing )", ""),
    ("a ${{ b }}", "! ${ is not followed by the name of a variable", ""),
    ("a <<E\nb\nE", "! the line ends too early", "<<"),
];

#[test]
fn commands_are_read_as_by_bash() {
    for (command, condition, sequence) in READINGS {
        assert_eq!(short(command, Around::Condition), condition, "{command:?}");
        let sequence = if sequence.is_empty() { condition } else { sequence };
        assert_eq!(short(command, Around::Sequence), sequence, "{command:?}");
    }
}

#[test]
fn a_line_that_bash_reads_after_the_command_does_not_make_it_unreadable() {
    assert_eq!(short("a\nb (", Around::Sequence), "line break");
    assert_eq!(short("a\nb (", Around::Condition), "! it does not expect the ; after it");
    assert_eq!(short("a; fi\nb (", Around::Condition), ";");
}

#[test]
fn what_depends_on_the_version_of_bash_is_not_an_error() {
    for (command, reading) in [("a $(b; ;)", "$("), ("a $(case b in c) d;; esac)", "$("), ("a ${ b; }", "whole")] {
        assert_eq!(short(command, Around::Condition), reading, "{command:?}");
    }
}

#[test]
fn the_span_is_that_of_the_syntax() {
    let Reading::Split(syntax) = read("a é && b", Around::Condition) else { panic!("it splits") };
    assert_eq!(syntax.span, 5..7);
    let Reading::Unreadable(error) = read("a é (b", Around::Condition) else { panic!("it is unreadable") };
    assert_eq!(error.span, Some(5..6));
}

#[test]
fn long_and_deep_commands_are_read_in_linear_time() {
    let parts = [
        "a ",
        "'",
        "\"",
        "`",
        "$(",
        "${",
        "${A:-",
        "(",
        "{ ",
        "\\",
        "\n",
        ";",
        "&& a",
        "<<E ",
        "<<E\n",
        "# ",
        "if a; then ",
        "a | ",
        "$((",
        "<(",
        "case a in ",
        "a() ",
        "! ",
        "${A",
        "\"$(",
        "2>&1 ",
        "é",
    ];
    for part in parts {
        for around in [Around::Condition, Around::Sequence] {
            read(&part.repeat(100_000), around);
            read(&format!("a; {}", part.repeat(100_000)), around);
        }
    }
}

#[test]
fn variables_are_those_that_bash_replaces() {
    let names = |command: &'static str| variables(command).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(names("a $B \"${C:-$D}\" '$E' \\$F $G.h ${#I} $1 $(j $K) `l $M`"), ["B", "C", "D", "G", "K"]);
    assert_eq!(names("a $B 'unclosed $C"), ["B"]);
    assert_eq!(variables("é $B"), [(3, "B")]);
}
