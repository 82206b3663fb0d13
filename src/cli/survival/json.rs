//! The forecast for programs.

use std::io;

use rayguard_policy::survival::measurement::{MEASUREMENTS, Measurement};
use serde::Serialize;

use super::ClusterForecast;

/// What is printed.
#[derive(Serialize)]
struct Report<'r> {
    clusters: &'r [ClusterForecast],
    measurements: &'r [&'static Measurement],
}

/// Returns the forecasts and the measurements as JSON.
///
/// # Errors
///
/// The forecasts cannot be serialized.
pub(super) fn text(clusters: &[ClusterForecast]) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(&Report { clusters, measurements: &MEASUREMENTS })? + "\n")
}
