//! Tests of the webhook and of the commands that talk to an API server.

mod abuse;
mod admin;
mod apiserver;
mod beside;
mod caller;
mod certificates;
mod chart;
mod check_cluster;
mod daemon;
mod kubectl_plugin;
mod limits;
mod listener;
mod malformed;
mod mount;
mod process;
mod review;
mod schema;
mod shutdown;
mod tls;
mod webhook;
