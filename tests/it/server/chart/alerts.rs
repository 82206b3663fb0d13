//! Tests of the alerts and the dashboard with Prometheus' own parser and engine, and with real metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use rayguard_manifest::json::Json;
use rayguard_manifest::yaml;
use serde::Deserialize;
use serde_json::{Value, json};

use super::running::Release;
use super::{CHART, RELEASE, ROOT, Rendered};
use crate::server::apiserver::{ApiServer, BAD_CLUSTER};
use crate::server::certificates::ready;
use crate::server::process::{Rayguard, eventually};
use crate::server::review;

/// The labels that Prometheus adds to a sample.
const SCRAPED: [&str; 2] = ["namespace", "pod"];

/// The seconds between two samples. `NOW` is the time at which expressions are evaluated.
const INTERVAL: u64 = 60;
const NOW: u64 = 1800;

#[derive(Deserialize)]
struct Answer {
    selectors: Vec<Selector>,
    result: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Selector {
    name: String,
    matchers: Vec<Matcher>,
}

#[derive(Debug, Deserialize)]
struct Matcher {
    label: String,
    #[serde(rename = "type")]
    operator: String,
    value: String,
}

/// Evaluates expressions with Prometheus' engine, in a small program of the tests.
fn ask(series: &[String], expressions: &[&str]) -> Vec<Answer> {
    let mut prometheus = Command::new("go");
    prometheus.args(["run", "-C"]).arg(Path::new(ROOT).join("tests/chart/promql")).arg(".");
    prometheus.env("CGO_ENABLED", "0").env("GOFLAGS", "").env("GOTOOLCHAIN", "auto");
    prometheus.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = prometheus.spawn().expect("Go is there; the tests need it");
    let question = json!({"series": series, "interval": INTERVAL, "expressions": expressions, "at": NOW});
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(question.to_string().as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "tests/chart/promql failed; the reason is above");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Returns the names and expressions of the chart's alerts.
fn alerts() -> Vec<(String, String)> {
    alerts_of(&[])
}

/// Returns the names and expressions of the chart's alerts, with these arguments of Helm.
fn alerts_of(arguments: &[&str]) -> Vec<(String, String)> {
    let rendered = Rendered::new(["--set", "prometheusRule.enabled=true"].iter().chain(arguments).copied());
    let groups = rendered.only("PrometheusRule")["spec"]["groups"].as_array().expect("groups");
    let rules = groups.iter().flat_map(|group| group["rules"].as_array().expect("rules"));
    let text = |rule: &Value, field: &str| rule[field].as_str().unwrap_or_else(|| panic!("{rule}: {field}")).to_owned();
    rules.map(|rule| (text(rule, "alert"), text(rule, "expr"))).collect()
}

/// Returns the expressions of the dashboard, with Grafana's variables filled in.
fn dashboard() -> Vec<String> {
    let text =
        fs::read_to_string(Path::new(CHART).join("dashboards/rayguard.json")).expect("the chart has a dashboard");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let expressions = targets.map(|target| target["expr"].as_str().expect("an expression"));
    expressions.map(|expression| expression.replace("$__rate_interval", "5m").replace("$namespace", RELEASE)).collect()
}

/// The name and the labels of a sample.
type Sample = (String, BTreeMap<String, String>);

/// Returns every sample of a rayguard that has used all its features.
fn samples() -> &'static [Sample] {
    static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(measured);
    &SAMPLES
}

fn measured() -> Vec<Sample> {
    // This rayguard manages its certificate itself, watches the cluster and audits stored objects.
    let namespace = ApiServer::shared().namespace("chart-metrics-seen");
    namespace.send("create -f -", BAD_CLUSTER).passes();
    let secrets = "watch.secrets.namespaces={chart-metrics-seen}";
    let release = Release::new("chart-metrics", &format!("audit.interval=1s,{secrets}"));
    let rayguard = release.start();
    ready(&rayguard);
    let mut refused = review::cluster_create();
    review::break_timeouts(&mut refused["request"]["object"]);
    let mut client = release.connect(&rayguard);
    for (path, body) in
        [("/mutate", review::cluster_create()), ("/validate", refused), ("/validate", json!("no review"))]
    {
        client.post(path, &review::bytes(&body));
    }
    eventually("a synced watch and an audit", || {
        let samples = read(&rayguard);
        let has = |name: &str| samples.iter().any(|(found, _)| found == name);
        (has("rayguard_view_complete") && has("rayguard_audit_last_success_timestamp_seconds")).then_some(samples)
    })
}

/// Returns the samples of a rayguard.
fn read(rayguard: &Rayguard) -> Vec<Sample> {
    let metrics = rayguard.ask_admin("/metrics").body;
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (series, _) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
        (name.to_owned(), labels.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect())
    };
    lines.map(sample).collect()
}

/// Returns the metrics of Kubernetes with their labels, from its own documentation.
fn metrics_of_kubernetes() -> BTreeMap<String, BTreeSet<String>> {
    let file = super::module("kubernetes").join("test/instrumentation/documentation/documentation-list.yaml");
    let text = fs::read_to_string(file).expect("Kubernetes lists its metrics");
    let list = yaml::documents(&text).remove(0).expect("YAML");
    let metric = |entry: &Json<'_>| {
        let parts =
            ["namespace", "subsystem", "name"].map(|field| entry.field(field).as_str().unwrap_or_default().to_owned());
        let name = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("_");
        let labels = entry.field("labels").items().iter().filter_map(Json::as_str).map(str::to_owned);
        let histogram = entry.field("type").as_str() == Some("Histogram");
        let le = histogram.then(|| "le".to_owned());
        (if histogram { name + "_bucket" } else { name }, labels.chain(le).collect())
    };
    list.json.items().iter().map(metric).collect()
}

#[test]
fn alerts_and_dashboard_use_existing_metrics() {
    let (samples, kubernetes) = (samples(), metrics_of_kubernetes());
    let expressions: Vec<_> = alerts().into_iter().map(|(_, expression)| expression).chain(dashboard()).collect();
    let expressions: Vec<_> = expressions.iter().map(String::as_str).collect();
    for (expression, answer) in expressions.iter().zip(ask(&[], &expressions)) {
        assert!(!answer.selectors.is_empty(), "{expression}");
        for Selector { name, matchers } in answer.selectors {
            if let Some(labels) = kubernetes.get(&name) {
                let unknown = matchers.iter().find(|matcher| !labels.contains(&matcher.label));
                assert!(unknown.is_none(), "{expression}: {name} has no label {unknown:?}");
                continue;
            }
            let of_that_name = samples.iter().filter(|(found, _)| *found == name).map(|(_, labels)| labels);
            let own = matchers.iter().filter(|matcher| !SCRAPED.contains(&&*matcher.label)).collect::<Vec<_>>();
            let matches = |labels: &BTreeMap<String, String>| {
                own.iter().all(|Matcher { label, operator, value }| operator == "=" && labels.get(label) == Some(value))
            };
            assert!(of_that_name.into_iter().any(matches), "{expression}: rayguard has no {name} with {own:?}");
        }
    }
}

#[test]
fn the_metrics_page_lists_all_metrics() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/metrics.md")).expect("docs/metrics.md");
    let listed: BTreeSet<_> =
        page.lines().filter_map(|line| line.strip_prefix("| `rayguard_")?.split('`').next()).collect();
    let base = |name: &str| {
        let name = name.strip_prefix("rayguard_").expect("the prefix of all").to_owned();
        let part = ["_bucket", "_sum", "_count"].iter().find_map(|ending| name.strip_suffix(ending));
        part.map_or(name.clone(), str::to_owned)
    };
    let measured: BTreeSet<_> = samples().iter().map(|(name, _)| base(name)).collect();
    assert_eq!(listed, measured.iter().map(String::as_str).collect::<BTreeSet<_>>());
}

/// Returns the series of a healthy rayguard and API server.
fn healthy() -> Vec<String> {
    let mut series = vec![
        r#"apiserver_admission_webhook_rejection_count{name="validate.rayguard.dev", error_type="no_error"} 0+1x40"#,
        r#"apiserver_admission_webhook_rejection_count{name="other.example.com", error_type="calling_webhook_error"} 0+1x40"#,
        r#"apiserver_admission_webhook_fail_open_count{name="mutate.rayguard.dev"} 5x40"#,
        r#"apiserver_admission_webhook_fail_open_count{name="other.example.com"} 0+1x40"#,
    ]
    .into_iter()
    .map(str::to_owned)
    .collect::<Vec<_>>();
    for pod in ["a", "b"] {
        let of = |name: &str, labels: &str, values: &str| {
            format!("rayguard_{name}{{namespace=\"{RELEASE}\", pod=\"{pod}\"{labels}}} {values}")
        };
        series.extend([
            of("build_info", "", "1x40"),
            of("tls_certificate_not_after_seconds", ", role=\"leaf\"", "900000x40"),
            of("tls_certificate_not_after_seconds", ", role=\"ca\"", "9000000x40"),
            of("cabundle_in_sync", "", "1x40"),
            of("certificate_errors_total", ", part=\"store\"", "0x40"),
            of("tls_reload_total", ", result=\"failure\"", "0x40"),
            of("tls_reload_total", ", result=\"success\"", "0+1x40"),
            of("admission_errors_total", ", reason=\"panic\"", "0x40"),
            of("admission_requests_total", ", verdict=\"allow\"", "0+60x40"),
            of("view_complete", ", source=\"rayclusters\"", "1x40"),
        ]);
        if pod == "b" {
            series.extend([
                of("audit_last_success_timestamp_seconds", "", "0+60x40"),
                of("audit_findings", ", rule=\"worker-reconnect-timeout\", level=\"deny\"", "0x40"),
                of("audit_findings", ", rule=\"missing-redis-password\", level=\"warn\"", "3x40"),
            ]);
        }
    }
    for webhook in ["mutate", "validate"] {
        series.extend(latency(webhook, "0.025"));
    }
    series
}

/// Returns series of webhook calls that all take less than this bucket, and more than the previous one.
fn latency(webhook: &str, bucket: &str) -> Vec<String> {
    let buckets = ["0.005", "0.025", "0.1", "0.5", "1", "2.5", "10", "25", "+Inf"];
    let slowest = buckets.iter().position(|found| *found == bucket).expect("a bucket");
    let line = |(index, le): (usize, &&str)| {
        let values = if index < slowest { "0x40" } else { "0+60x40" };
        format!(
            "apiserver_admission_webhook_admission_duration_seconds_bucket{{name=\"{webhook}.rayguard.dev\", le=\"{le}\"}} \
             {values}"
        )
    };
    buckets.iter().enumerate().map(line).collect()
}

/// Returns the alerts that fire over these series.
fn firing(series: &[String]) -> Vec<String> {
    let alerts = alerts();
    let expressions: Vec<_> = alerts.iter().map(|(_, expression)| expression.as_str()).collect();
    let answers = ask(series, &expressions);
    let firing = alerts.iter().zip(answers).filter(|(_, answer)| !answer.result.is_empty());
    firing.map(|((name, _), _)| name.clone()).collect()
}

#[test]
fn no_alert_fires_in_a_healthy_installation() {
    assert_eq!(firing(&healthy()), [""; 0]);
}

#[test]
fn each_alert_fires_on_its_condition() {
    let certificate = "rayguard_tls_certificate_not_after_seconds{namespace=\"rayguard\", pod=\"c\"";
    let count = |name: &str, labels: &str, values: &str| {
        format!("apiserver_admission_{name}{{name=\"validate.rayguard.dev\"{labels}}} {values}")
    };
    let own = |name: &str, labels: &str, values: &str| {
        format!("rayguard_{name}{{namespace=\"rayguard\", pod=\"c\", {labels}}} {values}")
    };
    let called = |values| count("webhook_rejection_count", ", error_type=\"calling_webhook_error\"", values);
    let cases = [
        ("RayguardCertificateExpires", format!("{certificate}, role=\"leaf\"}} {}x40", NOW + 86_000)),
        ("RayguardCAExpires", format!("{certificate}, role=\"ca\"}} {}x40", NOW + 2_500_000)),
        ("RayguardCertificateNotTakenUp", own("tls_reload_total", "result=\"failure\"", "0x25 1x15")),
        ("RayguardCertificateErrors", own("certificate_errors_total", "part=\"lease\"", "0+1x40")),
        ("RayguardCABundleOutOfSync", own("cabundle_in_sync", "role=\"\"", "0x40")),
        ("RayguardErrors", own("admission_requests_total", "verdict=\"error\"", "0+3x40")),
        ("RayguardPanics", own("admission_errors_total", "reason=\"panic\"", "0x25 1x15")),
        ("RayguardViewIncomplete", own("view_complete", "source=\"secrets\"", "0x40")),
        (
            "RayguardFindsStoredObjects",
            own("audit_findings", "rule=\"worker-reconnect-timeout\", level=\"deny\"", "3x40"),
        ),
        // Alerts fire from the first count on, of which Prometheus sees no increase.
        ("RayguardFailsOpen", count("webhook_fail_open_count", "", "_x25 1x15")),
        ("RayguardFailsOpen", count("webhook_fail_open_count", "", "7x25 8x15")),
        ("RayguardCallsFail", called("_x25 1x15")),
        ("RayguardCallsFail", called("7x25 8x15")),
        ("RayguardConditionsFail", count("match_condition_evaluation_errors_total", "", "_x25 1x15")),
    ];
    for (alert, series) in cases {
        assert_eq!(firing(&[healthy(), vec![series.clone()]].concat()), [alert], "{series}");
    }

    let unaudited: Vec<_> = healthy().into_iter().filter(|series| !series.contains("_last_success_")).collect();
    assert_eq!(firing(&unaudited), ["RayguardAuditFails"]);
    let long_ago = own("audit_last_success_timestamp_seconds", "role=\"\"", "-2000x40");
    assert_eq!(firing(&[unaudited, vec![long_ago]].concat()), ["RayguardAuditFails"]);

    let alone: Vec<_> = healthy().into_iter().filter(|series| !series.contains("pod=\"a\"")).collect();
    assert_eq!(firing(&alone), ["RayguardReplicasMissing"]);
    let gone: Vec<_> = healthy().into_iter().filter(|series| !series.starts_with("rayguard")).collect();
    assert_eq!(firing(&gone), ["RayguardReplicasMissing"]);
    for webhook in ["mutate", "validate"] {
        let mut slow: Vec<_> = healthy();
        slow.retain(|series| !series.contains(&format!("_bucket{{name=\"{webhook}.")));
        slow.extend(latency(webhook, "10"));
        assert_eq!(firing(&slow), ["RayguardSlow"], "{webhook}");
    }
}

#[test]
fn a_disabled_feature_has_no_alert() {
    let alerts = |values: &str| alerts_of(&["--set", values]).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let all = alerts("watch.rayClusters=true");
    for (values, gone) in [
        ("watch.rayClusters=false", &["RayguardViewIncomplete"] as &[&str]),
        ("audit.enabled=false", &["RayguardAuditFails", "RayguardFindsStoredObjects"]),
    ] {
        let expected: Vec<_> = all.iter().filter(|name| !gone.contains(&name.as_str())).cloned().collect();
        assert!(expected.len() < all.len(), "{values}");
        assert_eq!(alerts(values), expected, "{values}");
    }
    assert_eq!(alerts("watch.rayClusters=false,watch.secrets.names={ml/redis}"), all);
}

#[test]
fn the_audit_alert_fires_after_an_hour_or_three_intervals() {
    for (interval, seconds) in [("90s", 3600), ("20m", 3600), ("30m", 5400), ("2h", 21600)] {
        let alerts = alerts_of(&["--set", &format!("audit.interval={interval}")]);
        let late = alerts.iter().any(|(name, expression)| {
            name == "RayguardAuditFails" && expression.ends_with(&format!("}}) > {seconds}"))
        });
        assert!(late, "{interval}: {alerts:?}");
    }
}
