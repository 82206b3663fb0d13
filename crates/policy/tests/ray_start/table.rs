//! Counts how often each check of bash, click and Ray fired, and how often rayguard found it.

use std::collections::BTreeMap;
use std::fmt;

/// The checks, by some words of their errors. The first that fits counts.
const CHECKS: &[&str] = &[
    "No such option",
    "does not take a value",
    "requires an argument",
    "is not a valid integer",
    "is not a valid float",
    "is not a valid boolean",
    "is not one of",
    "Invalid value for '--system-config'",
    "Got unexpected extra argument",
    "bash: ",
    "it returned",
    "should only be specified when starting head node",
    "System config parameters can only be set on the head node",
    "object is not iterable",
    "argument of type",
    "has no len()",
    "object has no attribute",
    "Valid values look like this",
    "cannot be a custom resource",
    "must all be whole numbers",
    "must be nonnegative",
    "must be at most",
    "reserved resource name",
    "not supported between instances",
    "(<class",
    "is trying to use a port number",
    "max_worker_port must be higher",
    "max_worker_port must be 0",
    "min_worker_port must be 0",
    "worker_port_list must be",
    "Ports in worker_port_list",
    "ray_client_server_port must be",
    "runtime_env_agent_port must be",
    "temp_dir must be absolute",
    "path length cannot exceed",
    "greater than the total available memory",
    "exceeds /dev/shm size",
    "minimum allowed is",
    "Cannot canonicalize",
    "Malformed",
    "Invalid address format",
    "Port is not specified",
    "Unable to parse port",
    "cannot unpack",
    "not enough values to unpack",
    "invalid literal for int()",
    "abort: ",
    "redirect_output argument is deprecated",
    "when resource isolation is not enabled",
    "system_reserved_cpu=",
    "system_reserved_memory",
    "cpu cores on this system",
    "available memory on this system",
    "less than 0%",
];

/// A table of one version of Ray.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<&'static str, (usize, usize)>);

impl Table {
    /// Returns the check that has this error, if it is known.
    pub(crate) fn check(error: &str) -> &'static str {
        CHECKS.iter().find(|words| error.contains(*words)).copied().unwrap_or("another error")
    }

    pub(crate) fn count(&mut self, error: &str, is_found: bool) {
        let (fired, found) = self.0.entry(Self::check(error)).or_default();
        *fired += 1;
        *found += usize::from(is_found);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, " fired  found  check")?;
        for (check, (fired, found)) in &self.0 {
            writeln!(formatter, "{fired:>6} {found:>6}  {check}")?;
        }
        Ok(())
    }
}
