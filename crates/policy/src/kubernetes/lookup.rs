//! Values by their names.

use std::collections::HashMap;

use rayguard_manifest::json::Json;

/// The number of names that are compared one after the other. Above it, a hash map keeps the time linear.
const FEW: usize = 16;

/// The values of a map, or the items of a list by their `name`.
pub(super) struct Lookup<'j> {
    from: &'j Json<'j>,
    many: Option<HashMap<&'j str, &'j Json<'j>>>,
}

impl<'j> Lookup<'j> {
    /// Prepares a map or a list for lookups.
    pub(super) fn new(from: &'j Json<'j>) -> Self {
        let is_short = from.entries().len().max(from.items().len()) <= FEW;
        let many = (!is_short).then(|| {
            let entries = from.entries().iter().map(|(name, value)| (&**name, value));
            let items = from.items().iter().filter_map(|item| Some((item.field("name").as_str()?, item)));
            entries.chain(items).collect()
        });
        Self { from, many }
    }

    /// Returns the value of this name. If there are several, the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<&'j Json<'j>> {
        match &self.many {
            Some(many) => many.get(name).copied(),
            None => self
                .from
                .entry(name)
                .or_else(|| self.from.items().iter().rev().find(|item| item.field("name").as_str() == Some(name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_short_and_long_maps_and_lists() {
        for count in [3, 300] {
            let list = Json::Array((0..count).map(|n| parse(&format!(r#"{{"name":"n{n}","n":{n}}}"#))).collect());
            let map: Json<'_> =
                (0..count).map(|n| (format!("n{n}").into(), parse(&format!(r#"{{"n":{n}}}"#)))).collect();
            for json in [&list, &map] {
                let lookup = Lookup::new(json);
                assert_eq!(lookup.get("n2").map(|json| json.field("n").as_i64()), Some(Some(2)));
                assert!(lookup.get("other").is_none());
            }
        }
    }

    fn parse(text: &str) -> Json<'static> {
        serde_json::from_str::<Json<'_>>(text).expect("JSON").into_owned()
    }
}
