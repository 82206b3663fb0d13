//! Addresses of Redis, as Ray parses them.

use std::net::IpAddr;

/// The endpoint of a Redis server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedisEndpoint<'a> {
    /// Whether Ray connects with TLS (`rediss://`).
    pub tls: bool,
    /// The host name or IP address. An IPv6 address has no brackets.
    pub host: &'a str,
    /// The TCP port.
    pub port: u16,
}

/// Why a text is not an address of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// The text contains blanks.
    Blank,
    /// The scheme is neither `redis://` nor `rediss://`.
    Scheme,
    /// A user or a password precedes the host.
    Credentials,
    /// A path, query or fragment follows the port.
    Path,
    /// The host is missing.
    Host,
    /// The host contains a character that no host name has, such as the `$` of a shell variable, which kubelet does not
    /// replace.
    HostName,
    /// The port is missing.
    Port,
    /// The port is not a number from 1 to 65535.
    PortNumber,
}

impl AddressError {
    /// Returns a predicate that completes "the Redis address …".
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
    /// Parses `[redis://|rediss://]host:port`, which `ray start` accepts as `RAY_REDIS_ADDRESS` (measured on Ray 2.52).
    ///
    /// # Errors
    ///
    /// Returns the first error in the text.
    pub fn parse(text: &'a str) -> Result<Self, AddressError> {
        if text.contains(char::is_whitespace) {
            return Err(AddressError::Blank);
        }
        let (tls, rest) = match text.split_once("://") {
            None => (false, text),
            Some(("redis", rest)) => (false, rest),
            Some(("rediss", rest)) => (true, rest),
            Some(_) => return Err(AddressError::Scheme),
        };
        if rest.contains('@') {
            return Err(AddressError::Credentials);
        }
        if rest.contains(['/', '?', '#']) {
            return Err(AddressError::Path);
        }
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or(AddressError::Host)?;
                (host, port.strip_prefix(':').ok_or(AddressError::Port)?)
            }
            None => rest.rsplit_once(':').ok_or(AddressError::Port)?,
        };
        if host.is_empty() || (host.contains(':') && !rest.starts_with('[')) {
            return Err(AddressError::Host);
        }
        if port.is_empty() {
            return Err(AddressError::Port);
        }
        if host.contains(|char: char| char.is_ascii() && !char.is_ascii_alphanumeric() && !"-._:%".contains(char)) {
            return Err(AddressError::HostName);
        }
        match port.parse::<u16>() {
            Ok(port) if port > 0 && rest.ends_with(|last: char| last.is_ascii_digit()) && !rest.contains('+') => {
                Ok(Self { tls, host, port })
            }
            _ => Err(AddressError::PortNumber),
        }
    }

    /// Reports whether the host is a loopback address, which is reachable only from within the head's Pod.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost") || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// Returns the first of several comma-separated addresses, which is the only one that Ray uses, and whether there are
/// more.
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
    fn addresses_that_ray_accepts_are_parsed() {
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
    fn addresses_that_ray_rejects_have_distinct_errors() {
        for (text, error) in [
            ("redis", AddressError::Port),
            ("redis://redis", AddressError::Port),
            ("redis:", AddressError::Port),
            ("", AddressError::Port),
            (":6379", AddressError::Host),
            ("[::1", AddressError::Host),
            ("fd00::7:6379", AddressError::Host),
            ("$REDIS_HOST:6379", AddressError::HostName),
            ("${REDIS_HOST}:6379", AddressError::HostName),
            ("redis://<host>:6379", AddressError::HostName),
            ("redis:abc", AddressError::PortNumber),
            ("redis:0", AddressError::PortNumber),
            ("redis:-1", AddressError::PortNumber),
            ("redis:+1", AddressError::PortNumber),
            ("redis:99999", AddressError::PortNumber),
            ("redis:6379/0", AddressError::Path),
            ("redis://:secret@redis:6379", AddressError::Credentials),
            ("http://redis:6379", AddressError::Scheme),
            (" redis:6379", AddressError::Blank),
            ("redis:6379 ", AddressError::Blank),
            ("redis:6379\n", AddressError::Blank),
        ] {
            assert_eq!(RedisEndpoint::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn all_loopback_addresses_are_recognized() {
        for text in ["127.0.0.1:6380", "localhost:1", "LOCALHOST:1", "[::1]:6379", "127.8.8.8:2"] {
            assert!(RedisEndpoint::parse(text).expect("an address").is_loopback(), "{text}");
        }
        assert!(!RedisEndpoint::parse("redis:6379").expect("an address").is_loopback());
    }
}
