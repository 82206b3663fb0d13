//! The objects that both the policies and the webhook check.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rayguard_manifest::json::Json;
use rayguard_manifest::yaml;
use rayguard_policy::cel;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Rule;
use rayguard_policy::rules::RULES;
use rayguard_policy::schema::{Schema, Violation};
use rayguard_test_support::generator::Generator;
use rayguard_test_support::{objects, samples};
use serde_json::{Value, json};

use super::variants;

/// The policy of most cases: the built-in one.
pub(super) const BUILT_IN: &str = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";

/// Valid and invalid Redis addresses.
const ADDRESSES: [&str; 30] = [
    "redis:6379",
    "redis://redis:6379",
    "rediss://10.0.0.7:6380",
    "[fd00::7]:6379",
    "my_redis:1",
    "redis",
    "redis:",
    ":6379",
    "[::1",
    "fd00::7:6379",
    "${HOST}:6379",
    "redis:0",
    "redis:+1",
    "redis:065535",
    "redis:65536",
    "redis:6379/0",
    "http://redis:6379",
    " redis:6379",
    "127.0.0.1:1",
    "127.0.0.01:1",
    "127.256.0.1:1",
    "LOCALHOST:1",
    "[::1]:1",
    "[0:0:0:0:0:0:0:1]:1",
    "[0::0001]:1",
    "[::0.0.0.1]:1",
    "[::2]:1",
    "r\u{e9}dis:1",
    "a:1,b:2",
    "clustercfg.x:1",
];

/// The number of objects of each generator.
const GENERATED: usize = 200;

/// A case: an object and the old object, as the API server has both.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) policy: String,
    /// The rule of which the case is an example.
    pub(super) rule: Option<&'static Rule>,
    pub(super) old: Option<Value>,
    pub(super) object: Value,
    /// The namespace of the object. Objects that exist before the policies have their own namespace.
    pub(super) namespace: &'static str,
    /// Whether the old object is being deleted when it is updated.
    pub(super) is_deleted: bool,
    /// Whether the case was written for this test: the API server itself must not refuse it.
    pub(super) is_ours: bool,
}

impl Case {
    /// Returns a case of a new object that any rule may check.
    pub(super) fn of(name: &str, policy: &str, object: Value) -> Self {
        let (name, policy) = (name.to_owned(), policy.to_owned());
        Self { name, policy, rule: None, old: None, object, namespace: "fresh", is_deleted: false, is_ours: true }
    }

    /// Returns the only rule that is checked: an example with its own policy is about one rule.
    pub(super) fn only(&self) -> Option<&'static str> {
        self.rule.filter(|_| self.policy != BUILT_IN).map(|rule| rule.name)
    }
}

/// Returns the rules that are exported.
pub(super) fn exported_rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().filter(|rule| cel::obstacle(rule).is_none())
}

/// Returns every example of every exported rule, KubeRay's samples, and generated objects, some of which replace
/// another one.
pub(super) fn all() -> Vec<Case> {
    let mut cases: Vec<Case> = exported_rules().flat_map(examples).collect();
    let case = |name: String, old: Option<&Value>, object: &Value| Case {
        old: old.cloned(),
        is_ours: false,
        ..Case::of(&name, BUILT_IN, object.clone())
    };
    cases.extend(samples::samples().iter().enumerate().map(|(at, object)| case(format!("sample {at}"), None, object)));
    let mut runner = TestRunner::deterministic();
    let mut generated = Vec::new();
    for _ in 0..GENERATED {
        generated.push(objects::object().new_tree(&mut runner).expect("an object").current());
    }
    let generator = Generator::new(1);
    generated.extend((0..2 * GENERATED).map(|at| generator.case(at).object));
    cases.extend(generated.iter().enumerate().map(|(at, object)| case(format!("generated {at}"), None, object)));
    cases.extend(
        ADDRESSES.iter().map(|address| case(format!("address {address}"), None, &variants::with_address(address))),
    );
    for (at, pair) in generated.chunks(2).enumerate() {
        if let [old, new] = pair
            && [old, new].map(|object| &object["kind"]) == [&old["kind"]; 2]
        {
            cases.push(case(format!("update {at}"), Some(old), new));
        }
    }
    cases.extend(variants::all());
    cases.into_iter().enumerate().filter_map(|(number, case)| stored(case, number)).collect()
}

/// Returns the examples in a rule's document.
pub(super) fn examples(rule: &'static Rule) -> impl Iterator<Item = Case> {
    let blocks = rule.docs.split("```yaml\n").skip(1).filter_map(|block| block.split_once("\n```"));
    blocks.enumerate().filter_map(move |(number, (block, _))| {
        let mut documents: Vec<_> = block.split("\n---\n").collect();
        let has_policy = documents.first().is_some_and(|first| first.contains("kind: Policy"));
        let policy = if has_policy { documents.remove(0).to_owned() } else { BUILT_IN.to_owned() };
        let read = |text: &str| Value::from(&yaml::documents(text).into_iter().next()?.expect("YAML").json).into();
        let object: Value = documents.pop().and_then(read)?;
        let old = documents.pop().and_then(read);
        object["spec"].is_object().then(|| Case {
            name: format!("example {number} of {}", rule.name),
            rule: Some(rule),
            old,
            is_ours: false,
            ..Case::of("", &policy, object)
        })
    })
}

/// Returns the case as the API server would store it, or nothing if it would refuse it.
fn stored(case: Case, number: usize) -> Option<Case> {
    let schema = Schema::of(Policy::from_yaml(&case.policy).expect("a policy").settings.kuberay.version);
    let conform = |object: &Value| {
        let text = object.to_string();
        let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        RayObject::read(&json)?;
        schema.conform(&mut json);
        let is_malformed =
            schema.violations(&json).iter().any(|violation| matches!(violation, Violation::Malformed { .. }));
        let mut object = Value::from(&json);
        // The API server drops the status of an object that is created or updated.
        object.as_object_mut().expect("an object").remove("status");
        // For an example, the API server itself decides whether it accepts it.
        (!is_malformed || case.rule.is_some() || case.is_ours).then_some(object)
    };
    let mut object = conform(&case.object)?;
    let mut old = case.old.as_ref().and_then(conform);
    let namespace = if old.is_some() && case.namespace == "fresh" { "stored" } else { case.namespace };
    if let Some(old) = &mut old {
        // An update has one version for both objects.
        old["apiVersion"] = object["apiVersion"].clone();
        for object in [&mut *old, &mut object] {
            object["metadata"]["name"] = format!("old-{number}").into();
            object["metadata"]["namespace"] = namespace.into();
        }
        if case.is_deleted {
            old["metadata"]["finalizers"] = json!(["example.com/kept"]);
            object["metadata"]["finalizers"] = json!(["example.com/kept"]);
            object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        }
    }
    object["metadata"]["namespace"] = namespace.into();
    (old.is_some() == case.old.is_some()).then_some(Case { old, object, namespace, ..case })
}
