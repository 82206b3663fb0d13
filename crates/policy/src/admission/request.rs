//! What comes over the wire: an `AdmissionReview` of `admission.k8s.io/v1`, read without copying it.

mod reviewed;

use std::borrow::Cow;

use rayguard_manifest::json::{Fault, Json, Reader};

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
    /// The object is of another kind than the request names: what it is cannot be known.
    #[error("the object is not of the kind that the request names")]
    AnotherKind,
    /// The object as it was before an update cannot be read.
    #[error("the request's oldObject is no object that can be read")]
    OldObject,
}

/// What the API server asks about. Who asks (`userInfo`) and the options of the call say nothing to rayguard, and are
/// not even read.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// What the answer must carry too.
    pub uid: Cow<'a, str>,
    /// The kind of the object as it is sent, which is one that the webhook is registered for.
    pub kind: GroupVersionKind<'a>,
    /// The kind in which the user wrote it.
    pub request_kind: Option<GroupVersionKind<'a>>,
    /// `status` and the like; empty where the object itself is written.
    pub sub_resource: Cow<'a, str>,
    /// The object's name; empty where the API server is yet to generate it.
    pub name: Cow<'a, str>,
    /// The namespace that the object is, or will be, in.
    pub namespace: Cow<'a, str>,
    /// What is being done.
    pub operation: Option<Operation>,
    /// Whether nothing is to be stored.
    pub dry_run: bool,
    object: Option<Json<'a>>,
    old_object: Option<&'a str>,
}

/// What is being done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Reads the body of a call.
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        // Once for the whole body, which is quicker than string by string.
        let text = str::from_utf8(body).map_err(|_| Malformed::NotUtf8)?;
        let mut reader = Reader::new(text);
        let review = Review::read(&mut reader).and_then(|review| reader.end().map(|()| review));
        let review = review.map_err(|fault| {
            let (line, column) = reader.position();
            match fault {
                Fault::Syntax => Malformed::NotJson { line, column },
                Fault::Type => Malformed::WrongType { line, column },
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

    /// The object, if it is itself being created or updated: nothing else is anything to rayguard.
    pub fn object(&self) -> Option<&Json<'a>> {
        match self.operation {
            Some(Operation::Create | Operation::Update) if self.sub_resource.is_empty() => self.object.as_ref(),
            _ => None,
        }
    }

    /// The object, once nothing more of it is asked here.
    pub fn take_object(&mut self) -> Option<Json<'a>> {
        self.object.take()
    }

    /// The text of the object as it was before an update.
    pub fn old_text(&self) -> Option<&'a str> {
        self.old_object.filter(|_| self.operation == Some(Operation::Update))
    }

    /// The object as it was before an update. It is read only now, for most answers do not need it.
    pub fn read_old_object(&self) -> Result<Option<Json<'a>>, Malformed> {
        let read = |text| reviewed::read(&mut Reader::new(text)).map_err(|_| Malformed::OldObject);
        self.old_text().map(read).transpose()
    }

    fn from_reader(reader: &mut Reader<'a>) -> Result<Self, Fault> {
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
            "dryRun" => set(&mut dry_run, reader.value()?.as_bool().ok_or(Fault::Type)?),
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

/// Keeps the value of a field, which must not be there twice: whichever of the two counted, another reader might take the
/// other one.
fn set<T>(slot: &mut Option<T>, value: T) -> Result<(), Fault> {
    if slot.replace(value).is_some() { Err(Fault::Type) } else { Ok(()) }
}

#[derive(Default)]
struct Review<'a> {
    api_version: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    request: Option<Request<'a>>,
}

impl<'a> Review<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
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
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let all = [Self::Create, Self::Update, Self::Delete, Self::Connect];
        let operation = reader.text()?;
        all.into_iter().find(|known| known.as_str() == operation).ok_or(Fault::Type)
    }
}

impl<'a> GroupVersionKind<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
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
