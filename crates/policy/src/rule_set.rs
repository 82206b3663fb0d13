//! A hash that identifies the rules of a binary.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::rule::{Level, Rule};
use crate::rules::RULES;

/// Returns the SHA-256 of the names, levels and documents of all rules, in hexadecimal. Two builds with the same rules
/// have the same hash. A rule's document contains its examples, so it changes with the behaviour of the rule.
pub fn hash() -> String {
    of(RULES.iter().map(|Rule { name, level, docs, .. }| (*name, *level, *docs)).collect())
}

fn of(mut rules: Vec<(&str, Level, &str)>) -> String {
    // The order of the rules does not change a verdict.
    rules.sort_unstable();
    let mut hash = Sha256::new();
    for (name, level, docs) in rules {
        for text in [name, &level.to_string(), docs] {
            // The length before each text separates the texts from each other.
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{Level, hash, of};

    #[test]
    fn the_hash_depends_on_the_rules_and_not_on_their_order() {
        let [a, b] = [("a", Level::Deny, "# a"), ("b", Level::Warn, "# b")];
        let both = of(vec![a, b]);
        assert_eq!(both, of(vec![b, a]));
        for other in [vec![a], vec![a, ("b", Level::Deny, "# b")], vec![a, ("b", Level::Warn, "# b\n")]] {
            assert_ne!(both, of(other.clone()), "{other:?}");
        }
        // This value is the output of another implementation: printf of the lengths and texts, piped to sha256sum.
        let expected = "c6ebf4a69ce913a186e32e84c12da753321e4bdba636749e2191994db1b5c6b7";
        assert_eq!(of(vec![a]), expected);
    }

    #[test]
    fn the_hash_is_64_hexadecimal_digits() {
        let hash = hash();
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    }
}
