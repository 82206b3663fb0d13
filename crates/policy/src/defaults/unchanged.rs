//! A fast check for updates that change nothing that defaults depend on. Most updates are of this kind: those of the
//! autoscaler, of a finalizer, or of the Serve configuration. The old object's text is compared with the new object
//! without building the old object.

use rayguard_manifest::json::{Json, ReadError, Reader};

use crate::ray::RayObject;
use crate::settings::DEFAULTED;

/// Reports whether the old object's text has the same Pod templates in the same groups, and the same record of
/// defaults. It may return `false` for equal objects whose fields have another order, or for a malformed text. The
/// caller then compares the whole objects.
pub(crate) fn is_unchanged(object: &RayObject<'_>, old: &str) -> bool {
    let mut reader = Reader::new(old);
    compare(object, &mut reader).and_then(|()| reader.end()).is_ok()
}

fn compare(object: &RayObject<'_>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    let [spec, below @ ..] = object.kind.cluster_spec_fields() else { return Err(ReadError::Type) };
    compare_fields(object.json, &["apiVersion", "kind", "metadata", spec], reader, |name, new, reader| match name {
        "apiVersion" | "kind" => reader.expect(new),
        "metadata" => compare_fields(new, &["annotations"], reader, |_, new, reader| {
            compare_fields(new, &[DEFAULTED], reader, |_, new, reader| reader.expect(new))
        }),
        _ => compare_spec(new, below, reader),
    })
}

/// Compares a spec. `below` are the names of the fields that lead from it to the cluster's spec.
fn compare_spec(spec: &Json<'_>, below: &[&str], reader: &mut Reader<'_>) -> Result<(), ReadError> {
    if let [next, below @ ..] = below {
        return compare_fields(spec, &[next], reader, |_, new, reader| compare_spec(new, below, reader));
    }
    compare_fields(spec, &["headGroupSpec", "workerGroupSpecs"], reader, |name, new, reader| match name {
        "headGroupSpec" => compare_group(new, reader),
        _ => {
            let mut groups = new.items().iter();
            reader.list(|reader| compare_group(groups.next().ok_or(ReadError::Type)?, reader))?;
            if groups.len() == 0 { Ok(()) } else { Err(ReadError::Type) }
        }
    })
}

fn compare_group(group: &Json<'_>, reader: &mut Reader<'_>) -> Result<(), ReadError> {
    let names = ["groupName", "rayStartParams", "template"];
    compare_fields(group, &names, reader, |_, new, reader| reader.expect(new))
}

/// Reads a map that must have the same ones of these fields as a new map. `compare` gets the new value of each field,
/// and reads the old one. All other fields are skipped.
fn compare_fields(
    new: &Json<'_>,
    names: &[&str],
    reader: &mut Reader<'_>,
    compare: impl Fn(&str, &Json<'_>, &mut Reader<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut left = names.iter().filter(|name| new.entry(name).is_some()).count();
    reader.map(|reader, name| {
        if !names.contains(&&*name) {
            return reader.skip().map(drop);
        }
        left = left.checked_sub(1).ok_or(ReadError::Type)?;
        compare(&name, new.field(&name), reader)
    })?;
    if left == 0 { Ok(()) } else { Err(ReadError::Type) }
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
