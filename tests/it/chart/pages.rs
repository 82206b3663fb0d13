//! What the documentation says of the chart and of its tests.

use std::fs;
use std::path::Path;

use super::ROOT;

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
            _ => panic!("{PAGE} has not one row with an answer and its proof for {id}"),
        })
        .collect();
    let yes = answers.iter().filter(|answer| **answer == "yes").count();
    let score = format!("Yes: {yes} of {}.", answers.len());
    assert!(page.contains(&score), "{PAGE} does not say {score}");
}

#[test]
fn every_proof_is_there() {
    let page = page();
    let proofs: Vec<_> = page.split("](../").skip(1).map(|link| link.split(')').next().expect("its end")).collect();
    assert!(proofs.len() > 40, "{proofs:?}");
    for (before, file) in page.split("](../").zip(proofs) {
        let path = Path::new(ROOT).join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{PAGE}: {file}: {error}"));
        let (_, name) = before.rsplit_once('[').expect("the beginning of a link");
        if let Some(test) = name.strip_prefix('`') {
            let function = format!("fn {}(", test.trim_end_matches('`'));
            assert!(text.contains(&function), "{PAGE}: {file} has no {function}");
        }
    }
}

#[test]
fn links_between_pages_lead_to_headings() {
    for page in ["install.md", "troubleshooting.md", "metrics.md", "good-practices.md", "authentication.md"] {
        let text = fs::read_to_string(Path::new(ROOT).join("docs").join(page)).expect("a page");
        let links = text.split("](").skip(1).filter_map(|link| link.split(')').next());
        for link in links.filter(|link| !link.starts_with("http") && !link.starts_with("..")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { page } else { file };
            let target = fs::read_to_string(Path::new(ROOT).join("docs").join(file));
            let target = target.unwrap_or_else(|error| panic!("{page}: {link}: {error}"));
            let anchors = target.lines().filter_map(|line| line.strip_prefix('#')).map(|line| {
                let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                words.replace(|sign: char| !sign.is_alphanumeric() && sign != '-', "")
            });
            assert!(heading.is_empty() || anchors.into_iter().any(|anchor| anchor == heading), "{page}: {link}");
        }
    }
}
