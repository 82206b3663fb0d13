//! The policy file on disk, for the command line and the server alike.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use rayguard_manifest::yaml;
use rayguard_policy::policy::file::ConfigError;
use rayguard_policy::policy::Policy;

/// Why a policy file is of no use: one line for everything that is wrong with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyFileError {
    /// It cannot be read.
    #[error("cannot read the policy file {}: {source}", path.display())]
    Read {
        /// The file
        path: PathBuf,
        /// Why
        source: std::io::Error,
    },
    /// It is not UTF-8.
    #[error("{}: {error}", path.display())]
    Encoding {
        /// The file
        path: PathBuf,
        /// Where
        error: yaml::YamlError,
    },
    /// It says what a policy cannot say.
    #[error("{}", Lines(path, errors))]
    Invalid {
        /// The file
        path: PathBuf,
        /// What
        errors: Vec<ConfigError>,
    },
}

struct Lines<'e>(&'e Path, &'e [ConfigError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.1.iter().enumerate() {
            if index > 0 {
                formatter.write_char('\n')?;
            }
            // A place follows a file's name at once, as editors want it; anything else after a blank.
            let blank = if error.position.is_some() { "" } else { " " };
            write!(formatter, "{}:{blank}{error}", self.0.display())?;
        }
        Ok(())
    }
}

/// Reads a policy file; without one, the policy is the built-in one.
pub(crate) fn read(path: Option<&Path>) -> Result<Policy, PolicyFileError> {
    let Some(path) = path else { return Ok(Policy::default()) };
    let bytes = fs::read(path).map_err(|source| PolicyFileError::Read { path: path.to_owned(), source })?;
    let text = yaml::decode(&bytes).map_err(|error| PolicyFileError::Encoding { path: path.to_owned(), error })?;
    Policy::from_yaml(text).map_err(|errors| PolicyFileError::Invalid { path: path.to_owned(), errors })
}
