//! What CI runs of these tests.

use crate::loss::Loss;
use crate::{fault_tolerance_guide, high_availability, short_timeouts};

#[test]
fn every_request_is_answered_while_the_head_is_lost() {
    high_availability::answer_every_request("short-ha", &[Loss::Removal]);
}

#[test]
fn a_detached_actor_outlives_pkill_gcs_server() {
    fault_tolerance_guide::follow_the_guide("short-guide");
}

#[test]
fn a_worker_that_gives_up_before_the_head_loses_its_actors() {
    short_timeouts::lose_a_worker_that_gives_up_before_the_head("short-timeout");
}
