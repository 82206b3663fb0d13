//! Values that occurred before in a list.

use std::collections::HashSet;
use std::hash::Hash;

/// The number of values that are compared with each other. Above it, a hash set keeps the time linear.
const FEW: usize = 8;

/// The values that occurred before in a list. Most lists are short and need no memory.
pub(super) struct Seen<T> {
    few: [Option<T>; FEW],
    count: usize,
    many: Option<HashSet<T>>,
}

impl<T: Copy + Eq + Hash> Seen<T> {
    /// Returns an empty set.
    pub(super) fn new() -> Self {
        Self { few: [None; FEW], count: 0, many: None }
    }

    /// Adds a value, and reports whether it is new.
    pub(super) fn insert(&mut self, value: T) -> bool {
        if self.contains(value) {
            return false;
        }
        match self.few.get_mut(self.count) {
            Some(free) => {
                *free = Some(value);
                self.count += 1;
            }
            None => {
                self.many.get_or_insert_default().insert(value);
            }
        }
        true
    }

    /// Reports whether a value is in the set.
    pub(super) fn contains(&self, value: T) -> bool {
        self.few[..self.count].contains(&Some(value)) || self.many.as_ref().is_some_and(|many| many.contains(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_new_once() {
        let mut seen = Seen::new();
        for round in 0..2 {
            for value in 0..100 {
                assert_eq!(seen.insert(value), round == 0, "{value}");
            }
        }
        assert!(seen.contains(99) && !seen.contains(100));
    }
}
