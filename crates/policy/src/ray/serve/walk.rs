//! The types of a Serve configuration: pydantic's models in Rust.

use std::borrow::Cow;

use rayguard_manifest::json::Json;

use super::coerce::Pydantic;
use super::fault::{Faults, Place};
use super::table::{Bounds, Model, TABLE, Table, Type, Variant};
use super::unknown;
use crate::spelling::quote;

/// A validation of one configuration, as one release of Ray validates it.
pub(super) struct Walk<'d, 't> {
    /// The minor version of Ray 2.
    pub(super) minor: u8,
    pub(super) pydantic: Pydantic,
    pub(super) table: &'static Table,
    pub(super) faults: Faults<'d, 't>,
}

/// Why a value does not have a type.
enum Mismatch {
    Type,
    Bounds(f64),
    Value,
}

impl<'d, 't> Walk<'d, 't> {
    pub(super) fn new(minor: u8, faults: Faults<'d, 't>) -> Self {
        let table: &'static Table = &TABLE;
        let pydantic = if minor < table.pydantic_2 { Pydantic::V1 } else { Pydantic::V2 };
        Self { minor, pydantic, table, faults }
    }

    /// Reports what is wrong in a map that a model describes, and in the values in it.
    pub(super) fn model(&mut self, index: usize, json: &Json<'_>, place: &Place<'_>) {
        let (model, minor) = (self.table.model(index), self.minor);
        if !self.pydantic.is_map(json) {
            self.faults.invalid(place, format_args!("must be a map, not {}", kind(json)), "write a map");
            return;
        }
        if let Json::Array(pairs) = json
            && !pairs.is_empty()
        {
            match map_of_pairs(pairs) {
                Some(map) => self.model(index, &map, place),
                None => self.faults.invalid(place, "must be a map, not a list", "write a map"),
            }
            return;
        }
        for (key, value) in json.entries() {
            if self.faults.is_full() {
                return;
            }
            match model.field(key).and_then(|field| Some((field, field.of(minor)?))) {
                Some((field, variant)) => self.field(variant, value, &place.field(&field.name)),
                None => unknown::report(self.table, model, minor, json, key, place, &mut self.faults),
            }
        }
        for (field, variant) in model.of(minor) {
            if variant.required && json.entry(&field.name).is_none() {
                self.required(model, &field.name, json, place);
            }
        }
    }

    fn required(&mut self, model: &Model, name: &str, json: &Json<'_>, place: &Place<'_>) {
        let help = match (&*model.name, name) {
            _ if let Some(key) = unknown::misspelled(model, self.minor, name, json) => {
                format!("rename {key} to {name}")
            }
            (_, "import_path") => {
                "add import_path with the module and the application in it, such as app:graph".to_owned()
            }
            (_, "name") => "add the name of the deployment in the application's code".to_owned(),
            (_, "gang_size") => "add gang_size, a whole number above 0".to_owned(),
            _ => format!("add {name}"),
        };
        self.faults.required(&place.field(name), "is missing", help);
    }

    /// Reports what is wrong in the value of a field.
    fn field(&mut self, variant: &Variant, json: &Json<'_>, place: &Place<'_>) {
        match json {
            Json::Null if variant.nullable => {}
            Json::Null => {
                let help = format!("remove it, or write {}", expected(&variant.types));
                self.faults.invalid(place, "must not be null", help);
            }
            _ => self.value(&variant.types, json, place),
        }
    }

    /// Reports what is wrong in a value that must have one of some types.
    pub(super) fn value(&mut self, types: &[Type], json: &Json<'_>, place: &Place<'_>) {
        let mut why = Mismatch::Type;
        for kind in types {
            match self.matches(kind, json) {
                Ok(()) => return self.below(kind, json, place),
                Err(Mismatch::Type) => {}
                Err(mismatch) => why = mismatch,
            }
        }
        // A map or a list that is close to its only type has its faults inside.
        let expected = expected(types);
        match why {
            Mismatch::Type => {
                self.faults.invalid(
                    place,
                    format_args!("must be {expected}, not {}", kind(json)),
                    format!("write {expected}"),
                );
            }
            Mismatch::Bounds(number) => {
                self.faults.invalid(
                    place,
                    format_args!("must be {expected}, not {number}"),
                    format!("write {expected}"),
                );
            }
            Mismatch::Value => {
                let value = json.as_str().map_or_else(|| kind(json).to_owned(), quote);
                self.faults.invalid(
                    place,
                    format_args!("must be {expected}, not {value}"),
                    format!("write {expected}"),
                );
            }
        }
    }

    /// Reports whether a value has a type, without what is in it.
    fn matches(&self, kind: &Type, json: &Json<'_>) -> Result<(), Mismatch> {
        let pydantic = self.pydantic;
        let is = |is: bool| if is { Ok(()) } else { Err(Mismatch::Type) };
        match kind {
            Type::Anything => Ok(()),
            Type::Map | Type::MapOf(_) | Type::Model(_) => is(pydantic.is_map(json)),
            Type::ListOf(_) => is(matches!(json, Json::Array(_))),
            Type::String => is(pydantic.is_string(json)),
            Type::Boolean => is(Pydantic::boolean(json).is_some()),
            Type::Integer(bounds) => bounds.hold(pydantic.integer(json, bounds.strict).ok_or(Mismatch::Type)?),
            Type::Float(bounds) => bounds.hold(Pydantic::float(json).ok_or(Mismatch::Type)?),
            Type::OneOf(values) => match json {
                Json::String(text) if values.iter().any(|value| value == text) => Ok(()),
                Json::String(_) => Err(Mismatch::Value),
                _ => Err(Mismatch::Type),
            },
            Type::Literal(values) => match json.as_i64() {
                Some(number) if values.contains(&number) => Ok(()),
                #[expect(clippy::cast_precision_loss, reason = "the number is only printed")]
                Some(number) => Err(Mismatch::Bounds(number as f64)),
                None => Err(Mismatch::Type),
            },
        }
    }

    /// Reports what is wrong in the values in a value.
    fn below(&mut self, kind: &Type, json: &Json<'_>, place: &Place<'_>) {
        match kind {
            Type::Model(index) => self.model(*index, json, place),
            Type::MapOf(item) => {
                for (key, value) in json.entries() {
                    self.value(std::slice::from_ref(item), value, &place.key(key));
                    if self.faults.is_full() {
                        return;
                    }
                }
            }
            Type::ListOf(types) => {
                for (index, item) in json.items().iter().enumerate() {
                    self.value(types, item, &place.index(index));
                    if self.faults.is_full() {
                        return;
                    }
                }
            }
            _ => {}
        }
    }
}

impl Bounds {
    /// Checks a number. One that is not a number is within no bounds.
    fn hold(&self, number: f64) -> Result<(), Mismatch> {
        let holds = self.gt.is_none_or(|bound| number > bound)
            && self.ge.is_none_or(|bound| number >= bound)
            && self.lt.is_none_or(|bound| number < bound)
            && self.le.is_none_or(|bound| number <= bound)
            && (!self.finite || number.is_finite());
        if holds { Ok(()) } else { Err(Mismatch::Bounds(number)) }
    }

    fn describe(&self) -> String {
        match (self.gt, self.ge, self.le) {
            (Some(low), _, Some(high)) => format!(" above {low}, up to {high}"),
            (Some(low), ..) => format!(" above {low}"),
            (None, Some(low), Some(high)) => format!(" from {low} to {high}"),
            (None, Some(low), None) => format!(" of {low} or more"),
            _ => String::new(),
        }
    }
}

/// Returns the map that Python's `dict` makes of a list of pairs; `None` if a key is not a text, which is no name of a field.
fn map_of_pairs<'a>(pairs: &[Json<'a>]) -> Option<Json<'a>> {
    let text = |text: &str| Json::String(Cow::Owned(text.to_owned()));
    let pair = |item: &Json<'a>| match item {
        Json::Array(pair) => match &pair[..] {
            [Json::String(key), value] => Some((key.clone(), value.clone())),
            _ => None,
        },
        Json::Object(object) => match &object.0[..] {
            [(key, _), (value, _)] => Some((key.clone(), text(value))),
            _ => None,
        },
        Json::String(pair) => {
            let end = pair.chars().next()?.len_utf8();
            Some((Cow::Owned(pair[..end].to_owned()), text(&pair[end..])))
        }
        _ => None,
    };
    pairs.iter().map(pair).collect()
}

/// Returns the types that are expected, with an article.
fn expected(types: &[Type]) -> String {
    let mut names: Vec<String> = Vec::new();
    for kind in types {
        let name = match kind {
            Type::Anything => "a value".to_owned(),
            Type::Map | Type::MapOf(_) | Type::Model(_) => "a map".to_owned(),
            Type::ListOf(_) => "a list".to_owned(),
            Type::String => "a string".to_owned(),
            Type::Boolean => "true or false".to_owned(),
            Type::Integer(bounds) => format!("a whole number{}", bounds.describe()),
            Type::Float(bounds) => format!("a number{}", bounds.describe()),
            Type::OneOf(values) => values.join(" or "),
            Type::Literal(values) => values.iter().map(i64::to_string).collect::<Vec<_>>().join(" or "),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" or ")
}

/// Returns the type of a value, with an article.
pub(super) fn kind(json: &Json<'_>) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(true) => "true",
        Json::Bool(false) => "false",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "a map",
    }
}
