//! rayguard.

pub mod json;
pub mod path;
pub mod policy;
pub mod ray;
pub mod rule;
pub mod rules;
pub mod yaml;
