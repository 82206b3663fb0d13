//! IP addresses and networks of a Service.

use std::net::{IpAddr, Ipv6Addr};

use super::SUBJECT;
use crate::kubernetes::{At, Violations};
use crate::spelling::quote;

/// Reports a text that is not an address, and returns the address.
pub(super) fn check(text: &str, at: &At<'_>, violations: &mut Violations) -> Option<IpAddr> {
    report_reading(read_address(text), text, "an IP address", at, violations)
}

pub(super) fn check_network(text: &str, at: &At<'_>, violations: &mut Violations) {
    report_reading(read_network(text), text, "a network such as 10.0.0.0/8", at, violations);
}

fn report_reading(
    reading: Reading,
    text: &str,
    what: &str,
    at: &At<'_>,
    violations: &mut Violations,
) -> Option<IpAddr> {
    match reading {
        Reading::Valid(address) => Some(address),
        Reading::Legacy(address) => {
            let message = format!("the spelling of {} is refused by Kubernetes 1.36 and later", quote(text));
            let help = "write it without leading zeros, host bits, or IPv4 within IPv6";
            violations.invalid(SUBJECT, at, message, help).in_some_versions();
            Some(address)
        }
        Reading::Invalid => {
            violations.invalid(SUBJECT, at, format!("{} is not {what}", quote(text)), format!("write {what}"));
            None
        }
    }
}

/// What Kubernetes thinks of a text in a field for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Every version accepts it.
    Valid(IpAddr),
    /// Kubernetes 1.36 and later refuse it (`StrictIPCIDRValidation`): it has leading zeros, or contains an address of
    /// version 4 within one of version 6, or a network has bits after its prefix.
    Legacy(IpAddr),
    /// Every version refuses it.
    Invalid,
}

/// Reads an address (`IsValidIPForLegacyField`).
pub(super) fn read_address(text: &str) -> Reading {
    if let Ok(address) = text.parse() {
        return match address {
            IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => Reading::Legacy(address),
            _ => Reading::Valid(address),
        };
    }
    // Older versions ignore leading zeros.
    without_leading_zeros(text).parse().map_or(Reading::Invalid, Reading::Legacy)
}

/// Reads a network, such as `10.0.0.0/8` (`IsValidCIDRForLegacyField`).
pub(super) fn read_network(text: &str) -> Reading {
    let Some((address, prefix)) = text.split_once('/') else { return Reading::Invalid };
    let reading = read_address(address);
    let (Reading::Valid(ip) | Reading::Legacy(ip)) = reading else { return Reading::Invalid };
    let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let (bits, most) = match ip {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let Some(length) = prefix.parse().ok().filter(|length: &u32| is_number && *length <= most) else {
        return Reading::Invalid;
    };
    let after_prefix = bits.checked_shl(length).unwrap_or(0);
    let is_padded = prefix.len() > 1 && prefix.starts_with('0');
    if after_prefix != 0 || is_padded { Reading::Legacy(ip) } else { reading }
}

/// Returns why an address cannot be that of an endpoint, as the end of a sentence (`ValidateEndpointIP`).
pub(super) fn reserved(address: IpAddr) -> Option<&'static str> {
    let (unspecified, loopback, link_local) = ("unspecified", "a loopback address", "a link-local address");
    match address {
        _ if address.is_unspecified() => Some(unspecified),
        _ if address.is_loopback() => Some(loopback),
        IpAddr::V4(v4) => {
            let is_multicast = v4.octets().starts_with(&[224, 0, 0]);
            (v4.is_link_local() || is_multicast).then_some(link_local)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => reserved(v4.into()),
            None => (v6.is_unicast_link_local() || is_link_local_multicast(v6)).then_some(link_local),
        },
    }
}

fn is_link_local_multicast(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    first & 0xff00 == 0xff00 && first & 0xf == 2
}

/// Returns an address without the leading zeros of its numbers.
fn without_leading_zeros(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let (number, after) = rest.split_at(length);
        let significant = number.trim_start_matches('0');
        plain.push_str(if significant.is_empty() && !number.is_empty() { "0" } else { significant });
        let mut chars = after.chars();
        plain.extend(chars.next());
        rest = chars.as_str();
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values were printed by a Go program that calls `IsValidIPForLegacyField` of k8s.io/apimachinery
    /// v0.37.2 without and with strict validation.
    #[test]
    fn addresses_are_read_as_by_kubernetes() {
        for text in ["1.2.3.4", "::", "::1", "fd00::1", "2001:db8:0:0:0:0:0:1", "1:2:3:4:5:6:7:8"] {
            assert!(matches!(read_address(text), Reading::Valid(_)), "{text}");
        }
        for text in ["01.2.3.4", "1.2.3.004", "::ffff:1.2.3.4", "::ffff:01.2.3.4", "00001::"] {
            assert!(matches!(read_address(text), Reading::Legacy(_)), "{text}");
        }
        for text in ["", " 1.2.3.4", "1.2.3", "256.1.1.1", "1.2.3.4/8", "::1%eth0", "1:2:3:4::5:6:7:8", "g::", "None"] {
            assert_eq!(read_address(text), Reading::Invalid, "{text}");
        }
    }

    #[test]
    fn networks_are_read_as_by_kubernetes() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "fd00::/8", "::/0", "::1/128"] {
            assert!(matches!(read_network(text), Reading::Valid(_)), "{text}");
        }
        for text in ["10.0.0.1/8", "010.0.0.0/8", "10.0.0.0/08", "fd00::1/64"] {
            assert!(matches!(read_network(text), Reading::Legacy(_)), "{text}");
        }
        for text in ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "fd00::/129", "/8", "10.0.0.0/"] {
            assert_eq!(read_network(text), Reading::Invalid, "{text}");
        }
    }

    #[test]
    fn reserved_addresses_are_not_endpoints() {
        for text in ["0.0.0.0", "127.1.2.3", "169.254.0.1", "224.0.0.1", "::", "::1", "fe80::1", "ff02::1", "ff12::1"] {
            assert!(reserved(text.parse().expect("an address")).is_some(), "{text}");
        }
        for text in ["10.0.0.1", "224.0.1.1", "239.1.1.1", "fd00::1", "ff05::1", "2001:db8::1"] {
            assert!(reserved(text.parse().expect("an address")).is_none(), "{text}");
        }
    }
}
