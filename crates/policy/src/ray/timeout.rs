//! How long Ray processes of a group go on without the GCS before they give up.

use super::pod::{EnvValue, EnvVar};
use super::{Group, RayObject};
use crate::settings::{RAY_DEFAULT_RECONNECT_TIMEOUT, Settings};
use rayguard_manifest::path::FieldPath;

/// The variable that sets it, in seconds.
pub const RECONNECT_TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

/// What KubeRay gives to workers of a fault-tolerant cluster that have no value of their own, in seconds
/// (`DefaultWorkerRayGcsReconnectTimeoutS`, ray-operator/controllers/ray/utils/constant.go:302).
pub const KUBERAY_WORKER_DEFAULT: u32 = 600;

/// By so many seconds a worker's timeout is best longer than the head's: as KubeRay's 600 s are than Ray's 60 s.
pub const WORKER_MARGIN: u32 = KUBERAY_WORKER_DEFAULT - RAY_DEFAULT_RECONNECT_TIMEOUT;

/// A group's effective reconnect timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconnectTimeout {
    /// So many seconds.
    Seconds(u32, Origin),
    /// A value that Ray cannot read, or that cannot be meant.
    Invalid(Fault),
    /// It is known only to the cluster.
    Unknown,
}

/// Where a timeout comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The object says so.
    Set,
    /// KubeRay's default for workers.
    KubeRayDefault,
    /// Ray's default, or what the policy says the operator gives to heads.
    RayDefault,
}

/// Why a value is no timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Ray crashes on it, without a message.
    Unreadable,
    /// Ray reads it, and gives up as soon as the GCS is away.
    Zero,
    /// Ray reads it as a number so large that it never gives up.
    Endless,
}

/// Reads a value as Ray does: optional leading blanks and decimal digits, nothing else.
///
/// Ray streams it into a `uint32_t` and checks that nothing is left over. Measured on Ray 2.52 and 2.60: `""`,
/// `"600s"`, `"30 "`, `"60.5"` and `"1e3"` end every Ray process with SIGSEGV; `"-1"` and `"4294967296"` wrap or
/// saturate to about 136 years; `"0012"` is 12.
pub fn parse(value: &str) -> Result<u32, Fault> {
    // What C++'s std::isspace calls a blank; Rust's own notion leaves out the vertical tab.
    let number = value.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (negative, digits) = match number.as_bytes().first() {
        Some(b'-') => (true, &number[1..]),
        Some(b'+') => (false, &number[1..]),
        _ => (false, number),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::Unreadable);
    }
    match digits.parse::<u32>() {
        Ok(0) => Err(Fault::Zero),
        Ok(_) | Err(_) if negative => Err(Fault::Endless),
        // A plus sign is readable to Ray, but nobody means it; the rule asks for plain digits.
        Ok(_) if digits.len() != number.len() => Err(Fault::Unreadable),
        Ok(seconds) => Ok(seconds),
        Err(_) => Err(Fault::Endless),
    }
}

impl<'a> RayObject<'a> {
    /// The variable that sets a group's timeout, if the object has it.
    pub fn reconnect_timeout_var(group: &Group<'a>) -> Option<EnvVar<'a>> {
        group.ray_container()?.env_var(RECONNECT_TIMEOUT)
    }

    /// A group's effective timeout once KubeRay has made its Pods.
    pub fn reconnect_timeout(&self, group: &Group<'a>, settings: &Settings) -> ReconnectTimeout {
        if let Some(var) = Self::reconnect_timeout_var(group) {
            return match var.value() {
                EnvValue::Unknown => ReconnectTimeout::Unknown,
                EnvValue::Literal(value) => match parse(&value) {
                    Ok(seconds) => ReconnectTimeout::Seconds(seconds, Origin::Set),
                    Err(fault) => ReconnectTimeout::Invalid(fault),
                },
            };
        }
        if !group.is_head() && self.fault_tolerance.is_on() {
            // KubeRay adds it even beside an envFrom, and a variable of its own beats those of envFrom.
            return ReconnectTimeout::Seconds(KUBERAY_WORKER_DEFAULT, Origin::KubeRayDefault);
        }
        match group.ray_container() {
            Some(container) if container.has_env_from() => ReconnectTimeout::Unknown,
            _ => ReconnectTimeout::Seconds(settings.assumed_head_reconnect_timeout, Origin::RayDefault),
        }
    }

    /// The path of what hides a group's timeout, where that is unknown.
    pub fn hidden_reconnect_timeout_path(group: &Group<'a>) -> FieldPath {
        match (Self::reconnect_timeout_var(group), group.ray_container()) {
            (None, Some(container)) => container.env_from_path(),
            _ => Self::reconnect_timeout_path(group),
        }
    }

    /// The path that a finding about a group's timeout points at: the value, or the list that lacks it.
    pub fn reconnect_timeout_path(group: &Group<'a>) -> FieldPath {
        match (Self::reconnect_timeout_var(group), group.ray_container()) {
            (Some(var), _) => var.value_path(),
            (None, Some(container)) => container.env_path(),
            (None, None) => group.path(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_ray_reads_them() {
        for (value, seconds) in
            [("600", 600), (" 30", 30), ("\t30", 30), ("0012", 12), ("1", 1), ("4294967295", u32::MAX)]
        {
            assert_eq!(parse(value), Ok(seconds), "{value:?}");
        }
        for value in ["", " ", "600s", "30 ", "60.5", "1e3", "abc", "0x10", "--1", "- 1", "+", "60\n", "٣"] {
            assert_eq!(parse(value), Err(Fault::Unreadable), "{value:?}");
        }
        for value in ["0", "000", "-0"] {
            assert_eq!(parse(value), Err(Fault::Zero), "{value:?}");
        }
        for value in ["-1", "4294967296", "99999999999999999999999"] {
            assert_eq!(parse(value), Err(Fault::Endless), "{value:?}");
        }
    }
}
