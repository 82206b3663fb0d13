//! What a rule reads: an object, and what is known around it.

use rayguard_manifest::yaml::Note;

use crate::cluster_context::{ClusterContext, NoContext};
use crate::ray::RayObject;
use crate::ray::serve::{ServeConfig, ServeConfigCache};
use crate::settings::Settings;

/// What a rule reads: an object, and what is known around it.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c, 'o> {
    /// The object to check.
    pub object: &'c RayObject<'o>,
    /// The object that an update replaces; `None` where the object is new, or is checked as it is stored.
    pub previous: Option<&'c dyn Previous<'o>>,
    /// The settings of the policy.
    pub settings: &'c Settings,
    /// What is outside of the object.
    pub environment: Environment<'c>,
}

/// What is outside of an object.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'c> {
    /// The other objects of the cluster, as far as they are known.
    pub cluster: &'c dyn ClusterContext,
    /// The Serve configurations that were parsed last. Without a cache, each object's is parsed.
    pub serve_configs: Option<&'c ServeConfigCache>,
    /// What is surprising about how kubectl reads the manifest of the object; empty if the object is not from a text.
    pub notes: &'c [Note],
}

impl Environment<'static> {
    /// Nothing is known outside of the object.
    pub const EMPTY: Self = Self { cluster: &NoContext, serve_configs: None, notes: &[] };
}

impl<'c, 'o> Context<'c, 'o> {
    /// An object alone, which is new.
    pub fn new(object: &'c RayObject<'o>, settings: &'c Settings) -> Self {
        Self { object, previous: None, settings, environment: Environment::EMPTY }
    }

    /// The same object as the successor of another one, if there is one.
    #[must_use]
    pub fn replacing(self, previous: Option<&'c dyn Previous<'o>>) -> Self {
        Self { previous, ..self }
    }

    /// The same object in an environment.
    #[must_use]
    pub fn within(self, environment: Environment<'c>) -> Self {
        Self { environment, ..self }
    }

    /// The object's Serve configuration, parsed at most once for each object.
    pub fn serve_config(&self) -> &'c ServeConfig {
        self.object.serve_config(self.environment.serve_configs)
    }
}

/// The object that an update replaces. Most reviews do not need it, so it is read on demand.
pub trait Previous<'o>: std::fmt::Debug {
    /// Returns the whole object; `None` where it is not one of KubeRay's.
    fn object(&self) -> Option<&RayObject<'o>>;

    /// Reports whether a field of this name may be anywhere in the object. It costs less than reading it.
    fn may_have(&self, field: &str) -> bool;

    /// Reports whether a field of this name, anywhere in the object, may have another value than these texts. It costs less
    /// than reading it.
    fn may_have_other(&self, field: &str, values: &[&str]) -> bool;
}

impl<'o> Previous<'o> for RayObject<'o> {
    fn object(&self) -> Option<&RayObject<'o>> {
        Some(self)
    }

    fn may_have(&self, _: &str) -> bool {
        true
    }

    fn may_have_other(&self, _: &str, _: &[&str]) -> bool {
        true
    }
}
