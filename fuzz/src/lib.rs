//! Code that the fuzz targets share: the mutation of objects, and the parsing of a case.

pub mod case;
pub mod dice;
pub mod dictionary;
pub mod mutator;
pub mod schema;
