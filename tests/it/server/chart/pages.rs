//! Tests of the documentation of the chart and its tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rayguard_test_support::generated::assert_current;
use serde_json::{Value, json};

use super::{ROOT, Rendered, objects};

const PAGE: &str = "docs/good-practices.md";

fn page() -> String {
    fs::read_to_string(Path::new(ROOT).join(PAGE)).expect("the page of good practices")
}

#[test]
fn every_good_practice_has_an_answer() {
    let page = page();
    let rows: Vec<Vec<&str>> = page.lines().map(|line| line.split(" | ").collect()).collect();
    let ids = (1..=35).map(|number| format!("| W{number}")).chain((1..=11).map(|number| format!("| D{number}")));
    let answers: Vec<_> = ids
        .map(|id| match rows.iter().filter(|row| row[0] == id).collect::<Vec<_>>()[..] {
            [row] if ["yes", "open"].contains(&row[2]) && row[3].len() > 5 => row[2],
            _ => panic!("{PAGE} does not have exactly one row with an answer and its proof for {id}"),
        })
        .collect();
    let yes = answers.iter().filter(|answer| **answer == "yes").count();
    let score = format!("Yes: {yes} of {}.", answers.len());
    assert!(page.contains(&score), "{PAGE} does not have {score}");
}

#[test]
fn every_threat_is_held_by_a_test_or_its_answer_says_why_not() {
    const PAGE: &str = "docs/threat-model.md";
    let page = fs::read_to_string(Path::new(ROOT).join(PAGE)).expect("the page of threats");
    let rows: Vec<Vec<&str>> = page.lines().map(|line| line.split(" | ").collect()).collect();
    let is_number = |text: &str| text.get(3..).is_some_and(|digits| digits.parse::<u8>().is_ok());
    let rows: Vec<_> = rows.into_iter().filter(|row| row[0].starts_with("| ") && is_number(row[0])).collect();
    let mut counts = [("held", 0), ("accepted", 0), ("open", 0)];
    for row in &rows {
        let [_, threat, letters, answer, reason] = row[..] else { panic!("{PAGE}: five columns: {row:?}") };
        assert!(threat.len() > 20 && letters.split(' ').all(|it| it.len() == 1 && "STRIDE".contains(it)), "{row:?}");
        let count = counts.iter_mut().find(|(name, _)| *name == answer);
        count.unwrap_or_else(|| panic!("{PAGE}: {answer} is no answer: {row:?}")).1 += 1;
        assert!(reason.len() > 60 && (answer != "held" || reason.contains("](../")), "{PAGE}: {row:?}");
    }
    let numbers: BTreeSet<_> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(numbers.len(), rows.len(), "{PAGE}: a number twice");
    let [(_, held), (_, accepted), (_, open)] = counts;
    let score = format!("Held: {held} of {}; accepted: {accepted}; open: {open}.", rows.len());
    assert!(page.contains(&score), "{PAGE} does not have {score}");
    // Every element of STRIDE has a threat.
    assert!("STRIDE".chars().all(|letter| rows.iter().any(|row| row[2].contains(letter))));
}

#[test]
fn every_linked_test_exists() {
    for (page, least) in [(PAGE, 40), ("docs/reliability.md", 30), ("docs/threat-model.md", 60)] {
        let text = fs::read_to_string(Path::new(ROOT).join(page)).expect("a page");
        let proofs: Vec<_> = text.split("](../").skip(1).map(|link| link.split(')').next().expect("its end")).collect();
        assert!(proofs.len() > least, "{page}: {proofs:?}");
        for (before, file) in text.split("](../").zip(proofs) {
            let path = Path::new(ROOT).join(file);
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {file}: {error}"));
            let (_, name) = before.rsplit_once('[').expect("the beginning of a link");
            if let Some(test) = name.strip_prefix('`') {
                let function = format!("fn {}(", test.trim_end_matches('`'));
                assert!(text.contains(&function), "{page}: {file} has no {function}");
            }
        }
    }
}

#[test]
fn links_between_pages_point_at_existing_headings() {
    const PAGES: [&str; 8] = [
        "install.md",
        "troubleshooting.md",
        "metrics.md",
        "good-practices.md",
        "authentication.md",
        "reliability.md",
        "threat-model.md",
        "verify.md",
    ];
    for page in PAGES {
        let text = fs::read_to_string(Path::new(ROOT).join("docs").join(page)).expect("a page");
        let links = text.split("](").skip(1).filter_map(|link| link.split(')').next());
        for link in links.filter(|link| !link.starts_with("http") && !link.starts_with("..")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { page } else { file };
            let target = fs::read_to_string(Path::new(ROOT).join("docs").join(file));
            let target = target.unwrap_or_else(|error| panic!("{page}: {link}: {error}"));
            let anchors = target.lines().filter_map(|line| line.strip_prefix('#')).map(|line| {
                let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                words.replace(|character: char| !character.is_alphanumeric() && character != '-', "")
            });
            assert!(heading.is_empty() || anchors.into_iter().any(|anchor| anchor == heading), "{page}: {link}");
        }
    }
}

/// Returns the entries of a section of the change log, each with the kind of its heading.
fn changes(log: &str, section: &str) -> Vec<Value> {
    let (_, section) = log.split_once(&format!("\n## [{section}]")).expect("the section is there");
    let section = section.split("\n## ").next().expect("its end");
    let kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    let parts = section.split("\n### ").skip(1).filter_map(|part| part.split_once('\n'));
    let entries = parts.filter(|(heading, _)| kinds.contains(heading)).flat_map(|(heading, text)| {
        let entries = text.trim().strip_prefix("- ").expect("a list").split("\n- ");
        entries.map(move |entry| {
            let description = entry.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "");
            json!({"kind": heading.to_lowercase(), "description": description.trim_end_matches('.')})
        })
    });
    entries.collect()
}

#[test]
fn generated_annotations_of_the_chart_are_current() {
    const CHART: &str = "charts/rayguard/Chart.yaml";
    const CHANGES: &str = "  artifacthub.io/changes: |\n";
    let chart = fs::read_to_string(Path::new(ROOT).join(CHART)).expect("the chart");
    let log = fs::read_to_string(Path::new(ROOT).join("CHANGELOG.md")).expect("the change log");
    let version = env!("CARGO_PKG_VERSION");
    let section = if log.contains(&format!("\n## [{version}]")) { version } else { "Unreleased" };
    let changes = changes(&log, section);
    assert!(!changes.is_empty());
    let (before, _) = chart.split_once(CHANGES).expect("the changes come last");
    let lines = changes.iter().map(|change| {
        format!(
            "    - {{kind: {}, description: {}}}\n",
            change["kind"].as_str().expect("a text"),
            change["description"]
        )
    });
    assert_current(CHART, &(before.to_owned() + CHANGES + &lines.collect::<String>()));

    let chart = &objects(&fs::read_to_string(Path::new(ROOT).join(CHART)).expect("the chart"))[0];
    let annotation = |name: &str| {
        let text = chart["annotations"][format!("artifacthub.io/{name}")].as_str();
        text.unwrap_or_else(|| panic!("{CHART} has no artifacthub.io/{name}"))
    };
    let list = |name: &str| objects(&format!("list:\n{}", annotation(name)))[0]["list"].clone();
    assert_eq!(list("changes"), json!(changes));
    let rendered = Rendered::new([]);
    let image = &rendered.only("Deployment")["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(list("images"), json!([{"name": "rayguard", "image": image}]));
    let licence = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("the manifest");
    assert!(licence.contains(&format!("\nlicense = \"{}\"\n", annotation("license"))));
}
