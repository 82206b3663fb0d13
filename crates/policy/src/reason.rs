//! The reasons of Kubernetes for an invalid field.

/// Why a field is invalid, as Kubernetes reports it in `status.details.causes[].reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The field is missing.
    Required,
    /// The value is not allowed.
    Invalid,
    /// The field is not allowed next to another one.
    Forbidden,
    /// The value or key occurs twice.
    Duplicate,
    /// The value is not one of the known values.
    NotSupported,
}

impl Reason {
    /// Returns the reason as the API server spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Required => "FieldValueRequired",
            Reason::Invalid => "FieldValueInvalid",
            Reason::Forbidden => "FieldValueForbidden",
            Reason::Duplicate => "FieldValueDuplicate",
            Reason::NotSupported => "FieldValueNotSupported",
        }
    }
}
