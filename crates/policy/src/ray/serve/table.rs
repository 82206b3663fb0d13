//! The fields that a Serve configuration can have, by release of Ray.
//!
//! `schema.json` is made from the pydantic models of Ray's wheels by `tests/ray/serve_table.py`, and a test compares it
//! with them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The models of all releases.
#[derive(Debug)]
pub(super) struct Table {
    /// The minor versions of Ray 2 that the table describes.
    pub(super) minors: Vec<u8>,
    /// The first minor version that validates with pydantic 2. The versions before it use pydantic 1.
    pub(super) pydantic_2: u8,
    /// The first and last minor version with each protocol of a package's URI.
    protocols: BTreeMap<String, (u8, u8)>,
    models: Vec<Model>,
}

/// A map whose keys Ray knows.
#[derive(Debug)]
pub(super) struct Model {
    /// The name of the Python class.
    pub(super) name: String,
    /// Whether Ray refuses a key that it does not know. Otherwise, it ignores it.
    pub(super) forbids: bool,
    /// The fields, sorted by name.
    pub(super) fields: Vec<Field>,
}

/// A field of a model.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    variants: Vec<Variant>,
}

/// The type of a field in some releases.
#[derive(Debug)]
pub(super) struct Variant {
    /// The first and last minor version of Ray 2 with this type.
    pub(super) minors: (u8, u8),
    /// The types that a value can have.
    pub(super) types: Vec<Type>,
    pub(super) nullable: bool,
    pub(super) required: bool,
}

/// The type of a value.
#[derive(Debug)]
pub(super) enum Type {
    Anything,
    Map,
    MapOf(Box<Type>),
    ListOf(Vec<Type>),
    String,
    Boolean,
    Integer(Bounds),
    Float(Bounds),
    OneOf(Vec<String>),
    Literal(Vec<i64>),
    /// A map that is described by the model of this index.
    Model(usize),
}

/// The bounds of a number.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
pub(super) struct Bounds {
    pub(super) gt: Option<f64>,
    pub(super) ge: Option<f64>,
    pub(super) lt: Option<f64>,
    pub(super) le: Option<f64>,
    /// Whether a value of another type, such as a text with digits, is refused.
    pub(super) strict: bool,
    /// Whether infinity is refused.
    pub(super) finite: bool,
}

/// The table in `schema.json`.
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: File = serde_json::from_str(include_str!("schema.json")).expect("schema.json is generated and tested");
    let names: Vec<&String> = file.models.keys().collect();
    let models = file.models.iter().map(|(name, model)| model.resolve(name, &names)).collect();
    Table { minors: file.minors, pydantic_2: file.pydantic_2, protocols: file.protocols, models }
});

impl Table {
    /// Returns the model of an index.
    pub(super) fn model(&self, index: usize) -> &Model {
        &self.models[index]
    }

    /// Reports whether a field changes in a release, or after the release before it.
    pub(super) fn changes(&self, minor: u8) -> bool {
        let fields = self.models.iter().flat_map(|model| &model.fields);
        let mut variants = fields.flat_map(|field| &field.variants);
        variants.any(|variant| {
            let (first, last) = variant.minors;
            first == minor || self.minors.iter().find(|later| **later > last) == Some(&minor)
        })
    }

    /// Reports whether a release knows the protocol of a package's URI.
    pub(super) fn has_protocol(&self, protocol: &str, minor: u8) -> bool {
        self.protocols.get(protocol).is_some_and(|(first, last)| (*first..=*last).contains(&minor))
    }

    /// Returns the index of the model that the controller makes of a map in a field. Serve's schema accepts any map in it.
    pub(super) fn described(&self, field: &str) -> Option<usize> {
        Some(self.index(match field {
            "autoscaling_config" => "AutoscalingConfig",
            "request_router_config" => "RequestRouterConfig",
            "gang_scheduling_config" => "GangSchedulingConfig",
            _ => return None,
        }))
    }

    /// Returns the index of a model.
    pub(super) fn index(&self, name: &str) -> usize {
        self.models.partition_point(|model| *model.name < *name)
    }
}

impl Model {
    /// Returns a field, of any release.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Returns the types of the fields of a release.
    pub(super) fn of(&self, minor: u8) -> impl Iterator<Item = (&Field, &Variant)> {
        self.fields.iter().filter_map(move |field| Some((field, field.of(minor)?)))
    }
}

impl Field {
    /// Returns the type in a release; `None` if the release does not have the field.
    pub(super) fn of(&self, minor: u8) -> Option<&Variant> {
        self.variants.iter().find(|variant| (variant.minors.0..=variant.minors.1).contains(&minor))
    }

    /// Returns the first and the last minor version of Ray 2 with the field.
    pub(super) fn minors(&self) -> (u8, u8) {
        let all = || self.variants.iter().map(|variant| variant.minors);
        (all().map(|(first, _)| first).min().unwrap_or(0), all().map(|(_, last)| last).max().unwrap_or(0))
    }
}

/// `schema.json`.
#[derive(Deserialize)]
struct File {
    minors: Vec<u8>,
    #[serde(rename = "pydantic 2 from")]
    pydantic_2: u8,
    protocols: BTreeMap<String, (u8, u8)>,
    models: BTreeMap<String, RawModel>,
}

#[derive(Deserialize)]
struct RawModel {
    forbids: bool,
    fields: BTreeMap<String, Vec<RawVariant>>,
}

#[derive(Deserialize)]
struct RawVariant {
    from: u8,
    to: u8,
    #[serde(rename = "type")]
    types: Vec<RawType>,
    #[serde(default)]
    nullable: bool,
    #[serde(default)]
    required: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawType {
    Word(String),
    MapOf {
        #[serde(rename = "map of")]
        item: Box<RawType>,
    },
    ListOf {
        #[serde(rename = "list of")]
        item: Box<RawType>,
    },
    AnyOf {
        #[serde(rename = "any of")]
        types: Vec<RawType>,
    },
    OneOf {
        #[serde(rename = "one of")]
        values: Vec<String>,
    },
    Literal {
        literal: Vec<i64>,
    },
    Model {
        model: String,
    },
    Number {
        number: String,
        #[serde(flatten)]
        bounds: Bounds,
    },
}

impl RawModel {
    fn resolve(&self, name: &str, models: &[&String]) -> Model {
        let fields = self.fields.iter().map(|(name, variants)| {
            let variants = variants.iter().map(|raw| Variant {
                minors: (raw.from, raw.to),
                types: raw.types.iter().flat_map(|kind| kind.resolve(models)).collect(),
                nullable: raw.nullable,
                required: raw.required,
            });
            Field { name: name.clone(), variants: variants.collect() }
        });
        Model { name: name.to_owned(), forbids: self.forbids, fields: fields.collect() }
    }
}

impl RawType {
    /// Returns the type, or its alternatives.
    fn resolve(&self, models: &[&String]) -> Vec<Type> {
        let one = |item: &RawType| item.resolve(models).into_iter().next().unwrap_or(Type::Anything);
        vec![match self {
            Self::AnyOf { types } => return types.iter().flat_map(|kind| kind.resolve(models)).collect(),
            Self::Word(word) => match &**word {
                "map" => Type::Map,
                "string" => Type::String,
                "boolean" => Type::Boolean,
                "integer" => Type::Integer(Bounds::default()),
                "float" => Type::Float(Bounds::default()),
                _ => Type::Anything,
            },
            Self::MapOf { item } => Type::MapOf(Box::new(one(item))),
            Self::ListOf { item } => Type::ListOf(item.resolve(models)),
            Self::OneOf { values } => Type::OneOf(values.clone()),
            Self::Literal { literal } => Type::Literal(literal.clone()),
            Self::Model { model } => Type::Model(models.partition_point(|name| *name < model)),
            Self::Number { number, bounds } if number == "integer" => Type::Integer(*bounds),
            Self::Number { bounds, .. } => Type::Float(*bounds),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_by_name_and_fields_by_release() {
        let deployment = TABLE.model(TABLE.index("DeploymentSchema"));
        assert_eq!(deployment.name, "DeploymentSchema");
        let field = deployment.field("max_concurrent_queries").expect("an old field");
        assert_eq!((field.of(32).is_some(), field.of(33).is_some(), field.minors()), (true, false, (9, 32)));
        assert!(deployment.of(60).any(|(field, variant)| field.name == "name" && variant.required));
        assert!(matches!(
            deployment.field("num_replicas").and_then(|field| field.of(60)).map(|variant| &variant.types[..]),
            Some([Type::Integer(Bounds { gt: Some(_), .. }), Type::String])
        ));
    }
}
