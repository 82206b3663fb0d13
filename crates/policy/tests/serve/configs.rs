//! Generates Serve configurations.

use rayguard_test_support::dice::Dice;
use serde_json::{Value, json};

use crate::options::{Options, options};

/// Generates configurations. Equal seeds give equal configurations.
pub(crate) struct Configs {
    seed: u64,
    bases: Vec<Value>,
    options: Vec<Options>,
}

impl Configs {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, bases: bases(), options: options() }
    }

    /// Returns the YAML text of a configuration. The first ones are valid. The others have a few changes, mostly one.
    pub(crate) fn config(&self, index: usize) -> String {
        let mut dice = Dice::new(self.seed, index as u64);
        let mut config = match self.bases.get(index) {
            Some(base) => return yaml(base),
            None => dice.pick(&self.bases).clone(),
        };
        let (targeted, untargeted) = match dice.below(10) {
            0..6 => (1, 0),
            6 => (2, 0),
            7 => (4, 0),
            8 => (0, 1),
            _ => (1, 1),
        };
        for _ in 0..targeted {
            self.set_option(&mut config, &mut dice);
        }
        for _ in 0..untargeted {
            change(&mut config, &mut dice);
        }
        yaml(&config)
    }

    /// Sets an option to one of its values, at a random place that can have it.
    fn set_option(&self, config: &mut Value, dice: &mut Dice) {
        loop {
            let option = dice.pick(&self.options);
            let mut places = Vec::new();
            find(config, option.parent, &mut String::new(), &mut places);
            if places.is_empty() {
                continue;
            }
            let place = dice.pick(&places).clone();
            let parent = config.pointer_mut(&place).and_then(Value::as_object_mut).expect("a map");
            match dice.pick(&option.values) {
                Some(value) => parent.insert(option.key.to_owned(), value.clone()),
                None => parent.remove(option.key),
            };
            return;
        }
    }
}

/// Collects the pointers of the maps at a pattern such as `/applications/*/deployments/*`.
fn find(value: &Value, pattern: &str, here: &mut String, found: &mut Vec<String>) {
    let Some(rest) = pattern.strip_prefix('/') else {
        if value.is_object() {
            found.push(here.clone());
        }
        return;
    };
    let (step, rest) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    let length = here.len();
    let mut visit = |key: &str, value: &Value| {
        here.push('/');
        here.push_str(key);
        find(value, rest, here, found);
        here.truncate(length);
    };
    match (step, value) {
        ("*", Value::Array(items)) => {
            items.iter().enumerate().for_each(|(index, item)| visit(&index.to_string(), item));
        }
        (_, Value::Object(map)) => {
            map.get(step).iter().for_each(|value| visit(step, value));
        }
        _ => {}
    }
}

/// Replaces a random value by another one, removes it, or renames its key.
fn change(config: &mut Value, dice: &mut Dice) {
    let mut places = Vec::new();
    collect(config, &mut String::new(), &mut places);
    let place = dice.pick(&places).clone();
    let (parent, key) = place.rsplit_once('/').expect("not the root");
    let key = key.replace("~1", "/").replace("~0", "~");
    let values = strange();
    match config.pointer_mut(parent).expect("it is there") {
        Value::Array(items) => {
            let index: usize = key.parse().expect("an index");
            match dice.below(4) {
                0 => drop(items.remove(index)),
                1 => items.push(items[index].clone()),
                _ => items[index] = dice.pick(&values).clone(),
            }
        }
        Value::Object(map) => match dice.below(6) {
            0 => drop(map.remove(&key)),
            1 => {
                let value = map.remove(&key).expect("it is there");
                map.insert(misspell(&key, dice), value);
            }
            _ => drop(map.insert(key, dice.pick(&values).clone())),
        },
        _ => {}
    }
}

fn collect(value: &Value, here: &mut String, found: &mut Vec<String>) {
    let length = here.len();
    let mut visit = |key: &str, value: &Value| {
        here.push('/');
        here.push_str(&key.replace('~', "~0").replace('/', "~1"));
        found.push(here.clone());
        collect(value, here, found);
        here.truncate(length);
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| visit(&index.to_string(), item)),
        Value::Object(map) => map.iter().for_each(|(key, value)| visit(key, value)),
        _ => {}
    }
}

/// Values of every type, with the borders of pydantic's conversions.
pub(crate) fn strange() -> Vec<Value> {
    let texts = [
        "", "a", "auto", "1", "2.0", "2.5", "-1", "true", "off", "nan", "inf", " 3 ", "1_0", "<<yes>>", "<<0o17>>",
        "<<~>>",
    ];
    let mut values: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    values.extend([
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(3),
        json!(-1),
        json!(0.5),
        json!(2.0),
        json!(1e30),
        json!([]),
        json!(["a"]),
        json!([["a", 1]]),
        json!({}),
        json!({"a": 1}),
    ]);
    values
}

fn misspell(key: &str, dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => format!("{key}s"),
        1 => {
            let mut parts = key.split('_');
            let mut camel = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                camel.push_str(&part[..1].to_uppercase());
                camel.push_str(&part[1..]);
            }
            camel
        }
        _ => "unknown".to_owned(),
    }
}

/// Writes JSON, which is YAML. `"<<text>>"` becomes the plain scalar `text`.
fn yaml(config: &Value) -> String {
    config.to_string().replace("\"<<", "").replace(">>\"", "")
}

/// Returns valid configurations.
fn bases() -> Vec<Value> {
    let simple = json!({"applications": [{"name": "app", "import_path": "app:graph"}]});
    let deployments = json!({"applications": [
        {"name": "one", "route_prefix": "/", "import_path": "package.module:app", "args": {"model": "small"},
         "runtime_env": {"env_vars": {"A": "1"}, "working_dir": "https://example.com/code.zip", "pip": ["requests==2.32"]},
         "deployments": [
            {"name": "Ingress", "num_replicas": 2, "max_replicas_per_node": 1, "user_config": {"threshold": 0.5},
             "ray_actor_options": {"num_cpus": 0.5, "resources": {"accelerator": 1}, "runtime_env": {"env_vars": {"B": "2"}}}},
            {"name": "Model", "autoscaling_config": {"min_replicas": 1, "max_replicas": 4, "initial_replicas": 2}},
        ]},
        {"name": "two", "route_prefix": "/two", "import_path": "other.app", "logging_config": {"log_level": "DEBUG"}},
    ]});
    let options = json!({"proxy_location": "EveryNode", "http_options": {"host": "0.0.0.0", "port": 8000},
    "grpc_options": {"port": 9000, "grpc_servicer_functions": []}, "logging_config": {"encoding": "JSON"},
    "target_capacity": 50,
    "applications": [{"name": "app", "import_path": "app:graph", "route_prefix": null, "deployments": [
        {"name": "A", "num_replicas": "auto", "autoscaling_config": {"max_replicas": 8}},
        {"name": "B", "placement_group_bundles": [{"CPU": 2, "GPU": 1}, {"CPU": 1}], "placement_group_strategy": "STRICT_PACK",
         "ray_actor_options": {"num_cpus": 1, "num_gpus": 1}},
        {"name": "C", "num_replicas": 4, "gang_scheduling_config": {"gang_size": 2}, "request_router_config": {}},
        {"name": "D", "deployment_actors": [{"name": "a", "actor_class": "m:C"}], "backpressure_config": {"status_code": 429}},
    ]}]});
    vec![simple, deployments, options]
}
