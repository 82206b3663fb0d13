//! Whether an update leaves alone all that defaults are written into, as most do: the autoscaler's, a finalizer, another Serve
//! configuration. The old object's text is held against the new one, and nothing is made of it.

use super::stability::DEFAULTED;
use crate::json::{Fault, Json, Reader};
use crate::ray::{ClusterSpec, Group, RayObject};

/// Whether the text of the old object has the same Pods in the same groups, and the same record of defaults. It may say no
/// where only the order of fields is another, or the text is broken, and then both objects have to be compared as a whole.
pub(crate) fn is_unchanged(object: &RayObject<'_>, old: &str) -> bool {
    let mut reader = Reader::new(old);
    compare(object, &mut reader).and_then(|()| reader.end()).is_ok()
}

/// What has to be there as often as in the new object, and as it is there.
struct Parts(usize);

impl Parts {
    fn of<'n>(json: &Json<'_>, names: impl IntoIterator<Item = &'n str>) -> Self {
        Self(names.into_iter().filter(|name| json.entry(name).is_some()).count())
    }

    fn found(&mut self) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(1).ok_or(Fault::Type)?;
        Ok(())
    }

    fn are_all_there(&self) -> Result<(), Fault> {
        if self.0 == 0 { Ok(()) } else { Err(Fault::Type) }
    }
}

fn compare(object: &RayObject<'_>, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let [spec, below @ ..] = object.kind.cluster_spec_fields() else { return Err(Fault::Type) };
    let mut parts = Parts::of(object.json, ["apiVersion", "kind", "metadata", spec]);
    reader.map(|reader, name| match &*name {
        "apiVersion" | "kind" => {
            parts.found()?;
            reader.expect(object.json.field(&name))
        }
        "metadata" => {
            parts.found()?;
            compare_record(object.json.field("metadata"), reader)
        }
        name if name == *spec => {
            parts.found()?;
            compare_spec(&object.cluster, below, reader)
        }
        _ => reader.skip().map(drop),
    })?;
    parts.are_all_there()
}

fn compare_record(metadata: &Json<'_>, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let annotations = metadata.field("annotations");
    let mut parts = Parts::of(annotations, [DEFAULTED]);
    reader.map(|reader, name| match &*name {
        "annotations" => reader.map(|reader, name| match annotations.entry(&name) {
            Some(record) if name == DEFAULTED => {
                parts.found()?;
                reader.expect(record)
            }
            None if name == DEFAULTED => Err(Fault::Type),
            _ => reader.skip().map(drop),
        }),
        _ => reader.skip().map(drop),
    })?;
    parts.are_all_there()
}

/// The cluster's spec, which lies so many fields below.
fn compare_spec(cluster: &ClusterSpec<'_>, below: &[&str], reader: &mut Reader<'_>) -> Result<(), Fault> {
    let mut parts = match below {
        [] => Parts::of(cluster.json, ["headGroupSpec", "workerGroupSpecs"]),
        _ => Parts(1),
    };
    reader.map(|reader, name| match (below, &*name) {
        ([spec, below @ ..], name) if *spec == name => {
            parts.found()?;
            compare_spec(cluster, below, reader)
        }
        ([], "headGroupSpec") => {
            parts.found()?;
            compare_group(&cluster.head, reader)
        }
        ([], "workerGroupSpecs") => {
            parts.found()?;
            let mut groups = cluster.workers.iter();
            reader.list(|reader| compare_group(groups.next().ok_or(Fault::Type)?, reader))?;
            Parts(groups.len()).are_all_there()
        }
        _ => reader.skip().map(drop),
    })?;
    parts.are_all_there()
}

fn compare_group(group: &Group<'_>, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let mut parts = Parts::of(group.json, ["groupName", "rayStartParams", "template"]);
    reader.map(|reader, name| match &*name {
        "groupName" | "rayStartParams" | "template" => {
            parts.found()?;
            reader.expect(group.json.field(&name))
        }
        _ => reader.skip().map(drop),
    })?;
    parts.are_all_there()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unchanged(new: &str, old: &str) -> bool {
        let json: Json<'_> = serde_json::from_str(new).expect("JSON");
        is_unchanged(&RayObject::read(&json).expect("one of KubeRay's"), old)
    }

    fn cluster(annotations: &str, rest: &str, head: &str, workers: &str) -> String {
        format!(
            r#"{{"apiVersion":"ray.io/v1","kind":"RayCluster","metadata":{{"name":"a","annotations":{{{annotations}}}}},
            "spec":{{{rest}"headGroupSpec":{head},"workerGroupSpecs":[{workers}]}}}}"#
        )
    }

    #[test]
    fn what_defaults_depend_on_is_compared_and_nothing_else() {
        let (head, one, two) = (
            r#"{"template":{"a":[1,true,null,"\n"]}}"#,
            r#"{"groupName":"1","replicas":1,"template":{}}"#,
            r#"{"groupName":"2","template":{"b":{}}}"#,
        );
        let record = r#""rayguard.dev/defaulted":"[]""#;
        let both = format!("{one},{two}");
        let new = cluster(record, "", head, &both);
        let other_replicas = both.replace(":1,", ":7,");
        for (old, expected) in [
            (new.clone(), true),
            (cluster(&format!("\"x\":\"y\",{record}"), r#""rayVersion":"2","#, head, &other_replicas), true),
            (cluster("", "", head, &both), false),
            (cluster(&record.replace("[]", "[1]"), "", head, &both), false),
            (cluster(record, "", r#"{"template":{"a":[1,true,null,"n"]}}"#, &both), false),
            (cluster(record, "", r#"{"template":{"a":[1,true,null]}}"#, &both), false),
            (cluster(record, "", "{}", &both), false),
            (cluster(record, "", r#"{"template":{"a":[1,true,null,"\n"]},"rayStartParams":{}}"#, &both), false),
            (cluster(record, "", head, one), false),
            (cluster(record, "", head, &format!("{both},{one}")), false),
            (cluster(record, "", head, &format!("{two},{one}")), false),
            (cluster(record, "", head, &both.replace("\"b\":{}", "\"b\":{\"c\":0}")), false),
            (new.replace("RayCluster", "RayService"), false),
            (format!("{new}}}"), false),
            (new[..new.len() - 1].to_owned(), false),
            ("{}".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(unchanged(&new, &old), expected, "{old}");
        }
        assert!(!unchanged(&cluster("", "", head, &both), &new), "a record that is gone");
    }

    #[test]
    fn a_cluster_is_found_where_its_kind_has_it() {
        let service = |name: &str, config: &str, head: &str| {
            format!(
                r#"{{"apiVersion":"ray.io/v1","kind":"RayService","metadata":{{"name":"{name}"}},
                "spec":{{"serveConfigV2":"{config}","rayClusterConfig":{{"headGroupSpec":{{"template":{{"h":{head}}}}}}}}}}}"#
            )
        };
        assert!(unchanged(&service("a", "", "1"), &service("a", "x: }", "1")));
        assert!(!unchanged(&service("a", "", "1"), &service("a", "", "1.0")));
        assert!(!unchanged(&service("a", "", "1"), &service("a", "", "2")));
    }
}
