//! The names of resources.

use crate::name::{Syntax, sentence};

/// The kind of a resource, which decides the amounts that a container may have of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource<'n> {
    /// `cpu`, `memory`, `ephemeral-storage`, and unknown names in the domain `kubernetes.io`
    Native,
    /// Memory in pages of this size
    HugePages(&'n str),
    /// Devices, which are counted: `nvidia.com/gpu`
    Extended,
}

impl<'n> Resource<'n> {
    /// Returns the kind of a resource.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the name, as a predicate, if a container cannot have a resource of this name
    /// (`ValidateContainerResourceName`).
    pub(super) fn of(name: &'n str) -> Result<Self, String> {
        if matches!(name, "cpu" | "memory" | "ephemeral-storage") {
            return Ok(Self::Native);
        }
        if matches!(name, "nvidia.com/gpu" | "amd.com/gpu" | "google.com/tpu") {
            return Ok(Self::Extended);
        }
        let errors = Syntax::QualifiedName.errors(name);
        if !errors.is_empty() {
            return Err(sentence(&errors));
        }
        if let Some(page_size) = name.strip_prefix("hugepages-") {
            return Ok(Self::HugePages(page_size));
        }
        if !name.contains('/') {
            return Err("has no domain, and Kubernetes does not know it".to_owned());
        }
        Self::of_domain(name)
    }

    /// Returns the kind of a resource whose name has a domain.
    fn of_domain(name: &'n str) -> Result<Self, String> {
        if name.contains("kubernetes.io/") {
            Ok(Self::Native)
        } else if name.starts_with("requests.") {
            Err("begins with \"requests.\"".to_owned())
        } else if name.find('/').is_some_and(|domain| domain + "requests.".len() > 253) {
            Err("has a domain that is too long".to_owned())
        } else {
            Ok(Self::Extended)
        }
    }

    /// Reports whether a container may request less of a resource than its limit (`IsOvercommitAllowed`).
    pub(super) fn allows_overcommit(self) -> bool {
        self == Self::Native
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_have_kinds() {
        for (name, kind) in [
            ("cpu", Some(Resource::Native)),
            ("kubernetes.io/batch-cpu", Some(Resource::Native)),
            ("hugepages-2Mi", Some(Resource::HugePages("2Mi"))),
            ("nvidia.com/gpu", Some(Resource::Extended)),
            ("CPU", None),
            ("gpu", None),
            ("requests.example.com/gpu", None),
            ("nvidia.com/", None),
            ("pods", None),
            ("", None),
        ] {
            assert_eq!(Resource::of(name).ok(), kind, "{name}");
        }
    }
}
