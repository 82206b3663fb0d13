//! What a RayService asks of Ray Serve: `serveConfigV2`, YAML within the object.

mod cache;

use std::ops::Range;
use std::sync::Arc;

pub use cache::ServeConfigCache;

use super::RayObject;
use crate::kuberay::Kind;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{self, Document};

/// The Serve configuration of a RayService.
#[derive(Clone, Debug)]
pub enum ServeConfig {
    /// There is none, or an empty one.
    Absent,
    /// It is not a map of applications; the sentence says why, and the stretch, in bytes of it, where.
    Invalid(String, Range<usize>),
    /// A map with a list of applications, which have these deployments.
    Applications(Vec<Deployment>),
}

/// One deployment of an application, as far as the configuration speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The deployment's name.
    pub name: String,
    /// How many replicas there are at least, where the configuration says so and the code is not left to decide.
    pub replicas: Option<i64>,
    /// Whether replicas are kept apart, by `max_replicas_per_node`.
    pub is_spread: bool,
    /// Where the deployment begins, in bytes of the configuration.
    pub at: Range<usize>,
    /// Where the number of replicas is written, or should be.
    pub replicas_at: Range<usize>,
}

impl RayObject<'_> {
    /// The path of the Serve configuration.
    pub fn serve_config_path() -> FieldPath {
        FieldPath::of(["spec", "serveConfigV2"])
    }

    /// The Serve configuration. KubeRay reads it as YAML only when it sends it to the head
    /// (ray-operator/controllers/ray/rayservice_controller.go:1577), and Ray then wants applications.
    ///
    /// Parsing it takes longer than all rules together, so it is parsed once for each object, and not at all where a cache has
    /// it.
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
    /// Reads the text of one.
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

    /// The deployments that the configuration speaks of.
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
