//! `rayguard survival`: forecasts what becomes of clusters in each of the usual outages.

mod duration;
mod files;
mod flow;
mod json;
mod svg;
mod text;
mod words;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};
use rayguard_check::object::ObjectName;
use rayguard_check::report::Unreadable;
use rayguard_policy::context::{Context, Environment};
use rayguard_policy::policy::{Policy, Webhook};
use rayguard_policy::ray::RayObject;
use rayguard_policy::survival::{self, Event, Forecast, Options};
use serde::Serialize;

use super::output;
use super::text::TextRenderer;
use super::webhook::WebhookState;
use super::{CliError, Input, Status};

/// Forecast what becomes of Ray clusters when the head, Redis or a node is lost
///
/// For each cluster and each outage: how long the GCS is away, whether the workers wait long enough, what becomes of
/// actors and of requests to Ray Serve, and the first field that would have to change. The durations are measurements
/// of Ray under KubeRay. The forecast promises something only if it holds for the longest of them. It is no verdict:
/// the command exits with 0 whatever it says, and with 2 if something cannot be read.
#[derive(Args, Debug)]
pub(super) struct SurvivalArgs {
    #[command(flatten)]
    input: Input,

    #[cfg(feature = "server")]
    #[command(flatten)]
    live: super::cluster::LiveArgs,

    /// The format of the forecast
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    output: Format,

    /// The events to forecast; may be given several times; all if not given
    #[arg(long, value_name = "NAME", value_parser = event_parser(), action = ArgAction::Append)]
    event: Vec<Event>,

    /// How long a new head waits for its image and its init containers, in seconds
    ///
    /// Without it, the image is on the node of the new head.
    #[arg(long, value_name = "SECONDS")]
    image_pull: Option<u32>,

    /// How long Redis does not answer in redis-outage and redis-data-loss, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = Options::default().redis_outage)]
    redis_outage: u32,

    /// The time from the loss of a node until its Node object is gone, in seconds
    ///
    /// KubeRay makes a new head Pod only when the old one is gone. Without this option, the outage of node-loss has no
    /// upper end.
    #[arg(long, value_name = "SECONDS")]
    node_recovery: Option<u32>,

    /// Whether rayguard's webhook is in the cluster that the objects are for
    ///
    /// With `installed`, the objects get its defaults. If neither this flag nor the policy file says that it is, the
    /// forecast is for the Pods that KubeRay alone makes.
    #[cfg_attr(feature = "server", arg(conflicts_with = "cluster"))]
    #[arg(long, value_enum, value_name = "STATE")]
    webhook: Option<WebhookState>,
}

/// A format of the forecast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: an object with `clusters` and `measurements`
    Json,
    /// A picture with a timeline for each cluster and event
    Svg,
}

/// Returns the parser of an event's name.
fn event_parser() -> impl TypedValueParser<Value = Event> {
    let names = Event::ALL.map(|event| PossibleValue::new(event.name()).help(event.what()));
    PossibleValuesParser::new(names)
        .try_map(|name| Event::ALL.into_iter().find(|event| event.name() == name).ok_or("there is no such event"))
}

/// The forecast of one cluster.
#[derive(Debug, Serialize)]
struct ClusterForecast {
    object: ObjectName,
    file: String,
    #[serde(flatten)]
    forecast: Forecast,
}

/// Collects the forecasts of a run.
struct Run<'r> {
    policy: Policy,
    options: Options,
    events: Vec<Event>,
    /// The namespace of objects that name none.
    namespace: &'r str,
    errors: TextRenderer,
    clusters: Vec<ClusterForecast>,
    status: Status,
}

pub(super) fn run(args: &SurvivalArgs) -> Result<Status, CliError> {
    let mut run = args.begin()?;
    if !args.read_live(&mut run)? {
        let (sources, _) = args.input.sources()?;
        run.read(sources);
    }
    let Run { clusters, status, .. } = run;
    if clusters.is_empty() && status == Status::Clean {
        output::message(&super::text::note("no Ray cluster was found"));
    }
    match args.output {
        Format::Text => output::print(&text::text(&clusters, output::terminal_width()))?,
        Format::Json => output::print(&json::text(&clusters)?)?,
        Format::Svg => output::print(&svg::text(&clusters)?)?,
    }
    Ok(status)
}

impl SurvivalArgs {
    fn begin(&self) -> Result<Run<'_>, CliError> {
        let policy = self.input.policy()?;
        let webhook = self.webhook.map(WebhookState::webhook).or(policy.webhook).unwrap_or(Webhook::Absent);
        let events: Vec<_> = match &*self.event {
            [] => Event::ALL.to_vec(),
            some => Event::ALL.into_iter().filter(|event| some.contains(event)).collect(),
        };
        let options =
            Options { image_pull: self.image_pull, redis_outage: self.redis_outage, node_recovery: self.node_recovery };
        Ok(Run {
            policy: Policy { webhook: Some(webhook), ..policy },
            options,
            events,
            namespace: self.input.namespace(),
            errors: TextRenderer::styled(None),
            clusters: Vec::new(),
            status: Status::Clean,
        })
    }

    /// Reads a live cluster if that is asked for, and reports whether it is.
    #[cfg(feature = "server")]
    fn read_live(&self, run: &mut Run<'_>) -> Result<bool, CliError> {
        let is_requested = self.live.is_requested()?;
        if is_requested {
            let policy = run.policy.clone();
            let namespace = self.input.namespace.as_deref();
            super::cluster::each_object(&self.live, namespace, &policy, |object, cluster| {
                match object {
                    Ok((name, json)) if !is_owned(json) => {
                        let environment = Environment { cluster, ..Environment::EMPTY };
                        run.add(name, ObjectName::of(json, run.namespace), json, environment);
                    }
                    Ok(_) => {}
                    Err(unreadable) => run.fail(&unreadable),
                }
                Ok(())
            })?;
        }
        Ok(is_requested)
    }

    #[cfg(not(feature = "server"))]
    #[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "with the feature it can fail")]
    fn read_live(&self, _: &mut Run<'_>) -> Result<bool, CliError> {
        Ok(false)
    }
}

/// Reports whether a KubeRay object made this one, whose forecast is that of its owner.
#[cfg(feature = "server")]
fn is_owned(json: &rayguard_manifest::json::Json<'_>) -> bool {
    let owners = json.descend(["metadata", "ownerReferences"]).items();
    owners.iter().any(|owner| {
        let is_ray = owner.field("apiVersion").as_str().is_some_and(|version| version.starts_with("ray.io/"));
        is_ray && owner.field("controller").as_bool() == Some(true)
    })
}

impl Run<'_> {
    /// Adds the forecast of an object, if it has a cluster that is not being deleted.
    fn add(
        &mut self,
        file: &str,
        object: ObjectName,
        json: &rayguard_manifest::json::Json<'_>,
        environment: Environment<'_>,
    ) -> Option<&mut ClusterForecast> {
        let mut read = RayObject::read(json).filter(|it| !it.is_being_deleted() && !it.has_ended())?;
        read.namespace = read.namespace.or(Some(self.namespace));
        let context = Context::new(&read, &self.policy.settings).within(environment);
        let forecast = survival::forecast(&context, &self.options, &self.events)?;
        self.clusters.push(ClusterForecast { object, file: file.to_owned(), forecast });
        self.clusters.last_mut()
    }

    /// Reports what cannot be read.
    fn fail(&mut self, unreadable: &Unreadable) {
        output::message(&self.errors.unreadable(unreadable));
        self.status = Status::Unchecked;
    }
}
