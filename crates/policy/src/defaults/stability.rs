//! Updates: a group that the user did not change keeps its defaults and gets no others.
//!
//! If a manifest is applied again, the mutating webhook receives it without its defaults. With the defaults of the
//! current policy, a change of the policy would change Pod templates. The operator hashes the Pod templates of a
//! RayService, so it would start a new cluster. Therefore an annotation records the defaults that were written, and an
//! update restores them.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use rayguard_manifest::json::Json;
use rayguard_manifest::list_map::{self, key_of, merge_key};
use rayguard_manifest::patch::PatchBuilder;
use rayguard_manifest::path::{FieldPath, push_token};

use super::{Defaults, Wanted, worker_reconnect_timeout};
use crate::ray::timeout::RECONNECT_TIMEOUT;
use crate::ray::{Group, RayObject};
use crate::settings::{DEFAULTED, Settings};

/// Restores the defaults of the unchanged groups of an update, and writes the current defaults into the other groups.
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
        // Most updates change no group: those of the autoscaler, of a finalizer, or of the Serve configuration.
        return;
    }
    let recorded = record_of(old.json);
    let all_on = LazyCell::new(|| AllDefaults::new(defaults, settings, object, old));

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
        } else if all_on.is_same(new, old) {
            (&all_on.added, true)
        } else {
            (none, is_as_it_was(adds_nothing))
        };
        if unchanged {
            // If the head's timeout has changed, its workers get a new default timeout.
            let is_outdated = matches!(timeouts, [Some(now), Some(then)] if now != then);
            let places: BTreeSet<_> = recorded.union(also).cloned().collect();
            let except: &[&str] = if is_outdated { &[RECONNECT_TIMEOUT] } else { &[] };
            restore(builder, new, old, &places, except);
            wanted.insert(new.index(), Wanted { worker_reconnect_timeout: is_outdated, ..Wanted::NONE });
        }
    }
    defaults.write(settings, builder, |index| wanted.get(&index).copied().unwrap_or(Wanted::ALL));
}

/// Records the defaults in the annotation: those that this patch adds, and recorded ones that have not changed.
pub(super) fn record(builder: &mut PatchBuilder<'_>, old: Option<&RayObject<'_>>) {
    let mut before = record_of(builder.object());
    if let Some(old) = old {
        before.extend(record_of(old.json));
    }
    if builder.added().is_empty() && before.is_empty() {
        return;
    }
    before.retain(|place| {
        let now = list_map::value_at(builder.object(), place);
        let then = old.and_then(|old| list_map::value_at(old.json, place));
        // A value that the user has changed is no longer a default.
        now.is_some_and(|now| then.is_none_or(|then| now == then))
    });
    // Of several groups with one name, a place leads only to the first one.
    let is_found = |place: &&String| list_map::value_at(builder.object(), place).is_some();
    before.extend(builder.added().iter().filter(is_found).cloned());
    if before.is_empty() || before == record_of(builder.object()) {
        return;
    }
    let record = serde_json::to_string(&before).unwrap_or_default();
    builder.set(&RayObject::annotation_path(DEFAULTED), Json::from(record));
}

/// Returns the places that an object's annotation records; none if the annotation is absent or was changed by hand.
fn record_of(object: &Json<'_>) -> BTreeSet<String> {
    let record = object.descend(["metadata", "annotations"]).field(DEFAULTED);
    record.as_str().and_then(|record| serde_json::from_str(record).ok()).unwrap_or_default()
}

/// Returns each group of the new object with the corresponding group of the old object. Worker groups correspond by
/// name. Groups that share a name, or have none, correspond by their order.
fn pairs<'n, 'o>(object: &RayObject<'n>, old: &RayObject<'o>) -> Vec<(Group<'n>, Option<Group<'o>>)> {
    let by_name: HashMap<_, _> = numbered(old).map(|(group, key)| (key, group)).collect();
    numbered(object).map(|(group, key)| (group, by_name.get(&key).copied())).collect()
}

/// Returns each group with its identity: whether it is the head, its name, and its number among the groups of this
/// name.
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

/// Adds to a group the values that the old group has at these places and that the new group lacks.
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
        let mut place = list_map::keyed_pointer(builder.object(), &new.path());
        push_token(&mut place, field);
        let path = new.path().field(field);
        let mut walk = Walk { places, except, missing: &mut missing };
        walk.down(new.json.entry(field), old.json.field(field), &path, &place, field);
    }
    for (path, value) in missing {
        builder.add(&path, value);
    }
}

/// A walk through an old value and the corresponding new value, which may be absent.
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
                    if self.has_places_below(&place) {
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

    /// Reports whether one of the places is at or below this one, so that the walk can skip most of the object.
    fn has_places_below(&self, place: &str) -> bool {
        let from = (Bound::Included(place), Bound::Unbounded);
        self.places.range::<str, _>(from).next().is_some_and(|first| first.starts_with(place))
    }

    fn down_list(&mut self, new: &[Json<'_>], old: &[Json<'_>], merge_key: &str, path: &FieldPath, place: &str) {
        let index: HashMap<_, _> =
            new.iter().enumerate().filter_map(|(at, item)| Some((key_of(item, merge_key)?, at))).collect();
        let old: Vec<_> = old.iter().filter_map(|item| Some((key_of(item, merge_key)?, item))).collect();
        // Values within existing items come first, because new items shift the indexes. New items are then added in the
        // order of the old list, so that the list equals the old one.
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

/// Both objects with all defaults. A group that is equal in both differs only in defaults and in changes by other
/// webhooks.
struct AllDefaults<'n, 'o> {
    new: Cow<'n, Json<'n>>,
    old: Cow<'o, Json<'o>>,
    added: BTreeSet<String>,
}

impl<'n, 'o> AllDefaults<'n, 'o> {
    fn new(defaults: &Defaults, settings: &Settings, new: &RayObject<'n>, old: &RayObject<'o>) -> Self {
        let all_on = defaults.all_on();
        let (mut of_new, mut of_old) = (PatchBuilder::new(new.json), PatchBuilder::new(old.json));
        all_on.write(settings, &mut of_new, |_| Wanted::ALL);
        all_on.write(settings, &mut of_old, |_| Wanted::ALL);
        let ((new, added), (old, _)) = (of_new.into_parts(), of_old.into_parts());
        Self { new, old, added: added.into_iter().collect() }
    }

    fn is_same(&self, new: &Group<'_>, old: &Group<'_>) -> bool {
        old.path().value(&self.old).is_some_and(|old| is_same(new.path().value(&self.new), old, adds_nothing))
    }
}

/// Reports whether two groups create the same Pods.
fn is_same(new: Option<&Json<'_>>, old: &Json<'_>, equal: impl Fn(&Json<'_>, &Json<'_>) -> bool) -> bool {
    new.is_some_and(|new| ["template", "rayStartParams"].iter().all(|field| equal(new.field(field), old.field(field))))
}

/// Reports whether the old value contains everything in the new one. The order of lists with a merge key does not
/// count. A value that is gone is not a change by the user: a manifest that is applied again lacks what other webhooks
/// inject, and webhooks that run after this one add it again.
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
