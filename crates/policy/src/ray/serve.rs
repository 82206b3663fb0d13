//! The Ray Serve configuration of a RayService: `serveConfigV2`, which is YAML in a string.

mod cache;

use std::ops::Range;
use std::sync::Arc;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{self, Document};

use super::RayObject;
use crate::kuberay::Kind;
pub use cache::ServeConfigCache;

/// The Serve configuration of a RayService.
#[derive(Clone, Debug)]
pub enum ServeConfig {
    /// The configuration is missing or empty.
    Absent,
    /// The configuration has no valid list of applications: the reason, and its span in bytes of the configuration.
    Invalid(String, Range<usize>),
    /// The deployments of all applications.
    Applications(Vec<Deployment>),
}

/// A deployment of an application, as far as the configuration describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The deployment's name.
    pub name: String,
    /// The minimum number of replicas; `None` if the configuration leaves it to the application's code.
    pub replicas: Option<i64>,
    /// Whether `max_replicas_per_node` spreads the replicas over nodes.
    pub is_spread: bool,
    /// The span of the deployment, in bytes of the configuration.
    pub at: Range<usize>,
    /// The span of the number of replicas, in bytes of the configuration; if it is missing, the span of the map that it
    /// belongs to.
    pub replicas_at: Range<usize>,
}

impl RayObject<'_> {
    /// Returns the path of the Serve configuration.
    pub fn serve_config_path() -> FieldPath {
        FieldPath::of(["spec", "serveConfigV2"])
    }

    /// Returns the Serve configuration. KubeRay parses it only when it sends it to the head
    /// (ray-operator/controllers/ray/rayservice_controller.go:1577), and Ray then requires applications.
    ///
    /// Parsing takes longer than all rules together. Therefore it is done once for each object, and not at all if the
    /// cache contains the configuration.
    pub fn serve_config(&self, cache: Option<&ServeConfigCache>) -> &ServeConfig {
        self.serve_config.get_or_init(|| match self.kind {
            Kind::RayService => {
                let text = self.json.descend(["spec", "serveConfigV2"]).as_nonempty_str();
                let read = |text| cache.map_or_else(|| Arc::new(ServeConfig::read(text)), |cache| cache.read(text));
                text.map_or_else(|| Arc::new(ServeConfig::Absent), read)
            }
            _ => Arc::new(ServeConfig::Absent),
        })
    }
}

impl ServeConfig {
    /// Parses the text of a configuration.
    fn read(text: &str) -> Self {
        let document = match yaml::documents(text).into_iter().next() {
            None => return Self::Absent,
            Some(Err(error)) => {
                let line = error.location.start.line;
                let why = format!("line {line} of it is not YAML: {}", error.message);
                return Self::Invalid(why, error.location.bytes);
            }
            Some(Ok(document)) => document,
        };
        let invalid = |path: &[&'static str], why: &str| {
            Self::Invalid(why.to_owned(), document.locate(&FieldPath::of(path.iter().copied())).bytes)
        };
        let config = &document.json;
        match config.field("applications") {
            _ if config.as_object().is_none() => invalid(&[], "it is not a map"),
            Json::Array(applications) => {
                let path = |index| FieldPath::of(["applications"]).index(index);
                if let Some(index) = applications.iter().position(|item| item.as_object().is_none()) {
                    let why = "an item of its applications is not a map".to_owned();
                    return Self::Invalid(why, document.locate(&path(index)).bytes);
                }
                let deployments = applications.iter().enumerate().flat_map(|(index, application)| {
                    let path = path(index).field("deployments");
                    let deployments = application.field("deployments").items().iter().enumerate();
                    deployments.map(move |(index, json)| (path.clone().index(index), json))
                });
                Self::Applications(deployments.map(|(path, json)| Deployment::read(&document, &path, json)).collect())
            }
            Json::Null => invalid(&["applications"], "it has no applications"),
            _ => invalid(&["applications"], "its applications are not a list"),
        }
    }

    /// Returns the deployments of all applications; none if the configuration is invalid.
    pub fn deployments(&self) -> &[Deployment] {
        match self {
            Self::Applications(deployments) => deployments,
            Self::Absent | Self::Invalid(..) => &[],
        }
    }
}

impl Deployment {
    fn read(document: &Document<'_>, path: &FieldPath, json: &Json<'_>) -> Self {
        let autoscaling = json.field("autoscaling_config");
        // Ray Serve starts an autoscaled deployment with min_replicas, which is 1 unless it is set.
        let is_autoscaled = autoscaling.as_object().is_some() || json.field("num_replicas").as_str() == Some("auto");
        let replicas_path = match json.field("num_replicas").as_i64() {
            None if is_autoscaled => path.clone().field("autoscaling_config").field("min_replicas"),
            _ => path.clone().field("num_replicas"),
        };
        let replicas = match json.field("num_replicas").as_i64() {
            Some(replicas) => Some(replicas),
            None if is_autoscaled => Some(autoscaling.field("min_replicas").as_i64().unwrap_or(1)),
            None => None,
        };
        Self {
            name: json.field("name").as_nonempty_str().unwrap_or("?").to_owned(),
            replicas,
            is_spread: !json.field("max_replicas_per_node").is_null(),
            at: document.locate(path).bytes,
            replicas_at: document.locate(&replicas_path).bytes,
        }
    }
}
