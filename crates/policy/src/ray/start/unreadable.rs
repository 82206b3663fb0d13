//! A command line that bash cannot read.

use super::fault::{Fault, Subject};
use super::parameters::{Origin, Parameter, parameters};
use super::words::LONGEST;
use crate::bash::{Around, Reading, read};
use crate::kuberay::Version;
use crate::ray::{Group, RayObject};
use crate::reason::Reason;

const HELP: &str = "correct it, or put the whole value in single quotes within the YAML string";

/// Returns the parameter because of which bash cannot read the command line of a group, and so runs nothing. A quote that
/// a later parameter closes is no such error.
pub(super) fn check<'a>(object: &RayObject<'a>, group: &Group<'a>, kuberay: Version) -> Option<Fault> {
    let parameters = parameters(object, group, kuberay);
    let written: Vec<_> = parameters.iter().filter_map(|parameter| Some((parameter, text(parameter)?))).collect();
    let line: Vec<_> = written.iter().map(|(_, text)| &**text).collect();
    let line = line.join(" ");
    if line.len() > LONGEST || !matches!(read(&line, Around::Sequence), Reading::Unreadable(_)) {
        return None;
    }
    written.iter().find_map(|(parameter, text)| match read(text, Around::Sequence) {
        Reading::Unreadable(error) => Some(Fault {
            subject: Subject::InvalidValue,
            reason: Reason::Invalid,
            path: parameter.path(object, group),
            is_about_key: false,
            message: format!("bash cannot read the command line with this value: {}", error.why),
            help: HELP.to_owned(),
            fix: None,
            is_uncertain: false,
        }),
        _ => None,
    })
}

/// Returns what KubeRay writes for a parameter; `None` for one that it drops.
fn text(parameter: &Parameter<'_>) -> Option<String> {
    match parameter.switch() {
        _ if parameter.origin == Origin::NoText => None,
        Some(false) => None,
        Some(true) => Some(format!("--{}", parameter.name)),
        None => Some(format!("--{}={}", parameter.name, parameter.value)),
    }
}
