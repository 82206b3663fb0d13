//! The template language of a text that is not YAML yet.

/// A template language, recognized by how it marks the parts that it replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TemplateSyntax {
    /// Helm, or another program that uses Go's `text/template`: `{{ .Values.x }}`, `{{/* comment */}}`
    Helm,
    /// Jinja, which Ansible uses: `{% if x %}`, `{# comment #}`
    Jinja,
    /// Terraform: `${var.x}`, `${indent(4, x)}`, `%{ if x }`
    Terraform,
    /// envsubst, or a shell: `${NAME}`, `$NAME`
    Envsubst,
    /// ERB and languages like it: `<%= x %>`
    Erb,
}

impl TemplateSyntax {
    /// Returns the template language that a text seems to be written in. The text may be any part of a document. A
    /// shell script in a YAML document can look like a template, so this is meaningful only for a text that cannot be
    /// read.
    ///
    /// `$(NAME)`, which Kubernetes expands, and `${{ … }}` are no templates.
    pub fn find(text: &str) -> Option<Self> {
        // Jinja writes values as Helm does, and Terraform has the syntax of envsubst in its own.
        Self::find_action(text).or_else(|| Self::find_substitution(text))
    }

    /// Returns the template language that a single value seems to be written in, as [`TemplateSyntax::find`] does for a
    /// whole text.
    pub fn find_in_value(value: &str) -> Option<Self> {
        // A value is a whole one, like one after a blank.
        Self::find(&format!(" {}", value.replace("-$", "- $").replace("/$", "/ $")))
    }

    /// Returns advice on how to check the output of the template.
    pub fn help(self) -> &'static str {
        match self {
            Self::Helm => "if this is a Helm template, render it first: helm template CHART | rayguard check -",
            Self::Jinja => "if this is a Jinja template, render it first: jinja2 FILE | rayguard check -",
            Self::Terraform => {
                "if this is a Terraform template, render it first: terraform output -raw NAME | rayguard check -"
            }
            Self::Envsubst => "if this is for envsubst, fill it in first: envsubst < FILE | rayguard check -",
            Self::Erb => "if this is an ERB template, render it first: erb FILE | rayguard check -",
        }
    }

    /// Finds a syntax that hardly occurs in YAML without a template.
    pub(crate) fn find_action(text: &str) -> Option<Self> {
        let has = |open: &str, close: &str| text.find(open).is_some_and(|at| text[at..].contains(close));
        let is_action = |(at, _): (usize, &str)| !text[..at].ends_with('$') && text[at..].contains("}}");
        if has("{%", "%}") || has("{#", "#}") {
            Some(Self::Jinja)
        } else if text.match_indices("{{").any(is_action) {
            Some(Self::Helm)
        } else if has("<%", "%>") {
            Some(Self::Erb)
        } else if ["%{ if", "%{if", "%{~", "%{ for", "%{for"].into_iter().any(|open| has(open, "}")) {
            Some(Self::Terraform)
        } else {
            None
        }
    }

    /// Finds a line that begins with a syntax that hardly occurs in YAML without a template.
    pub(crate) fn find_action_line(text: &str) -> Option<Self> {
        let begins =
            |line: &&str| ["{{", "{%", "{#", "<%", "%{"].iter().any(|open| line.trim_start().starts_with(open));
        // Terraform writes whole blocks, such as `${indent(4, yamlencode(x))}`.
        let is_block = |line: &str| line.trim_start().starts_with("${") && line.contains('(');
        if text.lines().any(is_block) && Self::find_substitution(text) == Some(Self::Terraform) {
            return Some(Self::Terraform);
        }
        // A comment may end on a later line.
        let begin = text.lines().find(begins)?;
        Self::find_action(&text[begin.as_ptr() as usize - text.as_ptr() as usize..])
    }

    /// Finds `${…}` and `$NAME`, which shell scripts contain, too.
    fn find_substitution(text: &str) -> Option<Self> {
        let mut found = None;
        for (at, _) in text.match_indices('$') {
            let (before, rest) = (&text[..at], &text[at + 1..]);
            let name = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(name, _)| name);
            match name {
                Some(name) if name.is_empty() || name.starts_with('{') || before.ends_with('$') => {}
                Some(name) if is_expression(name) => return Some(Self::Terraform),
                Some(name) if is_variable(name) => found = Some(Self::Envsubst),
                // As a whole value, or the start of one.
                None if before.ends_with([' ', '"', '\'']) => {
                    let end = rest.find(|next: char| !next.is_ascii_alphanumeric() && next != '_');
                    if is_variable(&rest[..end.unwrap_or(rest.len())]) {
                        found = Some(Self::Envsubst);
                    }
                }
                _ => {}
            }
        }
        found
    }
}

/// Reports whether a text is the name of an environment variable, perhaps with a default as in a shell.
fn is_variable(text: &str) -> bool {
    let name = text.split(":-").next().unwrap_or_default();
    name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Reports whether the text within `${…}` is an expression of Terraform: a name in lower case, an attribute, or a call.
fn is_expression(text: &str) -> bool {
    let text = text.trim_matches(['~', ' ']);
    let end = text.find(|next: char| !next.is_ascii_alphanumeric() && next != '_' && next != '-');
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && (rest.is_empty() || rest.starts_with(['.', '(', '[', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_found_anywhere_in_the_text() {
        use TemplateSyntax::{Envsubst, Erb, Helm, Jinja, Terraform};
        for (text, expected) in [
            ("a: {{ .Values.x }}", Some(Helm)),
            ("{{/*\n  - list\n*/}}\na: b", Some(Helm)),
            ("{{- if .Values.x }}\na: b\n{{- end }}", Some(Helm)),
            ("a: {{ name }}\n{% if x %}\nb: c\n{% endif %}", Some(Jinja)),
            ("{# comment #}\na: {{ x }}", Some(Jinja)),
            ("a: <%= x %>", Some(Erb)),
            ("a: ${var.x}", Some(Terraform)),
            ("a:\n${indent(4, yamlencode(x))}", Some(Terraform)),
            ("%{ if x }\na: b\n%{ endif }", Some(Terraform)),
            ("%{~ for x in y ~}\na: b\n%{ endfor }", Some(Terraform)),
            ("a: ${cluster_name}", Some(Terraform)),
            ("a: ${NAMESPACE}\nb: ${var.x}", Some(Terraform)),
            ("a: ${NAMESPACE}", Some(Envsubst)),
            ("a: ${TAG:-latest}", Some(Envsubst)),
            ("a: $NAMESPACE", Some(Envsubst)),
            ("a: \"$TAG\"", Some(Envsubst)),
            ("a: $(POD_NAME)", None),
            ("a: [ $?, $1, $$, $x ]", None),
            ("a: ${{ github.ref }}", None),
            ("a: $${var.x}", None),
            ("a: ${}", None),
            ("a: {b: {c: d}}", None),
            ("a: {{", None),
            ("a: 100%\nb: [", None),
        ] {
            assert_eq!(TemplateSyntax::find(text), expected, "{text}");
        }
    }

    #[test]
    fn a_line_of_a_template_is_found() {
        let find = TemplateSyntax::find_action_line;
        assert_eq!(find("# a\n  {{- include \"x\" . }}\n"), Some(TemplateSyntax::Helm));
        assert_eq!(find("{{/*\n a\n*/}}\n"), Some(TemplateSyntax::Helm));
        assert_eq!(find("a: \"{{ x }}\"\n"), None);
        assert_eq!(find(""), None);
    }
}
