//! An object as it comes in a review: without `metadata.managedFields` and with no more of its `status` than `conditions` and
//! `jobDeploymentStatus`. No rule reads the rest, no default is written there, and it is often the larger part of the
//! object.

use std::borrow::Cow;

use rayguard_manifest::json::{Fault, Json, Reader};

pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Result<Json<'a>, Fault> {
    let fields = fields(reader, |reader, name| match name {
        "status" => status(reader),
        "metadata" => metadata(reader).map(Some),
        _ => reader.value().map(Some),
    })?;
    Ok(fields.into_iter().collect())
}

fn metadata<'a>(reader: &mut Reader<'a>) -> Result<Json<'a>, Fault> {
    let fields = fields(reader, |reader, name| match name {
        "managedFields" => reader.skip().map(|_| None),
        _ => reader.value().map(Some),
    })?;
    Ok(fields.into_iter().collect())
}

/// What rules read of a status, where there is anything of that.
fn status<'a>(reader: &mut Reader<'a>) -> Result<Option<Json<'a>>, Fault> {
    if reader.peek()? != b'{' {
        return reader.skip().map(|_| None);
    }
    let fields = fields(reader, |reader, name| match name {
        "conditions" | "jobDeploymentStatus" => Ok(Some(reader.value()?).filter(|value| !value.is_null())),
        _ => reader.skip().map(|_| None),
    })?;
    Ok((!fields.is_empty()).then(|| fields.into_iter().collect()))
}

/// The fields of a map of which something is kept.
fn fields<'a>(
    reader: &mut Reader<'a>,
    mut keep: impl FnMut(&mut Reader<'a>, &str) -> Result<Option<Json<'a>>, Fault>,
) -> Result<Vec<(Cow<'a, str>, Json<'a>)>, Fault> {
    let mut fields = Vec::with_capacity(8);
    reader.map(|reader, name| {
        let value = keep(reader, &name)?;
        fields.extend(value.map(|value| (name, value)));
        Ok(())
    })?;
    Ok(fields)
}
