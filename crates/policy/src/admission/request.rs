//! The request: an `AdmissionReview` of `admission.k8s.io/v1`, which is read without copying the body.

mod reviewed;

use std::borrow::Cow;

use rayguard_manifest::json::{Json, ReadError, Reader};

/// The API version of the review, for which the webhooks are registered.
pub(super) const API_VERSION: &str = "admission.k8s.io/v1";
/// The kind of the review, in requests and responses.
pub(super) const KIND: &str = "AdmissionReview";

/// Why a body is not a valid request. The message never contains text of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The body is not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// The body is not JSON, is incomplete, or is nested too deeply.
    #[error("the body cannot be read as JSON: line {line}, column {column}")]
    NotJson {
        /// The line at which reading stopped, counted from 1
        line: usize,
        /// The column at which reading stopped, counted from 1
        column: usize,
    },
    /// The body is JSON with a value of the wrong type.
    #[error("the body is not an AdmissionReview: a value of the wrong type at line {line}, column {column}")]
    WrongType {
        /// The line of the value, counted from 1
        line: usize,
        /// The column of the value, counted from 1
        column: usize,
    },
    /// The body has another kind or API version.
    #[error("the body is not an AdmissionReview of admission.k8s.io/v1")]
    NotAReview,
    /// The review has no request, as in a response.
    #[error("the AdmissionReview has no request")]
    NoRequest,
    /// The request has no uid, so a response cannot refer to it.
    #[error("the request has no uid")]
    NoUid,
    /// The request has no operation.
    #[error("the request has no operation")]
    NoOperation,
    /// The request creates or updates an object, but contains none.
    #[error("the request has no object, but its operation is CREATE or UPDATE")]
    NoObject,
    /// The object's kind differs from the kind in the request.
    #[error("the object is not of the kind that the request names")]
    AnotherKind,
    /// The old object of an update cannot be read.
    #[error("the request's oldObject cannot be read")]
    OldObject,
}

/// An admission request. `userInfo` and `options` are not read, because rayguard does not use them.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// The uid, which the response must repeat.
    pub uid: Cow<'a, str>,
    /// The kind of the object in the request. The webhook is registered for this kind.
    pub kind: GroupVersionKind<'a>,
    /// The kind and version in which the user wrote the object.
    pub request_kind: Option<GroupVersionKind<'a>>,
    /// The subresource, such as `status`; empty for the object itself.
    pub sub_resource: Cow<'a, str>,
    /// The object's name; empty if the API server has not generated it yet.
    pub name: Cow<'a, str>,
    /// The object's namespace.
    pub namespace: Cow<'a, str>,
    /// The operation on the object.
    pub operation: Option<Operation>,
    /// Whether this is a dry run, so that the object is not stored.
    pub dry_run: bool,
    object: Option<Json<'a>>,
    old_object: Option<&'a str>,
}

/// An operation on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The object is created.
    Create,
    /// The object is updated.
    Update,
    /// The object is deleted.
    Delete,
    /// A client connects to the object.
    Connect,
}

impl Operation {
    /// Returns the operation as the API server spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }
}

/// A kind with its API group and version.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GroupVersionKind<'a> {
    /// The API group
    pub group: Cow<'a, str>,
    /// The version of the group
    pub version: Cow<'a, str>,
    /// The kind
    pub kind: Cow<'a, str>,
}

impl<'a> Request<'a> {
    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] if the body is not a complete `AdmissionReview`.
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        // One check of the whole body is faster than a check of each string.
        let text = str::from_utf8(body).map_err(|_| Malformed::NotUtf8)?;
        let mut reader = Reader::new(text);
        let review = Review::read(&mut reader).and_then(|review| reader.end().map(|()| review));
        let review = review.map_err(|error| {
            let (line, column) = reader.position();
            match error {
                ReadError::Syntax => Malformed::NotJson { line, column },
                ReadError::Type => Malformed::WrongType { line, column },
            }
        })?;
        if review.api_version.as_deref() != Some(API_VERSION) || review.kind.as_deref() != Some(KIND) {
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

    /// Returns the object that is created or updated; `None` for other operations and for subresources.
    pub fn object(&self) -> Option<&Json<'a>> {
        match self.operation {
            Some(Operation::Create | Operation::Update) if self.sub_resource.is_empty() => self.object.as_ref(),
            _ => None,
        }
    }

    /// Takes the object out of the request, so that it can be consumed.
    pub fn take_object(&mut self) -> Option<Json<'a>> {
        self.object.take()
    }

    /// Returns the text of the old object of an update; `None` for other operations.
    pub fn old_text(&self) -> Option<&'a str> {
        self.old_object.filter(|_| self.operation == Some(Operation::Update))
    }

    /// Reads the old object of an update; `None` for other operations. [`Request::read`] leaves it unread, because most
    /// reviews do not need it.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed::OldObject`] if the old object cannot be read.
    pub fn read_old_object(&self) -> Result<Option<Json<'a>>, Malformed> {
        let read = |text| reviewed::read(&mut Reader::new(text)).map_err(|_| Malformed::OldObject);
        self.old_text().map(read).transpose()
    }

    fn from_reader(reader: &mut Reader<'a>) -> Result<Self, ReadError> {
        let (mut uid, mut kind, mut request_kind, mut sub_resource) = (None, None, None, None);
        let (mut name, mut namespace, mut operation, mut dry_run) = (None, None, None, None);
        let (mut object, mut old_object) = (None, None);
        reader.map(|reader, field| match &*field {
            "uid" => set(&mut uid, reader.text()?),
            "kind" => set(&mut kind, GroupVersionKind::read(reader)?),
            "requestKind" => set(&mut request_kind, reader.optional(GroupVersionKind::read)?),
            "subResource" => set(&mut sub_resource, reader.text()?),
            "name" => set(&mut name, reader.text()?),
            "namespace" => set(&mut namespace, reader.text()?),
            "operation" => set(&mut operation, reader.optional(Operation::read)?),
            "dryRun" => set(&mut dry_run, reader.value()?.as_bool().ok_or(ReadError::Type)?),
            "object" => set(&mut object, reader.optional(reviewed::read)?),
            "oldObject" => set(&mut old_object, reader.optional(Reader::skip)?),
            _ => reader.skip().map(drop),
        })?;
        Ok(Self {
            uid: uid.unwrap_or_default(),
            kind: kind.unwrap_or_default(),
            request_kind: request_kind.flatten(),
            sub_resource: sub_resource.unwrap_or_default(),
            name: name.unwrap_or_default(),
            namespace: namespace.unwrap_or_default(),
            operation: operation.flatten(),
            dry_run: dry_run.unwrap_or_default(),
            object: object.flatten(),
            old_object: old_object.flatten(),
        })
    }
}

/// Sets the value of a field. A repeated field is an error, because another reader might use the other value.
fn set<T>(slot: &mut Option<T>, value: T) -> Result<(), ReadError> {
    if slot.replace(value).is_some() { Err(ReadError::Type) } else { Ok(()) }
}

#[derive(Default)]
struct Review<'a> {
    api_version: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    request: Option<Request<'a>>,
}

impl<'a> Review<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, ReadError> {
        let mut review = Self::default();
        reader.map(|reader, field| match &*field {
            "apiVersion" => set(&mut review.api_version, reader.text()?),
            "kind" => set(&mut review.kind, reader.text()?),
            "request" => match reader.optional(Request::from_reader)? {
                Some(request) => set(&mut review.request, request),
                None => Ok(()),
            },
            _ => reader.skip().map(drop),
        })?;
        Ok(review)
    }
}

impl Operation {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        let all = [Self::Create, Self::Update, Self::Delete, Self::Connect];
        let operation = reader.text()?;
        all.into_iter().find(|known| known.as_str() == operation).ok_or(ReadError::Type)
    }
}

impl<'a> GroupVersionKind<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, ReadError> {
        let (mut group, mut version, mut kind) = (None, None, None);
        reader.map(|reader, field| match &*field {
            "group" => set(&mut group, reader.text()?),
            "version" => set(&mut version, reader.text()?),
            "kind" => set(&mut kind, reader.text()?),
            _ => reader.skip().map(drop),
        })?;
        let [group, version, kind] = [group, version, kind].map(Option::unwrap_or_default);
        Ok(Self { group, version, kind })
    }
}
