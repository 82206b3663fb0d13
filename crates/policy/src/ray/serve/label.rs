//! Ray's labels (`python/ray/_private/label_utils.py`).

/// The longest name or value, and the longest prefix of a key.
const LONGEST_NAME: usize = 63;
const LONGEST_PREFIX: usize = 253;

/// Reports whether a text is a key of a label: a name, or a domain, a slash and a name. Ray's pattern for a domain also
/// matches some other texts, so only its characters and its ends are checked.
pub(super) fn is_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let is_domain = |prefix: &str| {
        let is_end = |end: Option<&u8>| !matches!(end, Some(b'-' | b'_'));
        let bytes = prefix.as_bytes();
        bytes.len() <= LONGEST_PREFIX
            && bytes.iter().copied().all(is_inner)
            && is_end(bytes.first())
            && is_end(bytes.last())
    };
    prefix.is_none_or(is_domain) && is_name(name)
}

/// Reports whether a text is a selector of a label's value: `value`, `!value`, `in(a,b)` or `!in(a,b)`.
pub(super) fn is_selector(text: &str) -> bool {
    let plain = text.strip_prefix('!').unwrap_or(text);
    let list = plain.strip_prefix("in").unwrap_or(plain).strip_prefix('(').and_then(|list| list.strip_suffix(')'));
    let is_list = |list: &str| {
        let mut items = list.split(',');
        items.next().is_some_and(is_name) && items.all(|item| is_name(item.strip_prefix(' ').unwrap_or(item)))
    };
    text.is_empty() || is_name(plain) || list.is_some_and(is_list)
}

fn is_inner(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn is_name(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= LONGEST_NAME && ends(bytes.first()) && ends(bytes.last()) && bytes.iter().copied().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_selectors_are_those_of_ray() {
        for (key, expected) in
            [("a", true), ("ray.io/node-id", true), ("a/b/c", false), ("", false), ("-a/b", false), ("a_", false)]
        {
            assert_eq!(is_key(key), expected, "{key}");
        }
        let selectors = [
            ("", true),
            ("spot", true),
            ("!GPU", true),
            ("in(A123, B456,C789)", true),
            ("!in(spot, on-demand)", true),
            ("(a)", true),
            ("-spot", false),
            ("spot_", false),
            ("in()", false),
            ("in(spot,", false),
            ("in(H100, TPU!GPU)", false),
            ("!!!in(H100, TPU)", false),
        ];
        for (text, expected) in selectors {
            assert_eq!(is_selector(text), expected, "{text}");
        }
    }
}
