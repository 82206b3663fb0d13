//! The settings that the security contexts of Pods and of containers have in common.

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations, choice, file_path};
use crate::spelling::quote;

const SUBJECT: Subject = Subject::SecurityContext;

/// The types of profiles of seccomp and `AppArmor`.
const TYPES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];

/// The longest name of an `AppArmor` profile, in bytes.
const LONGEST_PROFILE: usize = 4095;

/// Reports a number that is not that of a user or group (`IsValidUserID`, `IsValidGroupID`).
pub(super) fn check_id(id: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    if let Some(id) = id.as_i64().filter(|id| i32::try_from(*id).map_or(true, i32::is_negative)) {
        let message = format!("must be between 0 and {}, is {id}", i32::MAX);
        violations.invalid(SUBJECT, at, message, "write the number of a user or group");
    }
}

/// Reports everything that Kubernetes refuses in `seccompProfile` (`validateSeccompProfileField`).
pub(super) fn check_seccomp(profile: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let Some(kind) = check_type(profile, at, violations) else { return };
    let (path, at) = (profile.field("localhostProfile"), at.field("localhostProfile"));
    match (kind == "Localhost", path.as_str()) {
        (true, Some(path)) => {
            if let Some(error) = file_path::descending_error(path) {
                let message = format!("the path {} {error}", quote(path));
                let help = "write a path below the kubelet's folder for seccomp, such as profiles/audit.json";
                violations.invalid(SUBJECT, &at, message, help);
            }
        }
        (true, None) if path.is_null() => {
            violations.required(SUBJECT, &at, "the type Localhost needs a profile", "write the path of the profile");
        }
        (false, Some(_)) => check_no_profile(&at, violations),
        _ => {}
    }
}

/// Reports everything that Kubernetes refuses in `appArmorProfile` (`ValidateAppArmorProfileField`).
pub(super) fn check_app_armor(profile: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let Some(kind) = check_type(profile, at, violations) else { return };
    let (name, at) = (profile.field("localhostProfile"), at.field("localhostProfile"));
    let name_or_empty = if name.is_null() { Some("") } else { name.as_str() };
    match (kind == "Localhost", name_or_empty) {
        (true, Some("")) => {
            violations.required(SUBJECT, &at, "the type Localhost needs a profile", "write the name of the profile");
        }
        (true, Some(text)) if text.trim().len() != text.len() => {
            let message = "the profile begins or ends with white space";
            violations.invalid(SUBJECT, &at, message, "remove the white space");
        }
        (true, Some(text)) if text.len() > LONGEST_PROFILE => {
            let message = format!("the profile has {} characters, more than {LONGEST_PROFILE}", text.len());
            violations.invalid(SUBJECT, &at, message, "write a shorter name");
        }
        (false, Some(_)) if !name.is_null() => check_no_profile(&at, violations),
        _ => {}
    }
}

/// Checks the type of a profile, and returns it if it is known.
fn check_type<'p>(profile: &'p Json<'_>, at: &At<'_>, violations: &mut Violations) -> Option<&'p str> {
    let kind = profile.field("type").as_str()?;
    let Some(violation) = choice::check(kind, &TYPES, SUBJECT, &at.field("type"), violations) else {
        return Some(kind);
    };
    if choice::meant(kind, &TYPES) == Some("Localhost") && profile.field("localhostProfile").as_nonempty_str().is_none()
    {
        violation.help += ", and its localhostProfile";
        violation.fix = None;
    }
    None
}

fn check_no_profile(at: &At<'_>, violations: &mut Violations) {
    violations.invalid(SUBJECT, at, "only the type Localhost has a profile", "remove it, or write type: Localhost");
}
