//! The architecture: which crate may use which, and which file may import which. Each test names the files that break it.

#![allow(clippy::disallowed_methods, reason = "tests read files and run programs")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rayguard_test_support::root;
use sha2::{Digest, Sha256};

/// The crates from the bottom up, with their folders. A crate uses only crates before it.
const CRATES: [(&str, &str); 6] = [
    ("rayguard_manifest", "crates/manifest/src"),
    ("rayguard_policy", "crates/policy/src"),
    ("rayguard_check", "crates/check/src"),
    ("rayguard_webhook", "crates/webhook/src"),
    ("rayguard_playground", "crates/playground/src"),
    ("rayguard", "src"),
];

/// A file of a crate, by the path of its module: `["rules", "missing_secret"]`.
type Module = Vec<String>;

/// Returns the files of a crate without its unit tests, by module.
fn modules(source: &Path) -> BTreeMap<Module, PathBuf> {
    let (mut modules, mut folders) = (BTreeMap::new(), vec![source.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let module = path.strip_prefix(source).expect("it is below").with_extension("");
                let module: Module = module.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                if module.iter().all(|part| part != "tests") {
                    modules.insert(if module == ["lib"] || module == ["main"] { Vec::new() } else { module }, path);
                }
            }
        }
    }
    modules
}

/// Returns the text of a file as far as it is compiled into the crate: without comments, and without its unit tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source in UTF-8");
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Returns the paths after `prefix::` in a text, groups in braces opened up: `a::{b, c}` gives `a::b` and `a::c`.
fn paths(text: &str, prefix: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (start, _) in text.match_indices(&format!("{prefix}::")) {
        let before = text[..start].chars().next_back();
        if before.is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | ':')) {
            continue;
        }
        collect(&text[start + prefix.len() + 2..], "", &mut paths);
    }
    paths
}

fn collect(text: &str, above: &str, paths: &mut Vec<String>) {
    let end = text.find(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | ':'))).unwrap_or(text.len());
    let path = format!("{above}{}", &text[..end]);
    if !text[end..].starts_with('{') {
        paths.push(path.trim_end_matches(':').to_owned());
        return;
    }
    let (mut depth, mut item) = (0, end + 1);
    for (index, char) in text[end..].char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 1 => {
                collect(text[item..end + index].trim_start(), &path, paths);
                return;
            }
            '}' => depth -= 1,
            ',' if depth == 1 => {
                collect(text[item..end + index].trim_start(), &path, paths);
                item = end + index + 1;
            }
            _ => {}
        }
    }
}

/// Returns the module of a crate to which a path leads: the longest that is a file.
fn target(modules: &BTreeMap<Module, PathBuf>, path: &str) -> Option<Module> {
    let parts: Module = path.split("::").map(str::to_owned).collect();
    (1..=parts.len()).rev().map(|length| parts[..length].to_vec()).find(|module| modules.contains_key(module))
}

/// Returns which file of a crate imports which, by `crate::…`.
fn imports(modules: &BTreeMap<Module, PathBuf>) -> BTreeMap<Module, BTreeSet<Module>> {
    let import = |(module, file): (&Module, &PathBuf)| {
        let targets = paths(&code(file), "crate").into_iter().filter_map(|path| target(modules, &path));
        (module.clone(), targets.filter(|target| target != module).collect())
    };
    modules.iter().map(import).collect()
}

fn name(modules: &BTreeMap<Module, PathBuf>, module: &Module) -> String {
    modules[module].strip_prefix(root()).expect("a file of this project").display().to_string()
}

/// Returns a circle of nodes, if there is one.
fn circle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<&str>> {
    fn visit<'g>(
        node: &'g str,
        graph: &'g BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<&'g str>,
        done: &mut BTreeSet<&'g str>,
    ) -> Option<Vec<&'g str>> {
        if let Some(start) = way.iter().position(|before| *before == node) {
            return Some(way[start..].to_vec());
        }
        if !done.insert(node) {
            return None;
        }
        way.push(node);
        let found = graph.get(node).into_iter().flatten().find_map(|next| visit(next, graph, way, done));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|node| visit(node, graph, &mut Vec::new(), &mut done))
}

#[test]
fn crates_import_only_crates_below_them() {
    let mut wrong = Vec::new();
    for (level, (_, folder)) in CRATES.iter().enumerate() {
        for file in modules(&root().join(folder)).values() {
            for (above, _) in &CRATES[level + 1..] {
                if !paths(&code(file), above).is_empty() {
                    wrong.push(format!("{} imports {above}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A room is a top-level module of a crate, with all files below it.
#[test]
fn rooms_do_not_import_each_other_in_a_circle() {
    for (name_of_crate, folder) in CRATES {
        let modules = modules(&root().join(folder));
        let (mut graph, mut witness) = (BTreeMap::<_, BTreeSet<_>>::new(), BTreeMap::new());
        for (module, targets) in imports(&modules) {
            for target in targets {
                let (Some(from), Some(to)) = (module.first(), target.first()) else { continue };
                if from != to {
                    graph.entry(from.clone()).or_default().insert(to.clone());
                    let files = format!("{} imports {}", name(&modules, &module), name(&modules, &target));
                    witness.entry((from.clone(), to.clone())).or_insert(files);
                }
            }
        }
        if let Some(circle) = circle(&graph) {
            let next = circle.iter().cycle().skip(1);
            let files = circle.iter().zip(next).map(|(from, to)| &witness[&((*from).to_owned(), (*to).to_owned())]);
            let files: Vec<_> = files.map(String::as_str).collect();
            panic!("{name_of_crate} has a circle of rooms:\n{}", files.join("\n"));
        }
    }
}

/// A module and the modules below it are one thing, and may refer to each other.
#[test]
fn files_do_not_import_each_other_in_a_circle() {
    for (_, folder) in CRATES {
        let modules = modules(&root().join(folder));
        let is_part = |one: &Module, other: &Module| one.starts_with(other) || other.starts_with(one);
        let graph = imports(&modules).into_iter().map(|(module, targets)| {
            let others = targets.iter().filter(|target| !is_part(&module, target));
            (name(&modules, &module), others.map(|target| name(&modules, target)).collect())
        });
        let graph = graph.collect();
        assert_eq!(circle(&graph), None, "these files import each other in a circle");
    }
}

/// The policy decides, and does nothing else: what it depends on is known by name.
#[test]
fn the_policy_depends_on_no_runtime_and_no_client() {
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let arguments = ["tree", "--locked", "--package", "rayguard-policy", "--edges", "normal", "--prefix", "none"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("UTF-8");
    let names: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let names: Vec<_> = names.into_iter().collect();
    insta::assert_snapshot!("dependencies_of_the_policy", names.join("\n"));
    for runtime in
        ["tokio", "kube", "kube-client", "axum", "hyper", "rustls", "reqwest", "clap", "tracing", "getrandom"]
    {
        assert!(!names.contains(&runtime), "rayguard-policy depends on {runtime}");
    }
}

#[test]
fn paths_in_braces_are_opened_up() {
    let text = "use crate::a::{self, B, c::{D, e}};\nlet x = crate::f::g(mycrate::h, super::crate::i);";
    assert_eq!(paths(text, "crate"), ["a::self", "a::B", "a::c::D", "a::c::e", "f::g"]);
}

#[test]
fn a_circle_is_found_in_a_graph() {
    let graph = |edges: &[(&str, &str)]| {
        let mut graph = BTreeMap::<String, BTreeSet<String>>::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    };
    assert_eq!(circle(&graph(&[("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")])), None);
    assert_eq!(circle(&graph(&[("a", "b"), ("b", "c"), ("c", "b")])), Some(vec!["b", "c"]));
}

/// Each drawing names the text that it is made from.
#[test]
fn drawings_are_made_from_their_texts() {
    let folder = root().join("docs/drawings");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("docs/drawings") {
        let text = entry.expect("an entry").path();
        if text.extension().is_some_and(|extension| extension == "dot") {
            let hash = Sha256::digest(fs::read(&text).expect("a text"));
            let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
            let picture = fs::read_to_string(text.with_extension("svg")).expect("each text has a picture");
            assert!(picture.contains(&hash), "{} is out of date; run docs/drawings/make", text.display());
            count += 1;
        }
    }
    assert!(count > 1, "docs/drawings has {count} texts");
}
