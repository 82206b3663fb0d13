//! The numbers of Pods of a worker group that the manifest does not set.

use super::{EffectiveValue, Reader, noun};
use crate::ray::Group;

/// The fields that KubeRay's schema gives a default.
const FIELDS: [&str; 4] = ["replicas", "minReplicas", "maxReplicas", "numOfHosts"];

impl<'o> Reader<'_, 'o> {
    /// Returns the numbers that KubeRay's schema sets.
    pub(super) fn replicas(&self, group: &Group<'o>) -> Vec<EffectiveValue> {
        let of_field = |field: &&'static str| {
            let path = group.path().field(*field);
            let value = group.json.field(field).as_i64().filter(|_| !self.is_written(&path))?;
            let value = if value == i64::from(i32::MAX) { format!("{value}: no limit") } else { value.to_string() };
            Some(EffectiveValue {
                name: format!("{field} of {}", noun(group)),
                value,
                origin: "default of KubeRay's schema, because this group sets none".to_owned(),
                anchors: self.group(group),
            })
        };
        let fields = FIELDS.iter().filter(|_| !group.is_head());
        fields.filter_map(of_field).collect()
    }
}
