//! Passwords must not reach the log of a pipeline.

use super::{DENIED, Shell};

const SECRET: &str = "hunter2";

/// Returns the denied cluster with these replacements, in which `PASS!` stands for the password.
fn cluster(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(DENIED.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, &to.replace("PASS!", SECRET))
    })
}

const PASSWORD: &str = "redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}";
const PARAMS: &str = "rayStartParams: {num-cpus: \"0\"}";
const ANNOTATED: (&str, &str) = (
    "spec:\n  gcsFaultToleranceOptions:\n    redisAddress: redis:6379\n    redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}",
    "  annotations: {ray.io/ft-enabled: \"true\"}\nspec:",
);
const ENV: &str = "          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"300\"";

#[test]
fn a_finding_shows_no_secret() {
    for text in [
        cluster(&[(PASSWORD, "redisPassword: {value: PASS!}")]),
        cluster(&[(PASSWORD, "redisPassword:\n      value: PASS!")]),
        cluster(&[(PASSWORD, "redisPassword:\n      value: 'PASS!'")]),
        cluster(&[(PASSWORD, "redisPassword:\n      valeu: PASS!")]),
        cluster(&[(
            ENV,
            "          - {name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"300\"}\n          - {name: TOKEN, valeu: PASS!}",
        )]),
        cluster(&[ANNOTATED, (PARAMS, "rayStartParams: {num-cpus: \"0\", redis-password: PASS!}")]),
        cluster(&[ANNOTATED, (PARAMS, "rayStartParams:\n      redis-password: PASS!")]),
        cluster(&[("redis:6379", "redis://:PASS!@redis:6379")]),
        cluster(&[(
            ENV,
            "          - {name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"300\"}\n          - {name: REDIS_PASSWORD, value: PASS!}",
        )]),
        // The name or the address is wrong.
        cluster(&[ANNOTATED, (PARAMS, "rayStartParams: {num-cpus: \"0\", redis-passwrd: PASS!}")]),
        cluster(&[ANNOTATED, (PARAMS, "rayStartParams: {num-cpus: \"0\", redis-pasword: PASS!}")]),
        cluster(&[(PASSWORD, "redisPasword: PASS!")]),
        cluster(&[("redis:6379", "user:PASS!@redis:6379")]),
        cluster(&[("redis:6379", "rediss//:PASS!@redis:6379")]),
        cluster(&[ANNOTATED, (PARAMS, "rayStartParams: {num-cpus: \"0\", redis-password: $PASS!}")]),
        cluster(&[(
            ENV,
            "          - {name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"300\"}\n          - {name: AWS_ACCESS_KEY, vale: PASS!}",
        )]),
        cluster(&[(
            ENV,
            "          - {name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"300\"}\n          - {name: PGPASS, vale: PASS!}",
        )]),
        // All on one line, and as JSON.
        cluster(&[(
            "          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"300\"",
            "          env: [{name: HF_TOKEN, value: PASS!}, {name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"300\"}, \
             {name: AWS_SECRET_ACCESS_KEY, value: PASS!}]",
        )]),
        json(&cluster(&[(PASSWORD, "redisPassword: {value: PASS!}")])),
        json(&cluster(&[ANNOTATED, (PARAMS, "rayStartParams: {redis-password: PASS!}")])),
        json(&cluster(&[(
            ENV,
            "          - {name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"300\"}\n          args: [--redis-password, PASS!, '--redis-password=PASS!']",
        )])),
    ] {
        let shell = Shell::with(&[("a.yaml", &text)]);
        for arguments in [&["check", "a.yaml"][..], &["check", "-o", "json", "a.yaml"]] {
            let ended = shell.run(arguments);
            assert!(ended.out.contains("a.yaml"), "there is a finding: {ended:?}");
            assert!(!ended.out.contains(SECRET) && !ended.err.contains(SECRET), "{text}\n{}{}", ended.out, ended.err);
        }
    }
}

fn json(text: &str) -> String {
    let document = rayguard_manifest::yaml::documents(text).remove(0).expect("it can be read");
    serde_json::to_string(&document.json).expect("JSON")
}

#[test]
fn a_reference_to_a_secret_is_shown() {
    let text = cluster(&[ANNOTATED, (PARAMS, "rayStartParams:\n      redis-password: $NO_SUCH_PASSWORD")]);
    let shell = Shell::with(&[("a.yaml", &text)]);
    let ended = shell.run(&["check", "a.yaml"]);
    assert!(ended.out.contains("redis-password: $NO_SUCH_PASSWORD"), "{}", ended.out);
}

#[test]
fn a_parse_error_shows_no_secret() {
    for text in [
        "redis-password: \"hunter2\n",
        "env:\n- name: REDIS_PASSWORD\n  value: \"hunter2\n",
        "a: {redisPassword: {value: hunter2}\n",
        "a: [\"redis://:hunter2@redis:6379\"\n",
        "{\"redis-password\": \"hunter2\", \"x\" 1}\n",
        "password: hunter2\npassword: hunter2\n",
        "token: !!int hunter2\n",
        // The value is on another line than the name.
        "env:\n- name: REDIS_PASSWORD\n  # hm\n  value: hunter2: x\n",
        "env:\n- value: hunter2: x\n  name: REDIS_PASSWORD\n",
        "env:\n- {value: hunter2 , name: REDIS_PASSWORD} }\n",
        "redis-password:\n  - a\n  hunter2\n",
        "password:\n  a: 1\n  b: \"hunter2\" x\n",
        "{\"env\": [{\"name\": \"REDIS_PASSWORD\",\n\n\"value\":\n\"hunter2\" x}]}\n",
    ] {
        let shell = Shell::with(&[("a.yaml", text)]);
        let ended = shell.run(&["check", "--strict", "a.yaml"]);
        assert_eq!(ended.status, Some(2), "{text}");
        assert!(!ended.out.contains(SECRET) && !ended.err.contains(SECRET), "{}", ended.err);
    }
}
