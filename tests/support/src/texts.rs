//! Texts for fields that KubeRay parses: good ones, bad ones, and edge cases.

use std::collections::HashMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use crate::dice::Dice;

/// Handwritten texts by list.
static TEXTS: LazyLock<HashMap<String, Vec<String>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("texts.json")).expect("lists of texts"));

/// A kind of text.
#[derive(Clone, Copy, Debug)]
pub enum Text {
    /// The name of an object.
    Name,
    /// The key of a label.
    LabelKey,
    /// The value of a label.
    LabelValue,
    /// A version of Ray.
    RayVersion,
    /// A duration as Go writes it, or a number of seconds.
    Duration,
    /// A cron schedule.
    Schedule,
    /// YAML that should be a map.
    Yaml,
}

impl Text {
    pub fn draw(self, dice: &mut Dice) -> String {
        dice.draw(&match self {
            Text::Name => Union::new([of("names"), name(), like(&["[a-z]([-a-z0-9]{0,3}[a-z0-9])?", ".{1,4}"])]),
            Text::LabelKey => Union::new([
                of("label keys"),
                like(&["[a-zA-Z0-9]([-a-z0-9_.]{0,3}[a-z0-9])?", "[a-z]{1,2}[./][-a-zA-Z0-9_./]{1,3}", ".{1,4}"]),
            ]),
            Text::LabelValue => Union::new([
                of("label values"),
                (62_usize..66).prop_map(|length| "v".repeat(length)).boxed(),
                like(&["[A-Za-z0-9]([-A-Za-z0-9_.]{0,3}[A-Za-z0-9])?", ".{1,4}"]),
            ]),
            Text::RayVersion => Union::new([
                of("ray versions"),
                like(&[
                    r"[1-3]\.[4-6][0-9](\.[0-9]{1,2})?",
                    r"v?[0-9]{1,2}(\.[0-9]{1,2}){0,3}(rc|-|\+|\.dev)?[0-9]?",
                    "[v0-9. a]{1,8}",
                ]),
            ]),
            Text::Duration => Union::new([
                of("durations"),
                like(&[
                    r"[+-]?[0-9]{0,3}(\.[0-9]{0,3})?(ns|us|µs|ms|s|m|h)",
                    "[+-]?([0-9]{1,2}(h|m|s|ms)){1,3}",
                    "[+-]?[0-9]{1,20}",
                    "[-+0-9.hms ]{1,6}",
                ]),
            ]),
            Text::Schedule => Union::new([of("schedules"), schedule(), like(&["(@every |@)?[-*/,?0-9a-z= ]{0,9}"])]),
            Text::Yaml => Union::new([
                of("yaml"),
                like(&[
                    // Without the characters of anchors and tags, because parsers differ in the names that they allow.
                    r#"[a-c]: [-0-9a-z\[\]{}:,"'*|# ]{0,8}"#,
                    "[-a-c:\\[\\]{}\n\"' ]{1,9}",
                    "([a-c]: [0-9]\n){1,3}",
                ]),
            ]),
        })
    }
}

/// Returns a text of a list.
fn of(list: &str) -> BoxedStrategy<String> {
    select(TEXTS[list].as_slice()).boxed()
}

/// Returns a text that matches one of several patterns.
fn like(patterns: &[&'static str]) -> BoxedStrategy<String> {
    Union::new(patterns.iter().map(|pattern| (*pattern).boxed())).boxed()
}

/// Returns a name around the maximum length of some kind.
fn name() -> BoxedStrategy<String> {
    let lengths = select(vec![36_usize, 37, 46, 47, 48, 49, 52, 53, 54, 63, 64, 253]);
    (lengths, "[-a-z0-9]").prop_map(|(length, last)| format!("{}{last}", "a".repeat(length - 1))).boxed()
}

/// Returns five cron fields, at most one of which is odd.
fn schedule() -> BoxedStrategy<String> {
    let good = Union::new([of("cron fields"), like(&["[1-6]", r"\*", r"\*"])]);
    let odd = Union::new([
        of("odd cron fields"),
        like(&[
            "[0-9]{1,2}",
            "[0-6]-[0-9]{1,2}",
            r"(\*|\?|[0-9]{1,2}(-[0-9]{1,2})?)/[0-9]{1,2}",
            "[0-9]{1,2}(,[0-9]{1,2}){1,2}",
            "[-*/,?0-9a-z]{1,4}",
        ]),
    ]);
    let blank = select(vec![" ", " ", " ", "  ", "\t"]);
    let line = (prop::collection::vec(good, 5), 0_usize..6, odd, blank);
    line.prop_map(|(mut fields, at, odd, blank)| {
        if let Some(field) = fields.get_mut(at) {
            *field = odd;
        }
        fields.join(blank)
    })
    .boxed()
}
