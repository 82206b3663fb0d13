//! An object as it comes in a review: without `metadata.managedFields` and with no more of its `status` than `conditions` and
//! `jobDeploymentStatus`. No rule reads the rest, no default is written there, and it is often the larger part of the
//! object.

use std::borrow::Cow;

use crate::json::{Fault, Json, Reader};

pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Result<Json<'a>, Fault> {
    let mut fields = Fields::with_capacity(5);
    reader.map(|reader, name| {
        match &*name {
            "status" => fields.extend(status(reader)?.map(|status| (name, status))),
            "metadata" => fields.push((name, metadata(reader)?)),
            _ => fields.push((name, reader.value()?)),
        }
        Ok(())
    })?;
    Ok(fields.into_iter().collect())
}

type Fields<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

fn metadata<'a>(reader: &mut Reader<'a>) -> Result<Json<'a>, Fault> {
    let mut fields = Fields::with_capacity(8);
    reader.map(|reader, name| {
        match &*name {
            "managedFields" => drop(reader.skip()?),
            _ => fields.push((name, reader.value()?)),
        }
        Ok(())
    })?;
    Ok(fields.into_iter().collect())
}

/// What rules read of a status, where there is anything of that.
fn status<'a>(reader: &mut Reader<'a>) -> Result<Option<Json<'a>>, Fault> {
    if reader.peek()? != b'{' {
        return reader.skip().map(|_| None);
    }
    let mut fields = Fields::new();
    reader.map(|reader, name| {
        match &*name {
            "conditions" | "jobDeploymentStatus" => fields.push((name, reader.value()?)),
            _ => drop(reader.skip()?),
        }
        Ok(())
    })?;
    fields.retain(|(_, value)| !value.is_null());
    Ok((!fields.is_empty()).then(|| fields.into_iter().collect()))
}
