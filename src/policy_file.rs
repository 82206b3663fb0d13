//! The policy file, for the commands and the server.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use rayguard_manifest::yaml;
use rayguard_policy::policy::Policy;
use rayguard_policy::policy::file::ConfigError;

/// The reason why a policy file cannot be used. It is displayed as one line per error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyFileError {
    /// The file cannot be read.
    #[error("cannot read the policy file {}: {source}", path.display())]
    Read {
        /// The file
        path: PathBuf,
        /// The error of the system
        source: std::io::Error,
    },
    /// The file is not UTF-8.
    #[error("{}: {error}", path.display())]
    Encoding {
        /// The file
        path: PathBuf,
        /// The error, with its location
        error: yaml::YamlError,
    },
    /// The content is not a valid policy.
    #[error("{}", Lines(path, errors))]
    Invalid {
        /// The file
        path: PathBuf,
        /// All errors
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
            // Editors expect `file:line:column` without a space.
            let space = if error.position.is_some() { "" } else { " " };
            write!(formatter, "{}:{space}{error}", self.0.display())?;
        }
        Ok(())
    }
}

/// Reads the policy file of the webhook itself.
///
/// # Errors
///
/// The file cannot be read, is not a valid policy, or says that the webhook is absent.
#[cfg(feature = "server")]
pub(crate) fn read_for_webhook(path: Option<&Path>) -> Result<Policy, PolicyFileError> {
    use rayguard_manifest::path::FieldPath;
    use rayguard_policy::policy::Webhook;

    let policy = read(path)?;
    if let (Some(Webhook::Absent), Some(path)) = (policy.webhook, path) {
        let message = "this is the webhook, so it is not absent; write installed, or remove the key".to_owned();
        let error = ConfigError { path: FieldPath::of(["webhook"]), message, position: None };
        return Err(PolicyFileError::Invalid { path: path.to_owned(), errors: vec![error] });
    }
    Ok(policy)
}

/// Reads a policy file. Without a path, returns the built-in policy.
///
/// # Errors
///
/// The file cannot be read, or is not a valid policy.
pub(crate) fn read(path: Option<&Path>) -> Result<Policy, PolicyFileError> {
    let Some(path) = path else { return Ok(Policy::default()) };
    let bytes = fs::read(path).map_err(|source| PolicyFileError::Read { path: path.to_owned(), source })?;
    let text = yaml::decode(&bytes).map_err(|error| PolicyFileError::Encoding { path: path.to_owned(), error })?;
    Policy::from_yaml(text).map_err(|errors| PolicyFileError::Invalid { path: path.to_owned(), errors })
}
