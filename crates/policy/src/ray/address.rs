//! Addresses of Redis, as Ray reads them.

use std::net::IpAddr;

/// Where a Redis listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedisEndpoint<'a> {
    /// Whether Ray speaks TLS to it (`rediss://`).
    pub tls: bool,
    /// A name or an IP address, an IPv6 address without its brackets.
    pub host: &'a str,
    /// The TCP port.
    pub port: u16,
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// Blanks before, after or within it.
    Blank,
    /// A scheme other than `redis://` and `rediss://`.
    Scheme,
    /// A user or a password before the host.
    Credentials,
    /// Something after the port.
    Path,
    /// No host.
    Host,
    /// A host with a sign that no host has, as what a shell would replace and kubelet does not.
    HostName,
    /// No port.
    Port,
    /// A port that is not a number from 1 to 65535.
    PortNumber,
}

impl AddressFault {
    /// The fault, as the end of a sentence that begins with "the Redis address".
    pub fn describe(self) -> &'static str {
        match self {
            Self::Blank => "contains blanks",
            Self::Scheme => "has a scheme that is neither redis:// nor rediss://",
            Self::Credentials => "contains credentials, which Ray does not read",
            Self::Path => "has a path after its port, which Ray does not read",
            Self::Host => "has no host",
            Self::HostName => "has a host that is not a DNS name: kubelet replaces only $(NAME)",
            Self::Port => "has no port, and Ray assumes none",
            Self::PortNumber => "has a port that is not a number from 1 to 65535",
        }
    }
}

impl<'a> RedisEndpoint<'a> {
    /// Reads `[redis://|rediss://]host:port`, what `ray start` accepts as `RAY_REDIS_ADDRESS` (measured on Ray 2.52).
    pub fn parse(text: &'a str) -> Result<Self, AddressFault> {
        if text.contains(char::is_whitespace) {
            return Err(AddressFault::Blank);
        }
        let (tls, rest) = match text.split_once("://") {
            None => (false, text),
            Some(("redis", rest)) => (false, rest),
            Some(("rediss", rest)) => (true, rest),
            Some(_) => return Err(AddressFault::Scheme),
        };
        if rest.contains('@') {
            return Err(AddressFault::Credentials);
        }
        if rest.contains(['/', '?', '#']) {
            return Err(AddressFault::Path);
        }
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or(AddressFault::Host)?;
                (host, port.strip_prefix(':').ok_or(AddressFault::Port)?)
            }
            None => rest.rsplit_once(':').ok_or(AddressFault::Port)?,
        };
        if host.is_empty() || (host.contains(':') && !rest.starts_with('[')) {
            return Err(AddressFault::Host);
        }
        if port.is_empty() {
            return Err(AddressFault::Port);
        }
        if host.contains(|sign: char| sign.is_ascii() && !sign.is_ascii_alphanumeric() && !"-._:%".contains(sign)) {
            return Err(AddressFault::HostName);
        }
        match port.parse::<u16>() {
            Ok(port) if port > 0 && rest.ends_with(|last: char| last.is_ascii_digit()) && !rest.contains('+') => {
                Ok(Self { tls, host, port })
            }
            _ => Err(AddressFault::PortNumber),
        }
    }

    /// Whether it is reached only from within the head's own Pod.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost") || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// The first of several comma-separated addresses, the only one that Ray uses, and whether there are more.
pub fn first_of(text: &str) -> (&str, bool) {
    match text.split_once(',') {
        Some((first, _)) => (first, true),
        None => (text, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_ray_accepts_are_read() {
        for (text, tls, host, port) in [
            ("redis:6379", false, "redis", 6379),
            ("redis://redis.redis.svc.cluster.local:6379", false, "redis.redis.svc.cluster.local", 6379),
            ("rediss://10.0.0.7:6380", true, "10.0.0.7", 6380),
            ("[fd00::7]:6379", false, "fd00::7", 6379),
            ("my_redis:1", false, "my_redis", 1),
        ] {
            assert_eq!(RedisEndpoint::parse(text), Ok(RedisEndpoint { tls, host, port }), "{text}");
        }
    }

    #[test]
    fn what_ray_does_not_accept_is_told_apart() {
        for (text, fault) in [
            ("redis", AddressFault::Port),
            ("redis://redis", AddressFault::Port),
            ("redis:", AddressFault::Port),
            ("", AddressFault::Port),
            (":6379", AddressFault::Host),
            ("[::1", AddressFault::Host),
            ("fd00::7:6379", AddressFault::Host),
            ("$REDIS_HOST:6379", AddressFault::HostName),
            ("${REDIS_HOST}:6379", AddressFault::HostName),
            ("redis://<host>:6379", AddressFault::HostName),
            ("redis:abc", AddressFault::PortNumber),
            ("redis:0", AddressFault::PortNumber),
            ("redis:-1", AddressFault::PortNumber),
            ("redis:+1", AddressFault::PortNumber),
            ("redis:99999", AddressFault::PortNumber),
            ("redis:6379/0", AddressFault::Path),
            ("redis://:secret@redis:6379", AddressFault::Credentials),
            ("http://redis:6379", AddressFault::Scheme),
            (" redis:6379", AddressFault::Blank),
            ("redis:6379 ", AddressFault::Blank),
            ("redis:6379\n", AddressFault::Blank),
        ] {
            assert_eq!(RedisEndpoint::parse(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn loopback_has_many_names() {
        for text in ["127.0.0.1:6380", "localhost:1", "LOCALHOST:1", "[::1]:6379", "127.8.8.8:2"] {
            assert!(RedisEndpoint::parse(text).expect("an address").is_loopback(), "{text}");
        }
        assert!(!RedisEndpoint::parse("redis:6379").expect("an address").is_loopback());
    }
}
