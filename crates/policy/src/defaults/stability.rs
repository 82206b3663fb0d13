//! Updates: what a group has got stays, and a group that the user did not change gets nothing else.
//!
//! A mutating webhook sees a manifest without its defaults whenever the manifest is applied again. If it wrote those of
//! today's policy, a change of the policy would change Pod templates, and a RayService, whose operator hashes them,
//! would start a new cluster. So an annotation records what was written, and it is written again as it was.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use super::{Defaults, Wanted, worker_reconnect_timeout};
use crate::settings::Settings;
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::ray::{Group, RayObject};
use rayguard_manifest::json::Json;
use rayguard_manifest::keyed::{self, key_of, merge_key};
use rayguard_manifest::patch::PatchBuilder;
use rayguard_manifest::path::{FieldPath, push_token};

/// Records in an object which of its values are defaults of rayguard: a JSON list of places (see [`keyed::place`]).
pub(crate) const DEFAULTED: &str = "rayguard.dev/defaulted";

/// Writes into an object that is updated what its unchanged groups had, and today's defaults into the others.
pub(super) fn update(
    defaults: &Defaults,
    settings: &Settings,
    builder: &mut PatchBuilder<'_>,
    object: &RayObject<'_>,
    old: &RayObject<'_>,
) {
    let groups = pairs(object, old);
    let is_as_before = |(new, old): &(Group<'_>, Option<Group<'_>>)| {
        old.is_some_and(|old| is_same(Some(new.json), old.json, |new, old| new == old))
    };
    if groups.iter().all(is_as_before) {
        // Most updates: the autoscaler's, a finalizer, another Serve configuration.
        return;
    }
    let recorded = record_of(old.json);
    let every = LazyCell::new(|| Every::new(defaults, settings, object, old));

    let mut restored = PatchBuilder::new(object.json);
    for (new, old) in &groups {
        if let Some(old) = old {
            restore(&mut restored, new, old, &recorded, &[]);
        }
    }
    let explicit = super::WorkerReconnectTimeout::Explicit;
    let timeouts = [
        worker_reconnect_timeout::seconds(explicit, settings, object),
        worker_reconnect_timeout::seconds(explicit, settings, old),
    ];
    let mut wanted = HashMap::new();
    for (new, old) in &groups {
        let Some(old) = old else { continue };
        let none = &BTreeSet::new();
        let restored = new.path().value(restored.object());
        let is_as_it_was = |equal: fn(&Json<'_>, &Json<'_>) -> bool| is_same(restored, old.json, equal);
        let (also, unchanged) = if is_as_it_was(|new, old| new == old) {
            (none, true)
        } else if every.is_same(new, old) {
            (&every.added, true)
        } else {
            (none, is_as_it_was(adds_nothing))
        };
        if unchanged {
            // A head that now waits longer takes its workers' default with it.
            let outgrown = matches!(timeouts, [Some(now), Some(then)] if now != then);
            let places: BTreeSet<_> = recorded.union(also).cloned().collect();
            let except: &[&str] = if outgrown { &[RECONNECT_TIMEOUT] } else { &[] };
            restore(builder, new, old, &places, except);
            wanted.insert(new.index(), Wanted { worker_reconnect_timeout: outgrown, ..Wanted::NONE });
        }
    }
    defaults.write(settings, builder, |index| wanted.get(&index).copied().unwrap_or(Wanted::ALL));
}

/// Records what of the object is a default: what this patch adds, and what was one before and still is the same.
pub(super) fn mark(builder: &mut PatchBuilder<'_>, old: Option<&RayObject<'_>>) {
    let mut before = record_of(builder.object());
    if let Some(old) = old {
        before.extend(record_of(old.json));
    }
    if builder.added().is_empty() && before.is_empty() {
        return;
    }
    before.retain(|place| {
        let now = keyed::at_place(builder.object(), place);
        let then = old.and_then(|old| keyed::at_place(old.json, place));
        // Once the user has written something else there, it is the user's.
        now.is_some_and(|now| then.is_none_or(|then| now == then))
    });
    // Of groups that share a name only the first is found again.
    let is_found = |place: &&String| keyed::at_place(builder.object(), place).is_some();
    before.extend(builder.added().iter().filter(is_found).cloned());
    if before.is_empty() || before == record_of(builder.object()) {
        return;
    }
    let record = serde_json::to_string(&before).unwrap_or_default();
    builder.set_own_annotation(DEFAULTED, record);
}

/// The places that an object's annotation records; none where somebody else has written into it.
fn record_of(object: &Json<'_>) -> BTreeSet<String> {
    let record = object.descend(["metadata", "annotations"]).field(DEFAULTED);
    record.as_str().and_then(|record| serde_json::from_str(record).ok()).unwrap_or_default()
}

/// Each group of the new object with the same one of the old: the head, and worker groups by name. Of groups that share
/// a name, or have none, the first is taken for the first, the second for the second.
fn pairs<'n, 'o>(object: &RayObject<'n>, old: &RayObject<'o>) -> Vec<(Group<'n>, Option<Group<'o>>)> {
    let by_name: HashMap<_, _> = numbered(old).map(|(group, key)| (key, group)).collect();
    numbered(object).map(|(group, key)| (group, by_name.get(&key).copied())).collect()
}

/// Each group with what tells it apart: whether it is the head, its name, and how many before it have the same.
fn numbered<'g, 'a>(
    object: &'g RayObject<'a>,
) -> impl Iterator<Item = (Group<'a>, (bool, Option<&'a str>, usize))> + 'g {
    let mut seen = HashMap::new();
    object.cluster.groups().map(move |group| {
        let key = (group.is_head(), group.name());
        let before = seen.entry(key).or_insert(0_usize);
        *before += 1;
        (*group, (key.0, key.1, *before))
    })
}

/// Adds to a group what the old one has at one of these places and the new one has not.
fn restore(
    builder: &mut PatchBuilder<'_>,
    new: &Group<'_>,
    old: &Group<'_>,
    places: &BTreeSet<String>,
    except: &[&str],
) {
    if places.is_empty() {
        return;
    }
    let mut missing = Vec::new();
    for field in ["template", "rayStartParams"] {
        let mut place = keyed::place(builder.object(), &new.path());
        push_token(&mut place, field);
        let path = new.path().field(field);
        let mut walk = Walk { places, except, missing: &mut missing };
        walk.down(new.json.entry(field), old.json.field(field), &path, &place, field);
    }
    for (path, value) in missing {
        builder.add(&path, value);
    }
}

/// Goes through an old value and the new one beside it, which may not be there.
struct Walk<'w> {
    places: &'w BTreeSet<String>,
    except: &'w [&'w str],
    missing: &'w mut Vec<(FieldPath, Json<'static>)>,
}

impl Walk<'_> {
    fn down(&mut self, new: Option<&Json<'_>>, old: &Json<'_>, path: &FieldPath, place: &str, name: &str) {
        if new.is_none() && self.places.contains(place) {
            if !self.except.contains(&name) {
                self.missing.push((path.clone(), old.clone().into_owned()));
            }
            return;
        }
        match (new, old) {
            (Some(Json::Object(_)) | None, Json::Object(_)) => {
                for (field, old) in old.entries() {
                    let place = below(place, field);
                    if self.leads_to_any(&place) {
                        let path = path.clone().field(field.to_string());
                        self.down(new.and_then(|new| new.entry(field)), old, &path, &place, field);
                    }
                }
            }
            (Some(Json::Array(_)) | None, Json::Array(old)) => {
                if let Some(merge_key) = merge_key(name) {
                    self.down_list(new.map_or(&[], Json::items), old, merge_key, path, place);
                }
            }
            _ => {}
        }
    }

    /// Whether there is anything to look for in this place. Nearly everywhere there is not.
    fn leads_to_any(&self, place: &str) -> bool {
        let from = (Bound::Included(place), Bound::Unbounded);
        self.places.range::<str, _>(from).next().is_some_and(|first| first.starts_with(place))
    }

    fn down_list(&mut self, new: &[Json<'_>], old: &[Json<'_>], merge_key: &str, path: &FieldPath, place: &str) {
        let index: HashMap<_, _> =
            new.iter().enumerate().filter_map(|(at, item)| Some((key_of(item, merge_key)?, at))).collect();
        let old: Vec<_> = old.iter().filter_map(|item| Some((key_of(item, merge_key)?, item))).collect();
        // First what is within items, then new items in the order of the old list: so no index is moved before it is
        // used, and the list comes out as it was.
        for (key, item) in &old {
            if let Some(&at) = index.get(key) {
                self.down(Some(&new[at]), item, &path.clone().index(at), &below(place, key), "");
            }
        }
        let mut length = new.len();
        for (at, (key, item)) in old.iter().enumerate().filter(|(_, (key, _))| !index.contains_key(key)) {
            let found = self.missing.len();
            self.down(None, item, &path.clone().index(at.min(length)), &below(place, key), key);
            length += usize::from(self.missing.len() > found);
        }
    }
}

fn below(place: &str, step: &str) -> String {
    let mut below = place.to_owned();
    push_token(&mut below, step);
    below
}

/// Both objects with every default that there is, to tell what only defaults and other webhooks make different.
struct Every<'n, 'o> {
    new: Cow<'n, Json<'n>>,
    old: Cow<'o, Json<'o>>,
    added: BTreeSet<String>,
}

impl<'n, 'o> Every<'n, 'o> {
    fn new(defaults: &Defaults, settings: &Settings, new: &RayObject<'n>, old: &RayObject<'o>) -> Self {
        let every = defaults.every();
        let (mut of_new, mut of_old) = (PatchBuilder::new(new.json), PatchBuilder::new(old.json));
        every.write(settings, &mut of_new, |_| Wanted::ALL);
        every.write(settings, &mut of_old, |_| Wanted::ALL);
        let ((new, added), (old, _)) = (of_new.into_parts(), of_old.into_parts());
        Self { new, old, added: added.into_iter().collect() }
    }

    fn is_same(&self, new: &Group<'_>, old: &Group<'_>) -> bool {
        old.path().value(&self.old).is_some_and(|old| is_same(new.path().value(&self.new), old, adds_nothing))
    }
}

/// Whether two groups make the same Pods.
fn is_same(new: Option<&Json<'_>>, old: &Json<'_>, equal: impl Fn(&Json<'_>, &Json<'_>) -> bool) -> bool {
    new.is_some_and(|new| ["template", "rayStartParams"].iter().all(|field| equal(new.field(field), old.field(field))))
}

/// Whether there is nothing in the new value that is not in the old one, in whatever order of lists with a merge key.
/// What is no longer there is no sign of a change: a manifest that is applied again lacks what other webhooks inject,
/// and those behind us have yet to put it back.
fn adds_nothing(new: &Json<'_>, old: &Json<'_>) -> bool {
    fn within(new: &Json<'_>, old: &Json<'_>, name: &str) -> bool {
        match (new, old) {
            (Json::Object(_), Json::Object(there)) => {
                new.entries().iter().all(|(field, new)| there.get(field).is_some_and(|old| within(new, old, field)))
            }
            (Json::Array(items), Json::Array(there)) => {
                let Some(merge_key) = merge_key(name) else { return new == old };
                let by_key: HashMap<_, _> = there.iter().map(|item| (key_of(item, merge_key), item)).collect();
                let is_there =
                    |new: &Json<'_>| by_key.get(&key_of(new, merge_key)).is_some_and(|old| within(new, old, ""));
                let keys: HashSet<_> = items.iter().map(|item| key_of(item, merge_key)).collect();
                by_key.len() == there.len() && keys.len() == items.len() && items.iter().all(is_there)
            }
            _ => new == old,
        }
    }
    within(new, old, "")
}
