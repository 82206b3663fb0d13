//! The forecast for people.

use super::ClusterForecast;

pub(super) fn text(_: &[ClusterForecast], _: Option<usize>) -> String {
    String::new()
}
