//! What a RayService asks of Ray Serve: `serveConfigV2`, YAML within the object.

use super::{Kind, RayObject};
use crate::json::Json;
use crate::path::FieldPath;
use crate::yaml;

/// The Serve configuration of a RayService.
#[derive(Clone, Debug)]
pub enum ServeConfig {
    /// There is none, or an empty one.
    Absent,
    /// It is not a map of applications; the sentence says why.
    Invalid(String),
    /// A map with a list of applications.
    Applications(Json<'static>),
}

/// One deployment of an application, as far as the configuration speaks of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment<'a> {
    /// The application's name, which is `default` unless it has one.
    pub application: &'a str,
    /// The deployment's name.
    pub name: &'a str,
    /// How many replicas there are at least, where the configuration says so and the code is not left to decide.
    pub replicas: Option<i64>,
    /// Whether replicas are kept apart, by `max_replicas_per_node`.
    pub is_spread: bool,
}

impl RayObject<'_> {
    /// The path of the Serve configuration.
    pub fn serve_config_path() -> FieldPath {
        FieldPath::of(["spec", "serveConfigV2"])
    }

    /// The Serve configuration. KubeRay reads it as YAML only when it sends it to the head
    /// (ray-operator/controllers/ray/rayservice_controller.go:1577), and Ray then wants applications.
    ///
    /// It is read once: that takes longer than all the rest of judging a RayService.
    pub fn serve_config(&self) -> &ServeConfig {
        self.serve_config.get_or_init(|| self.read_serve_config())
    }

    fn read_serve_config(&self) -> ServeConfig {
        let text = match self.kind {
            Kind::RayService => self.json.descend(["spec", "serveConfigV2"]).as_nonempty_str(),
            _ => None,
        };
        let Some(text) = text else { return ServeConfig::Absent };
        let mut documents = yaml::documents(text).into_iter();
        let config = match documents.next() {
            None => return ServeConfig::Absent,
            Some(Err(error)) => {
                let line = error.location.start.line;
                return ServeConfig::Invalid(format!("line {line} of it is not YAML: {}", error.message));
            }
            Some(Ok(config)) => config.json.into_owned(),
        };
        match config.field("applications") {
            _ if config.as_object().is_none() => ServeConfig::Invalid("it is not a map".to_owned()),
            Json::Array(applications) if applications.iter().all(|item| item.as_object().is_some()) => {
                ServeConfig::Applications(config)
            }
            Json::Array(_) => ServeConfig::Invalid("an item of its applications is not a map".to_owned()),
            Json::Null => ServeConfig::Invalid("it has no applications".to_owned()),
            _ => ServeConfig::Invalid("its applications are not a list".to_owned()),
        }
    }
}

impl ServeConfig {
    /// The deployments that the configuration speaks of.
    pub fn deployments(&self) -> Vec<Deployment<'_>> {
        let Self::Applications(config) = self else { return Vec::new() };
        let of_application = |application| {
            let name = Json::field(application, "name").as_nonempty_str().unwrap_or("default");
            application.field("deployments").items().iter().map(move |json| Deployment::read(name, json))
        };
        config.field("applications").items().iter().flat_map(of_application).collect()
    }
}

impl<'a> Deployment<'a> {
    fn read(application: &'a str, json: &'a Json<'a>) -> Self {
        let autoscaling = json.field("autoscaling_config");
        // Ray Serve starts an autoscaled deployment with min_replicas, which is 1 unless it is set.
        let is_autoscaled = autoscaling.as_object().is_some() || json.field("num_replicas").as_str() == Some("auto");
        let replicas = match json.field("num_replicas").as_i64() {
            Some(replicas) => Some(replicas),
            None if is_autoscaled => Some(autoscaling.field("min_replicas").as_i64().unwrap_or(1)),
            None => None,
        };
        Self {
            application,
            name: json.field("name").as_nonempty_str().unwrap_or("?"),
            replicas,
            is_spread: !json.field("max_replicas_per_node").is_null(),
        }
    }
}
