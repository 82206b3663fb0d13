//! Makes seeds for the corpora from the examples of all rules and from files, such as KubeRay's samples and rayguard's
//! fixtures: `seeds CORPUS FILE...`.

use std::fs;
use std::path::Path;

use rayguard_manifest::yaml;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rules::RULES;
use rayguard_test_support::document;
use serde_json::{Value, json};

/// The length of the longest seed, in bytes. Longer ones add little coverage and slow the fuzzer down.
const LONGEST: usize = 12_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let corpus = arguments.next().expect("seeds CORPUS FILE...");
    let corpus = Path::new(&corpus);
    for rule in RULES {
        for (index, example) in document::examples(rule).iter().enumerate() {
            seed(corpus, &format!("{}-{index}", rule.name), example.text);
        }
    }
    for file in arguments {
        let text = fs::read_to_string(&file).expect("a file");
        let name = Path::new(&file).file_stem().expect("a name").to_string_lossy().into_owned();
        if file.ends_with(".json") {
            write(corpus, "review", &name, &text);
        } else {
            seed(corpus, &name, &text);
        }
    }
}

fn seed(corpus: &Path, name: &str, text: &str) {
    write(corpus, "yaml", name, text);
    let documents: Vec<Value> =
        yaml::documents(text).into_iter().flatten().map(|document| Value::from(&document.json)).collect();
    let policy = documents.iter().find(|document| document["kind"] == "Policy").cloned();
    let is_ray = |document: &Value| {
        let text = document.to_string();
        serde_json::from_str(&text).is_ok_and(|json| RayObject::read(&json).is_some())
    };
    let objects: Vec<&Value> = documents.iter().filter(|document| is_ray(document)).collect();
    for (index, object) in objects.iter().enumerate() {
        let mut case = json!({"object": object});
        let mut request = json!({"uid": "0b4a5b66-3d5c-4f6e-9f59-d2b8a6a0d6f3", "name": object["metadata"]["name"],
            "namespace": "default", "operation": "CREATE", "object": object,
            "kind": {"group": "ray.io", "version": "v1", "kind": object["kind"]}});
        if let Some(policy) = &policy {
            case["policy"] = policy.clone();
        }
        if let Some(old) = index.checked_sub(1).map(|before| objects[before]) {
            case["old"] = old.clone();
            request["oldObject"] = old.clone();
            request["operation"] = "UPDATE".into();
        }
        let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
        let name = format!("{name}-{index}");
        write(corpus, "rules", &name, &case.to_string());
        write(corpus, "laws", &name, &case.to_string());
        write(corpus, "review", &name, &review.to_string());
    }
}

fn write(corpus: &Path, target: &str, name: &str, text: &str) {
    if text.len() <= LONGEST {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), text).expect("a file");
    }
}
