//! The reconnect timeout: the time for which the Ray processes of a group try to reconnect to the GCS before they exit.

use rayguard_manifest::path::FieldPath;

use super::pod::{EnvValue, EnvVar};
use super::{Group, RayObject};
use crate::settings::{RAY_DEFAULT_RECONNECT_TIMEOUT, Settings};

/// The environment variable that sets the reconnect timeout, in seconds.
pub const RECONNECT_TIMEOUT: &str = "RAY_gcs_rpc_server_reconnect_timeout_s";

/// The reconnect timeout that KubeRay sets for workers of a fault-tolerant cluster that set none, in seconds
/// (`DefaultWorkerRayGcsReconnectTimeoutS`, ray-operator/controllers/ray/utils/constant.go:302).
pub const KUBERAY_WORKER_DEFAULT: u32 = 600;

/// The recommended difference between a worker's timeout and the head's, in seconds. It is the difference between
/// KubeRay's 600 s and Ray's 60 s.
///
/// After SIGTERM to the GCS, the outage begins with the head's timeout. 540 s more cover 8 s until the new GCS listens,
/// kubelet's longest back-off of 300 s, one attempt of 68 s to reach Redis, 30 s for DNS and 1 s until the worker has
/// reconnected: 407 s, computed from the figures in the documentation of the rule `short-reconnect-timeout`.
pub const WORKER_MARGIN: u32 = KUBERAY_WORKER_DEFAULT - RAY_DEFAULT_RECONNECT_TIMEOUT;

/// A group's effective reconnect timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconnectTimeout {
    /// The timeout in seconds, and its origin.
    Seconds(u32, Origin),
    /// Ray cannot read the value, or the value makes no sense.
    Invalid(TimeoutError),
    /// The timeout is known only in the cluster.
    Unknown,
}

/// The origin of a timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The object sets it.
    Set,
    /// It is KubeRay's default for workers.
    KubeRayDefault,
    /// It is Ray's default, or the policy's `assumedHeadReconnectTimeoutSeconds`.
    RayDefault,
}

/// Why a value is not a valid timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeoutError {
    /// Ray crashes on it, without a message.
    Unreadable,
    /// The value is 0, so Ray gives up as soon as it loses the GCS.
    Zero,
    /// Ray reads the value as a number of about 136 years, so it never gives up.
    Endless,
}

/// Parses a value as Ray does: optional leading blanks and decimal digits, nothing else. The result is in seconds.
///
/// Ray streams the value into a `uint32_t` and checks that nothing is left over. Measured on Ray 2.52 and 2.60:
///
/// - `""`, `"600s"`, `"30 "`, `"60.5"` and `"1e3"` end every Ray process with SIGSEGV.
/// - `"-1"` and `"4294967296"` wrap or saturate to about 136 years.
/// - `"0012"` is 12.
///
/// # Errors
///
/// Returns [`TimeoutError`] if Ray crashes on the value, or does not wait for a finite, positive time.
pub fn parse(value: &str) -> Result<u32, TimeoutError> {
    // The blanks of C++'s std::isspace. Rust's is_ascii_whitespace does not include the vertical tab.
    let number = value.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (negative, digits) = match number.as_bytes().first() {
        Some(b'-') => (true, &number[1..]),
        Some(b'+') => (false, &number[1..]),
        _ => (false, number),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TimeoutError::Unreadable);
    }
    match digits.parse::<u32>() {
        Ok(0) => Err(TimeoutError::Zero),
        Ok(_) | Err(_) if negative => Err(TimeoutError::Endless),
        // Ray reads a plus sign, but it is hardly intended, so only plain digits are valid here.
        Ok(_) if digits.len() != number.len() => Err(TimeoutError::Unreadable),
        Ok(seconds) => Ok(seconds),
        Err(_) => Err(TimeoutError::Endless),
    }
}

impl<'a> RayObject<'a> {
    /// Returns the variable that sets a group's timeout; `None` if the object has none.
    pub fn reconnect_timeout_var(group: &Group<'a>) -> Option<EnvVar<'a>> {
        group.ray_container()?.env_var(RECONNECT_TIMEOUT)
    }

    /// Returns a group's effective timeout in the Pods that KubeRay creates.
    pub fn reconnect_timeout(&self, group: &Group<'a>, settings: &Settings) -> ReconnectTimeout {
        if let Some(var) = Self::reconnect_timeout_var(group) {
            return match var.value() {
                EnvValue::Unknown => ReconnectTimeout::Unknown,
                EnvValue::Literal(value) => match parse(&value) {
                    Ok(seconds) => ReconnectTimeout::Seconds(seconds, Origin::Set),
                    Err(error) => ReconnectTimeout::Invalid(error),
                },
            };
        }
        if !group.is_head() && self.fault_tolerance.is_on() {
            // KubeRay adds the variable even next to an envFrom, and it takes precedence over those of envFrom.
            return ReconnectTimeout::Seconds(KUBERAY_WORKER_DEFAULT, Origin::KubeRayDefault);
        }
        match group.ray_container() {
            Some(container) if container.has_env_from() => ReconnectTimeout::Unknown,
            _ => ReconnectTimeout::Seconds(settings.assumed_head_reconnect_timeout, Origin::RayDefault),
        }
    }

    /// Returns the path of the reference that makes a group's timeout unknown.
    pub fn hidden_reconnect_timeout_path(group: &Group<'a>) -> FieldPath {
        match (Self::reconnect_timeout_var(group), group.ray_container()) {
            (None, Some(container)) => container.env_from_path(),
            _ => Self::reconnect_timeout_path(group),
        }
    }

    /// Returns the path for a finding about a group's timeout: that of the value, or of the list in which it is
    /// missing.
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
    fn values_are_parsed_as_by_ray() {
        for (value, seconds) in
            [("600", 600), (" 30", 30), ("\t30", 30), ("0012", 12), ("1", 1), ("4294967295", u32::MAX)]
        {
            assert_eq!(parse(value), Ok(seconds), "{value:?}");
        }
        for value in ["", " ", "600s", "30 ", "60.5", "1e3", "abc", "0x10", "--1", "- 1", "+", "60\n", "٣"] {
            assert_eq!(parse(value), Err(TimeoutError::Unreadable), "{value:?}");
        }
        for value in ["0", "000", "-0"] {
            assert_eq!(parse(value), Err(TimeoutError::Zero), "{value:?}");
        }
        for value in ["-1", "4294967296", "99999999999999999999999"] {
            assert_eq!(parse(value), Err(TimeoutError::Endless), "{value:?}");
        }
    }
}
