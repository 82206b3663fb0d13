//! The resources of a container.

use rayguard_manifest::json::Json;

use super::lookup::Lookup;
use super::pod::Pod;
use super::quantity::{Quantity, shown};
use super::resource_name::Resource;
use super::seen::Seen;
use super::{At, Subject, Violations, choice};
use crate::name::Syntax;
use crate::reason::Reason;
use crate::spelling::quote;

const SUBJECT: Subject = Subject::Resources;

/// Reports everything that Kubernetes refuses in the resources of a container (`ValidateContainerResourceRequirements`).
pub(super) fn validate(resources: &Json<'_>, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    const NULL: &Json<'static> = &Json::Null;
    let (mut limits, mut requests, mut claims) = (NULL, NULL, NULL);
    for (name, value) in resources.entries() {
        match &**name {
            "limits" => limits = value,
            "requests" => requests = value,
            "claims" => claims = value,
            _ => {}
        }
    }
    let (before, mut found) = (violations.all().len(), Found::default());
    for (name, amount) in limits.entries() {
        check_entry(name, amount, &at.field("limits"), &mut found, violations);
    }
    // A request that is equal to a correct limit is correct, and most are.
    let are_limits_correct = violations.all().len() == before;
    let limit_of = Lookup::new(if requests.entries().is_empty() { NULL } else { limits });
    for (name, amount) in requests.entries() {
        let limit = limit_of.get(name);
        if !(are_limits_correct && limit == Some(amount)) {
            check_entry(name, amount, &at.field("requests"), &mut found, violations);
            check_request(name, amount, limit, at, violations);
        }
    }
    if found.huge_pages && !found.cpu_or_memory {
        let message = "a container with huge pages needs cpu or memory";
        violations.forbidden(SUBJECT, at, message, "add a limit or request for memory");
    }
    check_claims(claims, pod, &at.field("claims"), violations);
}

/// Reports everything that Kubernetes refuses in the `overhead` of a Pod, which is like the limits of a container
/// (`validateOverhead`).
pub(super) fn validate_overhead(overhead: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let mut found = Found::default();
    for (name, amount) in overhead.entries() {
        check_entry(name, amount, at, &mut found, violations);
    }
    if found.huge_pages && !found.cpu_or_memory {
        let message = "an overhead of huge pages needs cpu or memory";
        violations.forbidden(SUBJECT, at, message, "add memory");
    }
}

/// The resources that a container has.
#[derive(Default)]
struct Found {
    huge_pages: bool,
    cpu_or_memory: bool,
}

/// Checks the name and the amount of a limit or request.
fn check_entry(name: &str, amount: &Json<'_>, list: &At<'_>, found: &mut Found, violations: &mut Violations) {
    if matches!(name, "cpu" | "memory") {
        found.cpu_or_memory = true;
        // Nothing else can be wrong with an amount that is not negative.
        if amount.as_str().is_some_and(|text| !text.starts_with('-')) {
            return;
        }
    }
    let at = list.key(name);
    let Some(resource) = check_name(name, &at, violations) else { return };
    found.huge_pages |= matches!(resource, Resource::HugePages(_));
    if let Some(quantity) = Quantity::read_millis(amount) {
        check_amount(name, resource, amount, quantity, &at, violations);
    }
}

/// Checks the name of a resource, and returns its kind.
fn check_name<'n>(name: &'n str, at: &At<'_>, violations: &mut Violations) -> Option<Resource<'n>> {
    match Resource::of(name) {
        Ok(resource) => Some(resource),
        Err(error) => {
            let message = format!("a container cannot have the resource {}: the name {error}", quote(name));
            let known = ["cpu", "memory", "ephemeral-storage"];
            let help =
                choice::instruction(name, &known, ", hugepages-2Mi, or a device such as nvidia.com/gpu", violations);
            violations.invalid(SUBJECT, at, message, help).is_about_key = true;
            None
        }
    }
}

/// Checks an amount of a resource (`ValidateResourceQuantityValue`, `validateResourceQuantityHugePageValue`).
fn check_amount(
    name: &str,
    resource: Resource<'_>,
    amount: &Json<'_>,
    quantity: Quantity,
    at: &At<'_>,
    violations: &mut Violations,
) {
    let Some(fault) = AmountFault::of(resource, quantity) else { return };
    let (message, help) = match fault {
        AmountFault::Negative => (format!("must not be negative, is {}", shown(amount)), "write 0 or more".to_owned()),
        AmountFault::Fraction => {
            let message = format!("{} is counted and cannot be {}", quote(name), shown(amount));
            (message, "write a whole number".to_owned())
        }
        AmountFault::PageSize(page) => {
            let message = format!("{} is not the size of a page", quote(page));
            (message, "write hugepages-2Mi or hugepages-1Gi".to_owned())
        }
        AmountFault::NoMultiple(page) => {
            let message = format!("{} is not a multiple of the page size {}", shown(amount), quote(page));
            (message, format!("write a multiple of {page}"))
        }
    };
    violations.invalid(SUBJECT, at, message, help);
}

/// What is wrong with an amount of a resource.
enum AmountFault<'n> {
    Negative,
    /// The resource is counted.
    Fraction,
    /// The name has this text in place of a page size.
    PageSize(&'n str),
    /// The amount has a part of a page of this size.
    NoMultiple(&'n str),
}

impl<'n> AmountFault<'n> {
    fn of(resource: Resource<'n>, quantity: Quantity) -> Option<Self> {
        if quantity.nanos() < 0 {
            return Some(Self::Negative);
        }
        match resource {
            Resource::Extended => (!quantity.is_whole()).then_some(Self::Fraction),
            Resource::HugePages(page) => {
                match Quantity::parse(page).filter(|size| size.nanos() > 0 && size.is_whole()) {
                    None => Some(Self::PageSize(page)),
                    Some(size) => (quantity.whole() % size.whole() != 0).then_some(Self::NoMultiple(page)),
                }
            }
            Resource::Native => None,
        }
    }
}

/// The help for a request and a limit that differ, and of which neither is known to be right.
const SAME: &str = "write the same whole number in the request and the limit";

/// Checks a request against the limit.
fn check_request(name: &str, request: &Json<'_>, limit: Option<&Json<'_>>, at: &At<'_>, violations: &mut Violations) {
    if limit == Some(request) {
        return;
    }
    let Ok(resource) = Resource::of(name) else { return };
    let Some(requested) = Quantity::read_millis(request) else { return };
    let (requests, limits) = (at.field("requests"), at.field("limits"));
    let Some(limit) = limit.filter(|limit| !limit.is_null()) else {
        if !resource.allows_overcommit() {
            let message = format!("{} needs a limit that is equal to its request", quote(name));
            let is_valid = AmountFault::of(resource, requested).is_none();
            let help = if is_valid { format!("write {}", shown(request)) } else { SAME.to_owned() };
            let violation = violations.add(SUBJECT, Reason::Required, &limits.key(name), message, help);
            if is_valid {
                violation.fix_by_value(request.clone().into_owned());
            }
        }
        return;
    };
    let Some(limited) = Quantity::read_millis(limit) else { return };
    if requested.nanos() == limited.nanos() {
        return;
    }
    // The limit may itself have a fault, which has its own finding.
    let is_valid = AmountFault::of(resource, limited).is_none();
    let (request, limit) = (shown(request), shown(limit));
    if !resource.allows_overcommit() {
        let message = format!("the request {request} must be equal to the limit {limit}");
        let help = if is_valid { format!("write {limit}, or change the limit") } else { SAME.to_owned() };
        violations.invalid(SUBJECT, &requests.key(name), message, help);
    } else if requested.nanos() > limited.nanos() {
        let message = format!("the request {request} is above the limit {limit}");
        let lower = if is_valid { format!("write at most {limit}, or ") } else { String::new() };
        violations.invalid(SUBJECT, &requests.key(name), message, format!("{lower}raise the limit"));
    }
}

/// Checks the claims of a container (`validateResourceClaimNames`). By default, Kubernetes before 1.34 ignores them.
fn check_claims(claims: &Json<'_>, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    if claims.items().is_empty() {
        return;
    }
    let of_pod = Lookup::new(pod.spec.field("resourceClaims"));
    let (mut whole, mut in_part, mut parts) = (Seen::new(), Seen::new(), Seen::new());
    for (index, claim) in claims.items().iter().enumerate() {
        let at = at.index(index);
        let Some(name) = claim.field("name").as_str() else { continue };
        if name.is_empty() {
            let help = "write the name of one of the Pod's resourceClaims";
            violations.required(SUBJECT, &at.field("name"), "it names no claim", help).in_some_versions();
            continue;
        }
        if of_pod.get(name).is_none() {
            let message = format!("the Pod has no resource claim with the name {}", quote(name));
            let help = "add it to the Pod's resourceClaims, or write the name of another one";
            violations.invalid(SUBJECT, &at.field("name"), message, help).in_some_versions();
        }
        let request = claim.field("request").as_nonempty_str();
        if request.is_some_and(|request| !Syntax::Dns1123Label.admits(request)) {
            let message = "the request is not the name of a request of a claim";
            let help = format!("write {}", Syntax::Dns1123Label.form());
            violations.invalid(SUBJECT, &at.field("request"), message, help).in_some_versions();
        }
        let is_new = match request {
            Some(request) => !whole.contains(name) && parts.insert((name, request)),
            None => !in_part.contains(name) && whole.insert(name),
        };
        if request.is_some() {
            in_part.insert(name);
        }
        if !is_new {
            let message = format!("the container already has the claim {}", quote(name));
            violations.add(SUBJECT, Reason::Duplicate, &at.field("name"), message, "remove it").in_some_versions();
        }
    }
}
