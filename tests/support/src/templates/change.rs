//! One change to an object.

use serde_json::{Value, json};

use crate::dice::Dice;

/// Fields that get a value together.
pub(super) struct Change(pub(super) Vec<Field>);

/// A field, and the values that it may get.
pub(super) struct Field {
    pub(super) part: Part,
    /// A JSON Pointer in the part. A last `-` appends to a list.
    pub(super) pointer: &'static str,
    pub(super) values: Vec<Value>,
}

/// A part of an object that a change is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The object
    Object,
    /// The spec of the cluster
    Cluster,
    /// The head group
    Head,
    /// A worker group
    Group,
    /// The Pod template of a group or of the submitter
    Template,
    /// The spec of a Pod template
    Pod,
    /// A container of a Pod, mostly Ray's
    Container,
    /// The head's or Serve's Service as the user writes it
    Service,
    /// The spec of a RayJob
    Job,
    /// The Pod template of the submitter
    Submitter,
}

/// Defines a change: fields that change together, each as `Part "/pointer" = [value, …]`, or with a list that an
/// expression returns as `Part "/pointer" = (values)`. The parentheses may be left out around the only list.
macro_rules! change {
    ($($part:ident $pointer:literal = $values:tt),+ $(,)?) => {
        $crate::templates::change::Change(vec![$($crate::templates::change::Field {
            part: $crate::templates::change::Part::$part,
            pointer: $pointer,
            values: change!(@values $values),
        }),+])
    };
    ($part:ident $pointer:literal = $values:expr) => { change!($part $pointer = ($values)) };
    (@values [$($values:tt)*]) => { $crate::templates::change::list(::serde_json::json!([$($values)*])) };
    (@values $values:expr) => { $values };
}
pub(super) use change;

/// Returns the items of a list.
pub(super) fn list(values: Value) -> Vec<Value> {
    match values {
        Value::Array(values) => values,
        other => panic!("{other} is not a list"),
    }
}

/// Returns a template with each value in place of the string `?`, which must occur in it.
pub(super) fn each(template: &Value, values: &[Value]) -> Vec<Value> {
    values.iter().map(|value| with(template, value)).collect()
}

fn with(template: &Value, value: &Value) -> Value {
    match template {
        Value::String(text) if text == "?" => value.clone(),
        Value::Array(items) => items.iter().map(|item| with(item, value)).collect(),
        Value::Object(fields) => {
            let name = |name: &String| match (&**name, value) {
                ("?", Value::String(key)) => key.clone(),
                _ => name.clone(),
            };
            fields.iter().map(|(key, inner)| (name(key), with(inner, value))).collect()
        }
        other => other.clone(),
    }
}

impl Change {
    /// How often the change is made, relative to others, so that each value is drawn about as often as any other.
    pub(super) fn weight(&self) -> usize {
        self.0.iter().map(|field| field.values.len()).max().unwrap_or_default()
    }

    /// Makes the change in an object, and describes it. Returns `None` if the object has no such part.
    pub(super) fn apply(&self, object: &mut Value, dice: &mut Dice) -> Option<String> {
        let mut changed = object.clone();
        let places = Places::draw(&changed, dice);
        let mut made = Vec::new();
        for Field { part, pointer, values } in &self.0 {
            let value = dice.pick(values).clone();
            let pointer = format!("{}{pointer}", places.pointer_to(*part)?);
            let text: String = value.to_string().chars().take(200).collect();
            made.push(format!("{pointer} = {text}"));
            set(&mut changed, &pointer, value)?;
        }
        *object = changed;
        Some(made.join(", "))
    }
}

/// Sets a field, or removes it if the value is `null`. Returns `None` if the pointer leads through another value than a
/// map, a list, or nothing.
pub(super) fn set(object: &mut Value, pointer: &str, value: Value) -> Option<()> {
    let mut here = object;
    let mut names = pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")).peekable();
    while let Some(name) = names.next() {
        if here.is_null() {
            *here = if name == "-" { json!([]) } else { json!({}) };
        }
        if names.peek().is_none() {
            match here {
                Value::Array(items) if name == "-" => items.push(value),
                Value::Array(items) => *items.get_mut(name.parse::<usize>().ok()?)? = value,
                Value::Object(fields) if value.is_null() => drop(fields.remove(&name)),
                Value::Object(fields) => drop(fields.insert(name, value)),
                _ => return None,
            }
            return Some(());
        }
        here = match here {
            Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?)?,
            Value::Object(fields) => fields.entry(name).or_insert(Value::Null),
            _ => return None,
        };
    }
    None
}

/// The places that were drawn for one change, so that all of its fields are in the same Pod.
struct Places {
    cluster: Option<String>,
    group: Option<String>,
    template: Option<String>,
    container: Option<String>,
    service: Option<String>,
    job: Option<String>,
}

impl Places {
    fn draw(object: &Value, dice: &mut Dice) -> Self {
        let has = |pointer: &String| object.pointer(pointer).is_some();
        let job = match object["kind"].as_str() {
            Some("RayJob") => Some("/spec".to_owned()),
            Some("RayCronJob") => Some("/spec/jobTemplate".to_owned()),
            _ => None,
        };
        let cluster = match (object["kind"].as_str(), &job) {
            (Some("RayCluster"), _) => "/spec".to_owned(),
            (_, Some(job)) => format!("{job}/rayClusterSpec"),
            _ => "/spec/rayClusterConfig".to_owned(),
        };
        let groups =
            object.pointer(&format!("{cluster}/workerGroupSpecs")).and_then(Value::as_array).map_or(0, Vec::len);
        let group = (groups > 0).then(|| format!("{cluster}/workerGroupSpecs/{}", dice.below(groups)));
        let mut templates = vec![format!("{cluster}/headGroupSpec/template")];
        templates.extend(group.iter().map(|group| format!("{group}/template")));
        templates.extend(job.iter().map(|job| format!("{job}/submitterPodTemplate")));
        templates.retain(has);
        let template = (!templates.is_empty()).then(|| dice.pick(&templates).clone());
        let container = template.as_ref().and_then(|template| {
            let list = if dice.one_in(6) { "initContainers" } else { "containers" };
            let list = format!("{template}/spec/{list}");
            let count = object.pointer(&list)?.as_array()?.len();
            (count > 0).then(|| format!("{list}/{}", if dice.one_in(2) { 0 } else { dice.below(count) }))
        });
        let mut services = vec![format!("{cluster}/headGroupSpec/headService")];
        if object["kind"] == "RayService" {
            services.push("/spec/serveService".to_owned());
        }
        let service = has(&cluster).then(|| dice.pick(&services).clone());
        Self { cluster: has(&cluster).then_some(cluster), group, template, container, service, job }
    }

    fn pointer_to(&self, part: Part) -> Option<String> {
        match part {
            Part::Object => Some(String::new()),
            Part::Cluster => self.cluster.clone(),
            Part::Head => Some(format!("{}/headGroupSpec", self.cluster.as_ref()?)),
            Part::Group => self.group.clone(),
            Part::Template => self.template.clone(),
            Part::Pod => Some(format!("{}/spec", self.template.as_ref()?)),
            Part::Container => self.container.clone(),
            Part::Service => self.service.clone(),
            Part::Job => self.job.clone(),
            Part::Submitter => Some(format!("{}/submitterPodTemplate", self.job.as_ref()?)),
        }
    }
}
