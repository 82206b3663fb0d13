//! Options of Serve with values that are valid, and values that are not.

use serde_json::{Value, json};

use crate::configs::strange;

/// An option, and values for it; `None` removes it.
pub(crate) struct Options {
    /// The maps that can have it, as a JSON Pointer in which `*` is each item of a list.
    pub(crate) parent: &'static str,
    pub(crate) key: &'static str,
    pub(crate) values: Vec<Option<Value>>,
}

const ROOT: &str = "";
const HTTP: &str = "/http_options";
const GRPC: &str = "/grpc_options";
const APP: &str = "/applications/*";
const APP_ENV: &str = "/applications/*/runtime_env";
const LOGGING: &str = "/applications/*/logging_config";
const DEPLOYMENT: &str = "/applications/*/deployments/*";
const SCALING: &str = "/applications/*/deployments/*/autoscaling_config";
const ACTOR: &str = "/applications/*/deployments/*/ray_actor_options";
const ACTOR_ENV: &str = "/applications/*/deployments/*/ray_actor_options/runtime_env";
const RESOURCES: &str = "/applications/*/deployments/*/ray_actor_options/resources";
const GANG: &str = "/applications/*/deployments/*/gang_scheduling_config";
const ROUTER: &str = "/applications/*/deployments/*/request_router_config";
const ACTORS: &str = "/applications/*/deployments/*/deployment_actors/*";
const BACKPRESSURE: &str = "/applications/*/deployments/*/backpressure_config";

/// Returns all options.
pub(crate) fn options() -> Vec<Options> {
    let mut options = Vec::new();
    let mut add = |parent: &'static str, key: &'static str, values: Value| {
        let Value::Array(values) = values else { panic!("{key}: a list of values") };
        options.push(Options { parent, key, values: values.into_iter().map(Some).collect() });
    };
    global(&mut add);
    applications(&mut add);
    deployments(&mut add);
    replicas(&mut add);
    environments(&mut add);
    // Each option also gets values of every type, and is removed.
    for option in &mut options {
        option.values.push(None);
        if !matches!(option.key, "pip" | "uv" | "conda") {
            let valid = option.values.len();
            option.values.extend(strange().into_iter().map(Some).take(valid.max(31)));
        }
    }
    options
}

fn global(add: &mut impl FnMut(&'static str, &'static str, Value)) {
    add(ROOT, "proxy_location", json!(["HeadOnly", "Disabled", "EveryNode", "headonly", "NoServer"]));
    add(ROOT, "target_capacity", json!([0, 100, 100.5, -1, "50"]));
    add(ROOT, "http_options", json!([{}, {"port": 9000}]));
    add(ROOT, "grpc_options", json!([{}, {"request_timeout_s": 3}]));
    add(ROOT, "logging_config", json!([{}, {"encoding": "XML"}, {"log_level": "debug"}, {"level": "INFO"}]));
    add(
        ROOT,
        "controller_options",
        json!([{}, {"runtime_env": {}}, {"runtime_env": {"env_vars": {"A": "1"}}},
        {"runtime_env": {"env_vars": {"A": 1}}}, {"runtime_env": {"pip": []}}, {"num_cpus": 1}, {"runtime_env": {"env_vars": []}}]),
    );
    add(
        ROOT,
        "tracing_config",
        json!([{}, {"enabled": true, "sampling_ratio": 0.5}, {"sampling_ratio": 1.5}, {"other": 1}]),
    );
    add(
        ROOT,
        "applications",
        json!([[], [{"import_path": "a:b"}], [{"import_path": "a:b"}, {"import_path": "a:c"}],
        [{"import_path": "a:b", "name": "x"}, {"import_path": "a:c", "route_prefix": "/c"}],
        [{"import_path": "a:b", "name": "x"}, {"import_path": "a:c", "name": "y"}]]),
    );
    for (key, values) in [
        ("host", json!(["127.0.0.1", "::"])),
        ("port", json!([8000, 9000, "8000", 80_000])),
        ("root_path", json!(["/serve"])),
        ("request_timeout_s", json!([10, 0.5])),
        ("keep_alive_timeout_s", json!([5, 1.5])),
        ("ssl_keyfile", json!(["/tls/key"])),
        ("ssl_certfile", json!(["/tls/cert"])),
        ("location", json!(["HeadOnly"])),
    ] {
        add(HTTP, key, values);
    }
    add(GRPC, "port", json!([9000]));
    add(GRPC, "grpc_servicer_functions", json!([["a.b"], [1], "a.b"]));
    add(GRPC, "enable_reflection", json!([true, "yes", 2]));
}

fn applications(add: &mut impl FnMut(&'static str, &'static str, Value)) {
    add(APP, "name", json!(["one", "two", "default", "a/b", "x#y", "one", "two"]));
    add(APP, "route_prefix", json!(["/", "/two", "two", "/two/", "/{id}", "/a b", "//", "/", "/two"]));
    add(APP, "import_path", json!(["a:b", "a.b", "a", ".a", "a.", "a:b:c", ":a", "a:", "a.b:c", "a..b", "a:b", "."]));
    add(APP, "host", json!(["0.0.0.0"]));
    add(APP, "port", json!([8000]));
    add(APP, "args", json!([{"a": [1]}, [], "a"]));
    add(APP, "deployments", json!([[], [{"name": "A"}, {"name": "A"}], [{}], [[]], ["A"]]));
    add(APP, "external_scaler_enabled", json!([true, "on", false]));
    add(APP, "autoscaling_policy", json!([{"policy_function": "a:b"}, []]));
    add(APP, "logging_config", json!([{}, [], {"encoding": "TEXT"}]));
    add(APP, "runtime_env", json!([{}, {"env_vars": {}}, [], ""]));
    add(APP, "deployment", json!([[]]));
    add(LOGGING, "log_level", json!(["INFO", "info", 20, 25, "WARN", "20", 20.0]));
    add(LOGGING, "encoding", json!(["TEXT", "JSON", "json"]));
    add(LOGGING, "logs_dir", json!(["/logs"]));
    add(LOGGING, "enable_access_log", json!([true, "no"]));
    add(LOGGING, "additional_log_standard_attrs", json!([["name"], ["nme"], [1], "name"]));
    add(LOGGING, "level", json!(["INFO"]));
}

fn deployments(add: &mut impl FnMut(&'static str, &'static str, Value)) {
    for (key, values) in [
        ("name", json!(["A", "Model", "x"])),
        ("num_replicas", json!([1, 5, 0, -1, "auto", "Auto", "3", 1.5, 2.0])),
        (
            "autoscaling_config",
            json!([{}, {"min_replicas": 2}, {"min_replicas": 3, "max_replicas": 2}, {"max_replicas": 0}, {"min_replicas": 200}]),
        ),
        ("max_ongoing_requests", json!([1, 0, "5", 100])),
        ("max_concurrent_queries", json!([1, 0, 100])),
        ("max_queued_requests", json!([-1, 0, 1, -2, "5", true])),
        ("user_config", json!([{"a": 1}, []])),
        ("graceful_shutdown_wait_loop_s", json!([0, 2.5, -1, "1"])),
        ("graceful_shutdown_timeout_s", json!([0, -0.1])),
        ("health_check_period_s", json!([10, 0])),
        ("health_check_timeout_s", json!([0.1, -1])),
        ("ray_actor_options", json!([{}, {"num_cpus": 4}, {"num_gpus": 1}, {"runtime_env": {"conda": "x"}}])),
        (
            "placement_group_bundles",
            json!([[], [{}], [{"CPU": 1}], [{"CPU": 0}], [{"GPU": 1}], [{"CPU": "2"}], [{"CPU": "x"}], [[]]]),
        ),
        ("placement_group_strategy", json!(["PACK", "SPREAD", "pack"])),
        (
            "placement_group_bundle_label_selector",
            json!([[{"a": "b"}], [{"a": "b"}, {"a": "c"}], [], [{"a": "b!"}], [{"-": "b"}], [{}, {}, {}]]),
        ),
        ("max_replicas_per_node", json!([1, 100, 0, 101])),
        ("logging_config", json!([{}, {"log_level": 10}, {"log_level": 11}])),
        (
            "request_router_config",
            json!([{}, {"request_routing_stats_period_s": 0}, {"request_router_class": "m:C"}, {"request_router_kwargs": []}]),
        ),
        (
            "gang_scheduling_config",
            json!([{}, {"gang_size": 2}, {"gang_size": 0}, {"gang_size": 3, "gang_placement_strategy": "NONE"}]),
        ),
        (
            "deployment_actors",
            json!([[], [{"name": "a", "actor_class": "m:C"}], [{"name": "a"}],
            [{"name": "a", "actor_class": "m:C"}, {"name": "a", "actor_class": "m:D"}]]),
        ),
        ("rolling_update_percentage", json!([0.5, 1, 0, 1.1])),
        ("max_surge_percent", json!([0, 100, 101, -1])),
        ("backpressure_config", json!([{}, {"status_code": 503}, {"status_code": 500}, {"retry_after": 1}])),
        ("route_prefix", json!(["/a", "a", "/a/"])),
        ("num_cpus", json!([1])),
        ("min_replicas", json!([1])),
    ] {
        add(DEPLOYMENT, key, values);
    }
}

fn replicas(add: &mut impl FnMut(&'static str, &'static str, Value)) {
    for (key, values) in [
        ("min_replicas", json!([0, 1, 3, 5, 101, "2"])),
        ("max_replicas", json!([1, 3, 100, 0, "8"])),
        ("initial_replicas", json!([0, 1, 3, 9, 101])),
        ("target_ongoing_requests", json!([1, 0, 0.5])),
        ("target_num_ongoing_requests_per_replica", json!([1, 0])),
        ("upscale_delay_s", json!([0, -1, 3])),
        ("downscale_delay_s", json!([0, -1])),
        ("downscale_to_zero_delay_s", json!([0, -1])),
        ("upscaling_factor", json!([0, 1])),
        ("smoothing_factor", json!([0, 1])),
        ("metrics_interval_s", json!([0, 1])),
        ("look_back_period_s", json!([0, 1])),
        ("aggregation_function", json!(["mean", "MAX", "sum", "p50"])),
        ("policy", json!([{}, [], {"policy_function": "m:f"}, {"policy_kwargs": []}])),
    ] {
        add(SCALING, key, values);
    }
    for (key, values) in [
        ("num_cpus", json!([0, 1, 0.1, -1, 0.00001, "2", 8])),
        ("num_gpus", json!([0, 1, 0.5, -1])),
        ("memory", json!([1_000_000, -1, "1Gi"])),
        ("object_store_memory", json!([1_000_000, -1])),
        ("resources", json!([{}, {"a": 1}, {"CPU": 1}, {"GPU": 1}, {"memory": 1}, {"a": -1}, {"a": "1"}, {"a": null}])),
        ("accelerator_type", json!(["A100"])),
        ("label_selector", json!([{"a": "b"}, {"a": "!b"}, {"a": "in(b, c)"}, {"a": "b c"}, {"a/": "b"}, {"a": 1}])),
        (
            "fallback_strategy",
            json!([[], [{"label_selector": {"a": "b"}}], [{}], [{"other": 1}], [{"label_selector": []}]]),
        ),
        ("max_restarts", json!([3])),
        ("runtime_env", json!([{}, [], {"pip": ["a"], "conda": "b"}])),
    ] {
        add(ACTOR, key, values);
    }
    add(RESOURCES, "other", json!([1, 0.5, -1, 0.00001]));
    add(GANG, "gang_size", json!([1, 2, 3, 4, "2", 0]));
    add(GANG, "gang_placement_strategy", json!(["PACK", "SPREAD", "STRICT_PACK"]));
    add(GANG, "runtime_failure_policy", json!(["RESTART_GANG", "RESTART_REPLICA", "NEVER"]));
    for key in
        ["request_routing_stats_period_s", "request_routing_stats_timeout_s", "initial_backoff_s", "max_backoff_s"]
    {
        add(ROUTER, key, json!([1, 0, -1, "1"]));
    }
    add(ROUTER, "request_router_kwargs", json!([{"a": 1}, [], "a"]));
    add(ACTORS, "name", json!(["b", 1]));
    add(ACTORS, "actor_class", json!(["m:D", 1]));
    add(ACTORS, "init_kwargs", json!([{"a": 1}, []]));
    add(ACTORS, "init_args", json!([[1], {}]));
    add(BACKPRESSURE, "status_code", json!([429, 503, 500, "429"]));
    add(BACKPRESSURE, "retry_after_s", json!([1, 0, -1]));
}

fn environments(add: &mut impl FnMut(&'static str, &'static str, Value)) {
    let packages = json!([
        "https://a/b.zip",
        "s3://a/b.zip",
        "gs://a/b.zip",
        "azure://a/b.zip",
        "local:///a",
        "local://a",
        "file:///a.zip",
        "./a",
        "/a",
        "a",
        "ftp://a/b.zip",
        "https://a/b",
        "https://a/b.whl",
        "https://a/b.tar.gz",
        "https://a/b.zip?x=y",
        "HTTPS://a/b.zip",
        "http://a/b.zip",
        "gcs://b.zip",
        "https://a/b.ZIP",
        "abfss://a@b/c.zip",
        " https://a/b.zip"
    ]);
    for env in [APP_ENV, ACTOR_ENV] {
        add(env, "working_dir", packages.clone());
        add(
            env,
            "py_modules",
            json!([
                [],
                ["https://a/b.whl"],
                ["https://a/b.zip", "s3://a/b.zip"],
                ["a"],
                [1],
                [null],
                "https://a/b.zip"
            ]),
        );
        add(env, "env_vars", json!([{}, {"A": "b"}, {"A": 1}, {"A": true}, {"A": null}, {"A": ["b"]}]));
        add(
            env,
            "pip",
            json!([["a"], [], {"packages": ["a"]}, {"packages": []}, {"packages": 1}, {"pip_check": false}, {"packages": ["a"], "pip_check": "no"},
            {"packages": ["a"], "pip_version": 22}, {"packages": ["a"], "other": 1}, {"packages": ["a"], "pip_install_options": ["-q"]}, [1], 1, true]),
        );
        add(
            env,
            "uv",
            json!([["a"], {"packages": ["a"]}, {"packages": "a"}, {"uv_check": 1, "packages": []}, {"packages": ["a"], "uv_pip_install_options": ["-q"]}]),
        );
        add(env, "conda", json!(["env", {"dependencies": ["a"]}, 1, []]));
        add(env, "container", json!([{"image": "a"}, {}]));
        add(env, "image_uri", json!(["a", ""]));
        add(env, "excludes", json!([["a"], []]));
        add(
            env,
            "config",
            json!([{}, {"setup_timeout_seconds": 60}, {"setup_timeout_seconds": 0}, {"setup_timeout_seconds": "60"},
            {"eager_install": 1}, {"log_files": ["a"]}, {"log_files": "a"}, {"other": 1}]),
        );
        add(env, "worker_process_setup_hook", json!(["a.b"]));
    }
}
