//! Every rule, one line each.

use crate::rule::Rule;

mod worker_reconnect_timeout;

/// Every rule, in the order in which they are listed and reported.
pub static RULES: &[&Rule] = &[&worker_reconnect_timeout::RULE];

/// The rule of this name.
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}
