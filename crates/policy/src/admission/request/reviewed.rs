//! Reading the object of a review. `metadata.managedFields` is skipped, and so is the `status` except for `conditions`
//! and `jobDeploymentStatus`. No rule reads the skipped fields, no default is written into them, and they are often the
//! larger part of the object.

use std::borrow::Cow;

use rayguard_manifest::json::{Json, ReadError, Reader};

pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Result<Json<'a>, ReadError> {
    let fields = fields(reader, |reader, name| match name {
        "status" => status(reader),
        "metadata" => metadata(reader).map(Some),
        _ => reader.value().map(Some),
    })?;
    Ok(fields.into_iter().collect())
}

fn metadata<'a>(reader: &mut Reader<'a>) -> Result<Json<'a>, ReadError> {
    let fields = fields(reader, |reader, name| match name {
        "managedFields" => reader.skip().map(|_| None),
        _ => reader.value().map(Some),
    })?;
    Ok(fields.into_iter().collect())
}

/// Reads the fields of a status that rules use; `None` if it has none of them.
fn status<'a>(reader: &mut Reader<'a>) -> Result<Option<Json<'a>>, ReadError> {
    if reader.peek()? != b'{' {
        return reader.skip().map(|_| None);
    }
    let fields = fields(reader, |reader, name| match name {
        "conditions" | "jobDeploymentStatus" => Ok(Some(reader.value()?).filter(|value| !value.is_null())),
        _ => reader.skip().map(|_| None),
    })?;
    Ok((!fields.is_empty()).then(|| fields.into_iter().collect()))
}

/// Reads a map, and returns the fields for which `keep` returns a value.
fn fields<'a>(
    reader: &mut Reader<'a>,
    mut keep: impl FnMut(&mut Reader<'a>, &str) -> Result<Option<Json<'a>>, ReadError>,
) -> Result<Vec<(Cow<'a, str>, Json<'a>)>, ReadError> {
    let mut fields = Vec::with_capacity(8);
    reader.map(|reader, name| {
        let value = keep(reader, &name)?;
        fields.extend(value.map(|value| (name, value)));
        Ok(())
    })?;
    Ok(fields)
}
