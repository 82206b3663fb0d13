//! The forecast as a picture.

use std::io;

use super::ClusterForecast;

pub(super) fn text(_: &[ClusterForecast]) -> io::Result<String> {
    Ok(String::new())
}
