#![doc = include_str!("misspelled_variable.md")]

use std::sync::LazyLock;

use crate::context::Context;
use crate::ray::Group;
use crate::ray::RayObject;
use crate::ray::gcs::{
    FT_ENABLED_ANNOTATION, GcsFaultTolerance, REDIS_ADDRESS, REDIS_PASSWORD, STORAGE_NAMESPACE,
    STORAGE_NAMESPACE_ANNOTATION,
};
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "misspelled-variable",
    summary: "a misspelled variable or annotation that Ray and KubeRay ignore",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("misspelled_variable.md"),
    cel: Cel::No("it counts by how many letters two names differ"),
    check,
};

/// Variables that no application uses for its own purposes.
static VARIABLES: LazyLock<Vec<Known>> =
    LazyLock::new(|| Known::all(&[RECONNECT_TIMEOUT, STORAGE_NAMESPACE, REDIS_ADDRESS]));

/// Names that Ray also reads, although they look like misspellings of the names in `VARIABLES`.
const REAL: [&str; 1] = ["RAY_gcs_rpc_server_connect_timeout_s"];

static ANNOTATIONS: LazyLock<Vec<Known>> =
    LazyLock::new(|| Known::all(&[FT_ENABLED_ANNOTATION, STORAGE_NAMESPACE_ANNOTATION]));

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    for (key, _) in object.json.descend(["metadata", "annotations"]).entries() {
        if let Some(meant) = near(key, &ANNOTATIONS) {
            let message = format!("KubeRay ignores this annotation; it reads {meant}");
            let path = RayObject::annotation_path(key);
            let finding = findings.invalid(path.clone(), message, format!("write {meant}"));
            let annotations = object.json.descend(["metadata", "annotations"]);
            if is_only_slip(annotations.entries().iter().map(|(key, _)| &**key), meant, &ANNOTATIONS) {
                finding.fix_by_name(path, meant);
            }
        }
    }
    for group in object.cluster.groups() {
        check_variables(object, group, findings);
    }
}

fn check_variables(object: &RayObject<'_>, group: &Group<'_>, findings: &mut Findings) {
    let Some(container) = group.ray_container() else { return };
    // An application may have its own REDIS_ADDRESS. If Ray's variable is missing, the user meant it for Ray.
    // The correct timeout may be there next to a misspelled one only because rayguard added it.
    let lacks = |name: &str| name == RECONNECT_TIMEOUT || container.env_var(name).is_none();
    let by_annotation = group.is_head() && object.fault_tolerance == GcsFaultTolerance::Annotation;
    for var in container.env() {
        let Some(name) = var.name() else { continue };
        let meant = match credential(name) {
            Some(REDIS_ADDRESS) if by_annotation && name != REDIS_ADDRESS => Some(REDIS_ADDRESS),
            Some(_) if !by_annotation => None,
            Some(REDIS_PASSWORD) if name != REDIS_PASSWORD => Some(REDIS_PASSWORD),
            _ => near(name, &VARIABLES),
        };
        if let Some(meant) = meant.filter(|meant| lacks(meant)) {
            // Ray reads the password from its parameter; only the clean-up Job reads a variable.
            let reader = if meant == REDIS_PASSWORD { "KubeRay's clean-up Job" } else { "Ray" };
            let message = format!("{reader} ignores a variable of this name; it reads {meant}");
            let path = var.path().field("name");
            let finding = findings.invalid(path.clone(), message, format!("write {meant}"));
            // Only Ray uses names that begin with RAY_. The application may read the others too.
            let is_rays = near(name, &VARIABLES) == Some(meant) && name.to_ascii_lowercase().starts_with("ray_");
            let names = || container.env().filter_map(|var| var.name());
            if is_rays && is_only_slip(names(), meant, &VARIABLES) {
                finding.fix_by_value(path, meant);
            }
        }
    }
}

/// Returns the variable for the Redis address or password that a name differs from only in its form.
fn credential(name: &str) -> Option<&'static str> {
    static CREDENTIALS: LazyLock<Vec<Known>> = LazyLock::new(|| Known::all(&[REDIS_ADDRESS, REDIS_PASSWORD]));
    same(name, &CREDENTIALS).map(|known| known.name)
}

/// A name that Ray or KubeRay reads, with values that are computed only once.
struct Known {
    name: &'static str,
    normal: String,
    letters: Letters,
    normal_letters: Letters,
}

impl Known {
    fn all(names: &[&'static str]) -> Vec<Self> {
        let known = |name: &&'static str| {
            let normal = normal(name);
            Self { name, letters: Letters::of(name), normal_letters: Letters::of(&normal), normal }
        };
        names.iter().map(known).collect()
    }

    /// Whether another name differs from this one by only a few typos.
    fn is_near(&self, name: &str, letters: Letters) -> bool {
        /// How many letters may differ in a long name, where such a similarity is no coincidence.
        const TYPOS: usize = 2;
        const LONG: usize = 8;
        // Skips the expensive comparison if the lengths or the letters already differ too much.
        self.name.len() >= LONG
            && self.name.len().abs_diff(name.len()) <= TYPOS
            && self.letters.lacking_in(letters).max(letters.lacking_in(self.letters)) <= TYPOS
            && strsim::osa_distance(self.name, name) <= TYPOS
    }
}

/// The set of letters in a name, without case; some other characters count as letters. It is a quick test that rules
/// out most pairs of names, which have little in common. Removing it costs 27 % of a /validate of raycluster-scale and
/// 33 % of one of raycluster-refused (benches/instructions).
#[derive(Clone, Copy)]
struct Letters(u32);

impl Letters {
    fn of(name: &str) -> Self {
        let letter = |byte: u8| if byte == b'-' { b'_' } else { byte };
        Self(name.bytes().filter(u8::is_ascii).fold(0, |letters, byte| letters | 1 << (letter(byte) & 31)))
    }

    /// The number of letters that the other name lacks, which is a lower bound for the number of typos.
    fn lacking_in(self, other: Self) -> usize {
        (self.0 & !other.0).count_ones() as usize
    }
}

/// Returns the known name that a misspelled name probably means.
fn near(name: &str, known: &[Known]) -> Option<&'static str> {
    if known.iter().any(|known| known.name == name) || REAL.contains(&name) {
        return None;
    }
    let letters = Letters::of(name);
    let near = || known.iter().find(|known| known.is_near(name, letters));
    same(name, known).or_else(near).map(|known| known.name)
}

/// Whether exactly one of these names is close to the intended name, and to no other known name, so that it can be
/// replaced.
fn is_only_slip<'n>(names: impl Iterator<Item = &'n str>, meant: &str, known: &[Known]) -> bool {
    let mut slips = names.filter(|name| near(name, known) == Some(meant));
    let Some(slip) = slips.next() else { return false };
    let letters = Letters::of(slip);
    let is_another = |known: &&Known| known.name != meant && known.is_near(slip, letters);
    let is_certain = same(slip, known).is_some() || known.iter().find(is_another).is_none();
    slips.next().is_none() && is_certain
}

/// Returns the known name that a name differs from only in its form.
fn same<'k>(name: &str, known: &'k [Known]) -> Option<&'k Known> {
    let letters = Letters::of(name);
    let mut alike = known.iter().filter(|known| known.normal_letters.lacking_in(letters) == 0).peekable();
    alike.peek()?;
    let normal = normal(name);
    alike.find(|known| known.normal == normal)
}

/// Returns a name without the usual mistakes: case, dashes, the prefix `RAY_`, the unit at the end, a plural.
fn normal(name: &str) -> String {
    let mut bare = name.trim();
    while let Some(rest) = bare.strip_prefix("--") {
        bare = rest;
    }
    let lower = bare.to_lowercase().replace('-', "_");
    let bare = lower.strip_prefix("ray_").unwrap_or(&lower);
    let bare = bare.strip_suffix("_seconds").or_else(|| bare.strip_suffix("_s")).unwrap_or(bare);
    bare.strip_suffix('s').filter(|_| !bare.ends_with("ss") && bare.len() > 3).unwrap_or(bare).to_owned()
}
