//! What somebody may have meant who wrote a name that there is not.

/// How alike two names must be, by Jaro and Winkler, for one to be taken for the other.
const ALIKE: f64 = 0.8;

/// `; did you mean "…"?`, to go behind a message, where one of the known names is close enough; else nothing.
pub fn suggestion(name: &str, known: &[&str]) -> String {
    let closest = known
        .iter()
        .map(|known| (strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    closest.map(|(_, known)| format!("; did you mean {known:?}?")).unwrap_or_default()
}
