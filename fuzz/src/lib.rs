//! What the fuzz targets share: how they make new objects of old ones, and how they read a case.

pub mod case;
pub mod dice;
pub mod dictionary;
pub mod mutator;
pub mod schema;
