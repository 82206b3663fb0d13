//! Which rules a binary has: one hash for all of them.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::rule::{Level, Rule};
use crate::rules::RULES;

/// The SHA-256 of the names, levels and documents of all rules, in hexadecimal. Equal in two binaries that have the same
/// rules, however and when they were built; a rule's document holds its examples, so it changes with what a rule does.
pub fn hash() -> String {
    of(RULES.iter().map(|Rule { name, level, docs, .. }| (*name, *level, *docs)).collect())
}

fn of(mut rules: Vec<(&str, Level, &str)>) -> String {
    // The order in which rules are listed changes no verdict.
    rules.sort_unstable();
    let mut hash = Sha256::new();
    for (name, level, docs) in rules {
        for text in [name, &level.to_string(), docs] {
            // With its length before it, no text can look like the end of another.
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
    fn the_hash_is_that_of_what_rules_say_and_not_of_their_order() {
        let [a, b] = [("a", Level::Deny, "# a"), ("b", Level::Warn, "# b")];
        let both = of(vec![a, b]);
        assert_eq!(both, of(vec![b, a]));
        for other in [vec![a], vec![a, ("b", Level::Deny, "# b")], vec![a, ("b", Level::Warn, "# b\n")]] {
            assert_ne!(both, of(other.clone()), "{other:?}");
        }
        // By another implementation: printf of the lengths and texts into sha256sum.
        let expected = "c6ebf4a69ce913a186e32e84c12da753321e4bdba636749e2191994db1b5c6b7";
        assert_eq!(of(vec![a]), expected);
    }

    #[test]
    fn the_hash_of_the_rules_is_one_of_sha_256() {
        let hash = hash();
        assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    }
}
