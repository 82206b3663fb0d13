//! The Ray Serve configuration of a RayService: `serveConfigV2`, which is YAML in a string.

mod application;
mod autoscaling;
mod cache;
mod coerce;
mod deployment;
mod fault;
mod label;
mod logging;
mod package;
mod replica;
mod runtime_env;
mod table;
mod unknown;
mod validation;
mod walk;

use std::ops::Range;
use std::sync::Arc;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{self, Document};

use super::RayObject;
use crate::kuberay::Kind;
pub use cache::ServeConfigCache;
pub use fault::{Fault, FaultKind};

/// The Serve configuration of a RayService.
#[derive(Clone, Debug)]
pub enum ServeConfig {
    /// The configuration is missing or empty.
    Absent,
    /// The configuration has no valid list of applications: the reason, and its span in bytes of the configuration.
    Invalid(String, Range<usize>),
    /// The configuration has a list of applications.
    Applications(Applications),
}

/// What rules read of a configuration with a list of applications.
#[derive(Clone, Debug, Default)]
pub struct Applications {
    /// The number of applications.
    pub count: usize,
    /// The number of applications without a list of deployments, which the application's code then defines alone.
    pub without_deployments: usize,
    /// The deployments of all applications.
    pub deployments: Vec<Deployment>,
    /// What a release of Ray refuses or ignores.
    pub faults: Vec<Fault>,
    /// The first key that is twice in a map: its name, and the span of the second one.
    pub duplicate_key: Option<(String, Range<usize>)>,
    /// Where the proxies run, and its span, if the configuration has a `proxy_location`.
    pub proxy_location: Option<(String, Range<usize>)>,
    /// Whether the configuration limits the time of a request.
    pub limits_time: bool,
    /// The port of the proxies, and its span, if the configuration has one.
    pub port: Option<(i64, Range<usize>)>,
}

/// A deployment of an application, as far as the configuration describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The deployment's name.
    pub name: String,
    /// The minimum number of replicas; `None` if the configuration leaves it to the application's code.
    pub replicas: Option<i64>,
    /// Whether `max_replicas_per_node` spreads the replicas over nodes, or is not allowed because of a placement group.
    pub is_spread: bool,
    /// Whether `ray_actor_options` give the replicas no CPUs.
    pub has_no_cpus: bool,
    /// Whether the deployment limits the number of waiting requests.
    pub limits_requests: bool,
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
                let minor = self.ray_release(&self.cluster.head).and_then(|release| validation::known(release.minor));
                let parse = |text: &str| ServeConfig::parse(text, minor);
                let read = |text| cache.map_or_else(|| Arc::new(parse(text)), |cache| cache.read(text, minor, parse));
                text.map_or_else(|| Arc::new(ServeConfig::Absent), read)
            }
            _ => Arc::new(ServeConfig::Absent),
        })
    }
}

impl ServeConfig {
    /// Parses the text of a configuration, and validates it as a minor version of Ray 2 does; as all releases do if it is
    /// not known.
    fn parse(text: &str, minor: Option<u8>) -> Self {
        let (document, duplicate) = match yaml::unmarshal_document(text) {
            Ok(None) => return Self::Absent,
            Ok(Some((document, _))) if document.json.is_null() => return Self::Absent,
            Err(error) => {
                let line = error.location.start.line;
                let why = format!("line {line} of it is not YAML: {}", error.message);
                return Self::Invalid(why, error.location.bytes);
            }
            Ok(Some(read)) => read,
        };
        let invalid = |path: &[&'static str], why: &str| {
            Self::Invalid(why.to_owned(), document.locate(&FieldPath::of(path.iter().copied())).bytes)
        };
        let config = &document.json;
        match config.field("applications") {
            _ if config.as_object().is_none() => invalid(&[], "it is not a map"),
            Json::Array(applications) => {
                if let Some(index) = applications.iter().position(|item| item.as_object().is_none()) {
                    let why = "an item of its applications is not a map".to_owned();
                    let path = FieldPath::of(["applications"]).index(index);
                    return Self::Invalid(why, document.locate(&path).bytes);
                }
                let duplicate_key = duplicate.map(|error| (error.message, error.location.bytes));
                let faults = validation::faults(&document, text.len(), minor);
                Self::Applications(Applications {
                    faults,
                    duplicate_key,
                    ..Applications::read(&document, applications)
                })
            }
            Json::Null => invalid(&["applications"], "it has no applications"),
            _ => invalid(&["applications"], "its applications are not a list"),
        }
    }

    /// Returns the deployments of all applications; none if the configuration is invalid.
    pub fn deployments(&self) -> &[Deployment] {
        self.applications().map_or(&[], |applications| &applications.deployments)
    }

    /// Returns the faults of the configuration of a kind.
    pub fn faults(&self, kind: FaultKind) -> impl Iterator<Item = &Fault> {
        let faults = self.applications().map_or(&[][..], |applications| &applications.faults);
        faults.iter().filter(move |fault| fault.kind == kind)
    }

    /// Returns what is read of a configuration with a list of applications.
    pub fn applications(&self) -> Option<&Applications> {
        match self {
            Self::Applications(applications) => Some(applications),
            Self::Absent | Self::Invalid(..) => None,
        }
    }
}

impl Applications {
    fn read(document: &Document<'_>, applications: &[Json<'_>]) -> Self {
        let path = |index| FieldPath::of(["applications"]).index(index).field("deployments");
        let deployments = applications.iter().enumerate().flat_map(|(index, application)| {
            let path = path(index);
            let deployments = application.field("deployments").items().iter().enumerate();
            deployments.map(move |(index, json)| Deployment::read(document, &path.clone().index(index), json))
        });
        let at = |path: [&'static str; 2]| document.locate(&FieldPath::of(path)).bytes;
        let location = document.json.field("proxy_location").as_str();
        let port = document.json.descend(["http_options", "port"]).as_i64();
        Self {
            count: applications.len(),
            without_deployments: applications.iter().filter(|it| it.field("deployments").items().is_empty()).count(),
            deployments: deployments.collect(),
            proxy_location: location.map(|location| {
                let short = location.chars().take(16).collect();
                (short, document.locate(&FieldPath::of(["proxy_location"])).bytes)
            }),
            limits_time: !document.json.descend(["http_options", "request_timeout_s"]).is_null(),
            port: port.map(|port| (port, at(["http_options", "port"]))),
            ..Self::default()
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
            is_spread: ["max_replicas_per_node", "placement_group_bundles", "gang_scheduling_config"]
                .iter()
                .any(|field| !json.field(field).is_null()),
            has_no_cpus: is_zero(json.descend(["ray_actor_options", "num_cpus"])),
            limits_requests: !json.field("max_queued_requests").is_null()
                && json.field("max_queued_requests").as_i64() != Some(-1),
            at: document.locate(path).bytes,
            replicas_at: document.locate(&replicas_path).bytes,
        }
    }
}

fn is_zero(json: &Json<'_>) -> bool {
    matches!(json, Json::Number(number) if number.as_f64() == Some(0.0))
}
