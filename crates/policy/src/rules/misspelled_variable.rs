#![doc = include_str!("misspelled_variable.md")]

use std::sync::LazyLock;

use crate::policy::Settings;
use crate::ray::Group;
use crate::ray::RayObject;
use crate::ray::gcs::{
    FT_ENABLED_ANNOTATION, GcsFaultTolerance, REDIS_ADDRESS, REDIS_PASSWORD, STORAGE_NAMESPACE,
    STORAGE_NAMESPACE_ANNOTATION,
};
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "misspelled-variable",
    summary: "a name that Ray and KubeRay ignore, much like one that they read",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("misspelled_variable.md"),
    check: Check::Object(check),
};

/// Variables that no application has for purposes of its own.
static VARIABLES: LazyLock<Vec<Known>> =
    LazyLock::new(|| Known::all(&[RECONNECT_TIMEOUT, STORAGE_NAMESPACE, REDIS_ADDRESS]));

/// Parameters of `ray start` on which these rules, or what Ray makes of the Pod, depend.
static PARAMS: LazyLock<Vec<Known>> = LazyLock::new(|| {
    Known::all(&[
        "block",
        "dashboard-host",
        "memory",
        "metrics-export-port",
        "node-ip-address",
        "num-cpus",
        "num-gpus",
        "object-store-memory",
        "port",
        "redis-password",
        "redis-username",
        "resources",
        "system-config",
    ])
});

/// Names that Ray reads as well, though they look like slips of the ones above.
const REAL: [&str; 2] = ["dashboard-port", "RAY_gcs_rpc_server_connect_timeout_s"];

static ANNOTATIONS: LazyLock<Vec<Known>> =
    LazyLock::new(|| Known::all(&[FT_ENABLED_ANNOTATION, STORAGE_NAMESPACE_ANNOTATION]));

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
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
        for (name, _) in group.ray_start_params() {
            if let Some(meant) = near(name, &PARAMS)
                && group.ray_start_param(meant).is_none()
            {
                let message = format!("ray start has no parameter of this name; it has {meant}");
                let path = group.ray_start_param_path(name);
                let finding = findings.invalid(path.clone(), message, format!("write {meant}"));
                if is_only_slip(group.ray_start_params().map(|(name, _)| name), meant, &PARAMS) {
                    finding.fix_by_name(path, meant);
                }
            }
        }
    }
}

fn check_variables(object: &RayObject<'_>, group: &Group<'_>, findings: &mut Findings) {
    let Some(container) = group.ray_container() else { return };
    // An application may well have a REDIS_ADDRESS of its own. Where Ray's is missing, it was meant for Ray.
    // The right timeout may stand beside a wrong one only because rayguard wrote it there.
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
            // Ray has the password from its parameter; of the variables only the clean-up Job reads one.
            let reader = if meant == REDIS_PASSWORD { "KubeRay's clean-up Job" } else { "Ray" };
            let message = format!("{reader} ignores a variable of this name; it reads {meant}");
            let path = var.path().field("name");
            let finding = findings.invalid(path.clone(), message, format!("write {meant}"));
            // What begins like one of Ray's is nobody else's. Others may be read by the application too.
            let is_rays = near(name, &VARIABLES) == Some(meant) && name.to_ascii_lowercase().starts_with("ray_");
            let names = || container.env().filter_map(|var| var.name());
            if is_rays && is_only_slip(names(), meant, &VARIABLES) {
                finding.fix_by_value(path, meant);
            }
        }
    }
}

/// The variable for the address or the password of Redis that a name is, but for its form.
fn credential(name: &str) -> Option<&'static str> {
    static CREDENTIALS: LazyLock<Vec<Known>> = LazyLock::new(|| Known::all(&[REDIS_ADDRESS, REDIS_PASSWORD]));
    same(name, &CREDENTIALS).map(|known| known.name)
}

/// A name that Ray or KubeRay reads, with what is worth working out only once.
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

    /// Whether a few slips make this name of another one.
    fn is_near(&self, name: &str, letters: Letters) -> bool {
        /// So many letters may differ in a name that is long enough for that to be no accident.
        const TYPOS: usize = 2;
        const LONG: usize = 8;
        // What differs more in length or letters than that is not worth comparing.
        self.name.len() >= LONG
            && self.name.len().abs_diff(name.len()) <= TYPOS
            && self.letters.lacking_in(letters).max(letters.lacking_in(self.letters)) <= TYPOS
            && strsim::osa_distance(self.name, name) <= TYPOS
    }
}

/// Which letters are in a name, in either case; of other signs some are taken for letters. It tells in a moment that two
/// names are nothing alike, as nearly all are.
#[derive(Clone, Copy)]
struct Letters(u32);

impl Letters {
    fn of(name: &str) -> Self {
        let letter = |byte: u8| if byte == b'-' { b'_' } else { byte };
        Self(name.bytes().filter(u8::is_ascii).fold(0, |letters, byte| letters | 1 << (letter(byte) & 31)))
    }

    /// How many letters the other one lacks: so many typos there are at least.
    fn lacking_in(self, other: Self) -> usize {
        (self.0 & !other.0).count_ones() as usize
    }
}

/// A known name that this one was probably meant to be.
fn near(name: &str, known: &[Known]) -> Option<&'static str> {
    if known.iter().any(|known| known.name == name) || REAL.contains(&name) {
        return None;
    }
    let letters = Letters::of(name);
    let near = || known.iter().find(|known| known.is_near(name, letters));
    same(name, known).or_else(near).map(|known| known.name)
}

/// Whether of these names one alone is close to the name that was meant, and to no other: then it can take it.
fn is_only_slip<'n>(names: impl Iterator<Item = &'n str>, meant: &str, known: &[Known]) -> bool {
    let mut slips = names.filter(|name| near(name, known) == Some(meant));
    let Some(slip) = slips.next() else { return false };
    let letters = Letters::of(slip);
    let is_another = |known: &&Known| known.name != meant && known.is_near(slip, letters);
    let is_certain = same(slip, known).is_some() || known.iter().find(is_another).is_none();
    slips.next().is_none() && is_certain
}

/// The known name that this one is, but for its form.
fn same<'k>(name: &str, known: &'k [Known]) -> Option<&'k Known> {
    let letters = Letters::of(name);
    let mut alike = known.iter().filter(|known| known.normal_letters.lacking_in(letters) == 0).peekable();
    alike.peek()?;
    let normal = normal(name);
    alike.find(|known| known.normal == normal)
}

/// A name without what people get wrong: case, dashes, the prefix `RAY_`, the unit at its end, a plural.
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
