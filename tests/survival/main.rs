//! What the documents of KubeRay and Ray, and rayguard's own rules, promise about failures, tried with real Ray on a real
//! node. `tests/survival/run` starts the node, as root, and runs these tests in it.
//!
//! The tests assert what is lost and what is kept. They print and record how long it took, and never assert it.

#![allow(clippy::print_stdout, reason = "the times are what a reader of the output looks for")]

mod actor;
mod client;
mod forecast;
mod loss;
mod namespace;
mod object;
mod observation;
mod outage;
mod pod;
mod redis;
mod runs;
mod wait;

mod api_server;
mod autoscaler;
mod crash_loop;
mod denied;
mod fault_tolerance_guide;
mod head_that_fails;
mod high_availability;
mod late_head;
mod ray_fault_tolerance;
mod redis_outage;
mod shared_storage;
mod short;
mod short_timeouts;
mod stopped_gcs;
mod upgrade;
mod versions;
