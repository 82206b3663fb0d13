//! A package of a runtime environment: a remote URI.

use rayguard_manifest::json::Json;

use super::fault::Place;
use super::walk::{Walk, kind};
use crate::spelling::quote;

/// What a package is used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    WorkingDir,
    PyModule,
}

/// The minor version from which there are archives of tar.
const TAR: u8 = 56;
/// The minor version from which the extensions depend on the field, and directories of the image are allowed.
const LOCAL: u8 = 60;

/// Reports a package that is no URI of a remote archive. `parse_uri` of Ray finds the protocol with Python's `urlparse`.
pub(super) fn check(walk: &mut Walk<'_, '_>, json: &Json<'_>, used: Use, place: &Place<'_>) {
    let Some(text) = json.as_str() else {
        let message = format_args!("must be a string, not {}", kind(json));
        walk.faults.invalid(place, message, "write a remote URI, such as https://example.com/code.zip");
        return;
    };
    let minor = walk.minor;
    let cleaned: String =
        text.trim_start_matches(|c: char| c <= ' ').chars().filter(|c| !"\r\n\t".contains(*c)).collect();
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    let Some((scheme, rest)) = cleaned.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        let message = format_args!("is a local path, not a remote URI: {}", quote(text));
        let help = if minor >= LOCAL && text.starts_with('/') {
            "write local:// before it if the image has it, or a remote URI"
        } else {
            "put the code into the image, or write a remote URI, such as https://example.com/code.zip"
        };
        walk.faults.invalid(place, message, help);
        return;
    };
    let scheme = scheme.to_ascii_lowercase();
    if !walk.table.has_protocol(&scheme, minor) {
        let message = format_args!("has a protocol that Ray does not know: {}", quote(&scheme));
        walk.faults.invalid(place, message, "write a URI with https, s3 or gs");
        return;
    }
    if scheme == "local" && minor >= LOCAL {
        let is_absolute = rest.starts_with("///") || rest.as_bytes().get(3) == Some(&b':');
        if !is_absolute || !rest.starts_with("//") {
            walk.faults.invalid(place, "must be local:// and an absolute path", "write local:///path/in/image");
        } else if extensions(minor, Use::PyModule).iter().any(|extension| rest.ends_with(extension)) {
            walk.faults.invalid(place, "must be a directory, not an archive", "write a directory of the image");
        }
        return;
    }
    let is_remote = matches!(&*scheme, "https" | "http" | "s3" | "gs" | "azure" | "abfss" | "file");
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let allowed = extensions(minor, used);
    if is_remote && !path.contains(';') && !allowed.iter().any(|extension| path.ends_with(extension)) {
        let names = allowed.join(", ");
        walk.faults.invalid(
            place,
            format_args!("must end with one of {names}"),
            format!("write an archive with {names}"),
        );
    }
}

fn extensions(minor: u8, used: Use) -> &'static [&'static str] {
    match used {
        _ if minor < TAR => &[".zip", ".whl"],
        _ if minor < LOCAL => &[".zip", ".whl", ".tar.gz", ".tgz"],
        Use::WorkingDir => &[".zip", ".tar.gz", ".tgz", ".tar.xz"],
        Use::PyModule => &[".zip", ".whl", ".tar.gz", ".tgz", ".tar.xz"],
    }
}
