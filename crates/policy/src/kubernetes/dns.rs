//! DNS settings, host aliases and IP addresses.

use std::net::IpAddr;

use rayguard_manifest::json::Json;

use super::{At, Subject, Violations, syntax};
use crate::name::Syntax;

const SUBJECT: Subject = Subject::PodSpec;

const MAX_NAMESERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
/// The maximum length of all search paths with a blank between them, in bytes.
const LONGEST_SEARCHES: usize = 2048;

/// Reports what Kubernetes refuses in `dnsConfig` (`validatePodDNSConfig`). `at` is the location of the Pod's spec.
pub(super) fn validate(config: &Json<'_>, policy: &str, at: &At<'_>, violations: &mut Violations) {
    let at = at.field("dnsConfig");
    let has_nameservers = !config.field("nameservers").items().is_empty();
    if policy == "None" && !has_nameservers {
        let message = "dnsPolicy None needs at least one nameserver";
        violations.required(SUBJECT, &at.field("nameservers"), message, "add a nameserver, or write another dnsPolicy");
        return;
    }
    for (name, value) in config.entries() {
        match &**name {
            "nameservers" => nameservers(value.items(), &at.field("nameservers"), violations),
            "searches" => searches(value.items(), &at.field("searches"), violations),
            "options" => {
                for (index, option) in value.items().iter().enumerate() {
                    let at = at.field("options");
                    syntax::text(SUBJECT, option, syntax::Required::Here("name"), &at.index(index), violations);
                }
            }
            _ => {}
        }
    }
}

fn nameservers(nameservers: &[Json<'_>], at: &At<'_>, violations: &mut Violations) {
    if nameservers.len() > MAX_NAMESERVERS {
        let message = format!("there are {} nameservers, more than {MAX_NAMESERVERS}", nameservers.len());
        violations.invalid(SUBJECT, at, message, format!("write at most {MAX_NAMESERVERS} nameservers"));
    }
    for (index, nameserver) in nameservers.iter().enumerate() {
        address(nameserver, &at.index(index), violations);
    }
}

fn searches(searches: &[Json<'_>], at: &At<'_>, violations: &mut Violations) {
    let texts = || searches.iter().enumerate().filter_map(|(index, search)| Some((index, search.as_str()?)));
    if searches.len() > MAX_SEARCHES {
        let message = format!("there are {} search paths, more than {MAX_SEARCHES}", searches.len());
        violations.invalid(SUBJECT, at, message, format!("write at most {MAX_SEARCHES} search paths"));
    }
    let length = texts().map(|(_, search)| search.len() + 1).sum::<usize>().saturating_sub(1);
    if length > LONGEST_SEARCHES {
        let message = format!("the search paths have {length} characters, more than {LONGEST_SEARCHES}");
        violations.invalid(SUBJECT, at, message, "write fewer or shorter search paths");
    }
    for (index, search) in texts() {
        let at = at.index(index);
        let domain = search.strip_suffix('.').unwrap_or(search);
        // Kubernetes accepts '.' and underscores from version 1.33 on.
        let is_relaxed = search == "." || is_subdomain_with_underscores(domain);
        if let Some(found) = syntax::check(SUBJECT, Syntax::Dns1123Subdomain, domain, "the domain", &at, violations) {
            found.is_uncertain = is_relaxed;
        }
    }
}

/// Reports whether a text is a subdomain in which labels may begin with an underscore and contain others
/// (`IsDNS1123SubdomainWithUnderscore`).
fn is_subdomain_with_underscores(domain: &str) -> bool {
    let is_outer = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.strip_prefix('_').unwrap_or(label).as_bytes();
        bytes.first().is_some_and(is_outer)
            && bytes.last().is_some_and(is_outer)
            && bytes.iter().all(|byte| is_outer(byte) || matches!(byte, b'-' | b'_'))
    };
    domain.len() <= 253 && domain.split('.').all(is_label)
}

/// Reports what Kubernetes refuses in `hostAliases` (`ValidateHostAliases`).
pub(super) fn validate_host_aliases(aliases: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    for (index, alias) in aliases.items().iter().enumerate() {
        let at = at.index(index);
        address(alias.field("ip"), &at.field("ip"), violations);
        for (index, hostname) in alias.field("hostnames").items().iter().enumerate() {
            let Some(hostname) = hostname.as_str() else { continue };
            let at = at.field("hostnames");
            let at = at.index(index);
            syntax::check(SUBJECT, Syntax::Dns1123Subdomain, hostname, "the host name", &at, violations);
        }
    }
}

/// Reports a text that is no IP address (`IsValidIPForLegacyField`).
fn address(address: &Json<'_>, at: &At<'_>, violations: &mut Violations) {
    let Some(text) = address.as_str() else { return };
    let help = "write an address such as 10.9.8.7 or 2001:db8::1";
    if !is_address(text) {
        violations.invalid(SUBJECT, at, "this is not an IP address", help);
        return;
    }
    let message = match text.parse() {
        Err(_) => "an IP address with leading zeros is refused by Kubernetes 1.36 and later",
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
            "an IPv4 address that is written as IPv6 is refused by Kubernetes 1.36 and later"
        }
        Ok(_) => return,
    };
    violations.invalid(SUBJECT, at, message, help).in_some_versions();
}

/// Reports whether a text is an IP address for `ParseIPSloppy` of `k8s.io/utils/net`, which accepts leading zeros.
fn is_address(text: &str) -> bool {
    match text.bytes().find(|byte| matches!(byte, b'.' | b':')) {
        Some(b'.') => is_ipv4(text),
        Some(_) => is_ipv6(text),
        None => false,
    }
}

fn is_ipv4(text: &str) -> bool {
    let is_octet = |text: &str| !text.is_empty() && integer(text, 10).is_some_and(|octet| octet <= 0xff);
    text.split('.').count() == 4 && text.split('.').all(is_octet)
}

fn is_ipv6(text: &str) -> bool {
    let groups = |text: &str| -> Option<usize> {
        if text.is_empty() {
            return Some(0);
        }
        let (head, last) = text.rsplit_once(':').map_or((None, text), |(head, last)| (Some(head), last));
        let tail = match last.contains('.') {
            true if is_ipv4(last) => 2,
            true => return None,
            false => usize::from(is_group(last)),
        };
        let head = match head {
            Some(head) if head.split(':').all(is_group) => head.split(':').count(),
            Some(_) => return None,
            None => 0,
        };
        (tail > 0).then_some(head + tail)
    };
    match text.split_once("::") {
        // An IPv4 address may only be at the end.
        Some((before, after)) if !before.contains('.') => {
            groups(before).zip(groups(after)).is_some_and(|(before, after)| before + after < 8)
        }
        Some(_) => false,
        None => groups(text) == Some(8),
    }
}

fn is_group(text: &str) -> bool {
    !text.is_empty() && integer(text, 16).is_some_and(|group| group <= 0xffff)
}

/// Returns a number below 2^24 in a base; `None` for any other text.
fn integer(text: &str, base: u32) -> Option<u32> {
    text.chars().try_fold(0, |number: u32, char| {
        let number = number * base + char.to_digit(base)?;
        (number < 0x00ff_ffff).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values follow `ParseIPSloppy` of k8s.io/utils/net.
    #[test]
    fn addresses_are_as_in_kubernetes() {
        let valid =
            ["1.2.3.4", "010.002.003.0004", "::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"];
        let more = ["1:2:3:4:5:6:1.2.3.4", "00001::", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "ABCD::"];
        for text in valid.into_iter().chain(more) {
            assert!(is_address(text), "{text}");
        }
        let wrong = ["", "a", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.", "1.2.3.a", "+1.2.3.4", ":", ":1", "1:"];
        let more = [
            ":::",
            "1::2::3",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:1.2.3.4",
            "12345::",
            "fe80::1%eth0",
            "1.2.3.4::",
            "::1.2.3",
            "1:2:3:4::5:6:7:8",
            "g::",
            " 1.2.3.4",
            "10.0.0.1/8",
        ];
        for text in wrong.into_iter().chain(more) {
            assert!(!is_address(text), "{text}");
        }
    }
}
