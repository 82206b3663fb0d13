//! What comes over the wire: an `AdmissionReview` of `admission.k8s.io/v1`, read without copying it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::json::{Json, Text};

/// The version of the API that rayguard speaks, and registers for.
pub(super) const API_VERSION: &str = "admission.k8s.io/v1";
/// The kind of both request and answer.
pub(super) const KIND: &str = "AdmissionReview";

/// Why a body is no request that could be judged. It names what is wrong and never repeats what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not text at all.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Not JSON, cut short, or nested too deeply.
    #[error("the body is not JSON that can be read: line {line}, column {column}")]
    NotJson {
        /// Where reading stopped, from 1
        line: usize,
        /// Where reading stopped, from 1
        column: usize,
    },
    /// JSON, with a value of the wrong type in it.
    #[error("the body is not an AdmissionReview: a value of the wrong type at line {line}, column {column}")]
    WrongType {
        /// Where the value is, from 1
        line: usize,
        /// Where the value is, from 1
        column: usize,
    },
    /// An object of another kind, or a version of it that rayguard does not speak.
    #[error("the body is not an AdmissionReview of admission.k8s.io/v1")]
    NotAReview,
    /// A review that asks nothing, as an answer would be.
    #[error("the AdmissionReview has no request")]
    NoRequest,
    /// A request that could not be answered.
    #[error("the request has no uid")]
    NoUid,
    /// A request that does not say what is being done.
    #[error("the request has no operation")]
    NoOperation,
    /// Nothing to judge.
    #[error("the request has no object, though something is created or updated")]
    NoObject,
    /// The object as it was before an update cannot be read.
    #[error("the request's oldObject is no object that can be read")]
    OldObject,
}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Data => Malformed::WrongType { line, column },
            Category::Syntax | Category::Eof | Category::Io => Malformed::NotJson { line, column },
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Review<'a> {
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Option<Request<'a>>,
}

/// What the API server asks about. Who asks (`userInfo`) and the options of the call say nothing to rayguard, and are
/// not even read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Request<'a> {
    /// What the answer must carry too.
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
    /// The kind of the object as it is sent, which is one that the webhook is registered for.
    #[serde(borrow)]
    pub kind: GroupVersionKind<'a>,
    /// The kind in which the user wrote it.
    #[serde(borrow)]
    pub request_kind: Option<GroupVersionKind<'a>>,
    /// `status` and the like; empty where the object itself is written.
    #[serde(borrow)]
    pub sub_resource: Cow<'a, str>,
    /// The object's name; empty where the API server is yet to generate it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The namespace that the object is, or will be, in.
    #[serde(borrow)]
    pub namespace: Cow<'a, str>,
    /// What is being done.
    pub operation: Option<Operation>,
    /// Whether nothing is to be stored.
    pub dry_run: bool,
    #[serde(borrow)]
    object: Option<Reviewed<'a>>,
    #[serde(borrow)]
    old_object: Option<&'a RawValue>,
}

/// What is being done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// It is new.
    Create,
    /// It is changed.
    Update,
    /// It goes away.
    Delete,
    /// Someone connects to it.
    Connect,
}

impl Operation {
    /// The operation as the API server spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }
}

/// A kind, fully qualified.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GroupVersionKind<'a> {
    /// The API group
    #[serde(borrow)]
    pub group: Cow<'a, str>,
    /// The version of the group
    #[serde(borrow)]
    pub version: Cow<'a, str>,
    /// The kind
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
}

impl<'a> Request<'a> {
    /// Reads the body of a call.
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        // Once for the whole body, which is quicker than string by string.
        let text = str::from_utf8(body).map_err(|_| Malformed::NotUtf8)?;
        let review: Review<'a> = serde_json::from_str(text)?;
        if review.api_version != API_VERSION || review.kind != KIND {
            return Err(Malformed::NotAReview);
        }
        let request = review.request.ok_or(Malformed::NoRequest)?;
        if request.uid.is_empty() {
            return Err(Malformed::NoUid);
        }
        match request.operation {
            None => Err(Malformed::NoOperation),
            Some(Operation::Create | Operation::Update) if request.object.is_none() => Err(Malformed::NoObject),
            Some(_) => Ok(request),
        }
    }

    /// The object, if it is itself being created or updated: nothing else is anything to rayguard.
    pub fn object(&self) -> Option<&Json<'a>> {
        match self.operation {
            Some(Operation::Create | Operation::Update) if self.sub_resource.is_empty() => {
                self.object.as_ref().map(|Reviewed(json)| json)
            }
            _ => None,
        }
    }

    /// The object as it was before an update. It is read only now, for most answers do not need it.
    pub fn read_old_object(&self) -> Result<Option<Json<'a>>, Malformed> {
        match (self.operation, self.old_object) {
            (Some(Operation::Update), Some(raw)) => match serde_json::from_str(raw.get()) {
                Ok(Reviewed(json)) => Ok(Some(json)),
                Err(_) => Err(Malformed::OldObject),
            },
            _ => Ok(None),
        }
    }
}

/// What rules read of a status.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status<'a> {
    #[serde(borrow)]
    conditions: Json<'a>,
    #[serde(borrow)]
    job_deployment_status: Json<'a>,
}

impl<'a> Status<'a> {
    fn into_json(self) -> Option<Json<'a>> {
        let fields = [("conditions", self.conditions), ("jobDeploymentStatus", self.job_deployment_status)];
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_null()).collect();
        (!fields.is_empty()).then(|| fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

/// An object without `metadata.managedFields` and with no more of its `status` than [`Status`]: no rule reads the rest, no
/// default is written there, and it is often the larger part of the object.
#[derive(Debug)]
struct Reviewed<'a>(Json<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Reviewed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReviewedVisitor)
    }
}

struct ReviewedVisitor;

impl<'de> Visitor<'de> for ReviewedVisitor {
    type Value = Reviewed<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(5);
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "status" => {
                    // Whatever is no map, no rule can read; serde would take a list for a map without names.
                    let status = map.next_value::<&RawValue>()?.get();
                    let status = Some(status).filter(|status| status.starts_with('{'));
                    let status = status.and_then(|status| serde_json::from_str::<Status<'_>>(status).ok());
                    fields.extend(status.and_then(Status::into_json).map(|status| (name, status)));
                }
                "metadata" => fields.push((name, map.next_value::<Metadata<'_>>()?.0)),
                _ => fields.push((name, map.next_value()?)),
            }
        }
        Ok(Reviewed(fields.into_iter().collect()))
    }
}

struct Metadata<'a>(Json<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Metadata<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MetadataVisitor)
    }
}

struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = Metadata<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object's metadata")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(8);
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "managedFields" => drop(map.next_value::<IgnoredAny>()?),
                _ => fields.push((name, map.next_value()?)),
            }
        }
        Ok(Metadata(fields.into_iter().collect()))
    }
}
