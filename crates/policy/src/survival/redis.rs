//! Where the Redis of a cluster is, as far as the object shows it.

use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::{REDIS_ADDRESS, RedisAddress};
use crate::ray::{GcsFaultTolerance, RayObject};

/// Reports whether Redis runs in the head's own Pod: its address is that of the head's Service.
pub(super) fn is_in_head(object: &RayObject<'_>) -> bool {
    let Some(RedisAddress::Literal(_, address)) = object.redis_address() else { return false };
    let Ok(endpoint) = RedisEndpoint::parse(first_of(address).0) else { return false };
    // The generated name of a RayService's cluster begins with the name of the RayService.
    let service = endpoint.host.split('.').next().unwrap_or_default();
    object.name().is_some_and(|name| service.starts_with(name)) && service.ends_with("-head-svc")
}

/// Reports whether the address of Redis is not in the object, and may be missing or the head's own. A key of a Secret or
/// a `ConfigMap` without which the head does not start is taken for the address of a Redis outside of the head's Pod.
pub(super) fn is_hidden(object: &RayObject<'_>) -> bool {
    if !matches!(object.redis_address(), Some(RedisAddress::Unknown(_))) {
        return false;
    }
    let var = object.head_env_var(REDIS_ADDRESS).filter(|_| object.fault_tolerance == GcsFaultTolerance::Annotation);
    let is_required = |source: &&str| {
        let key = var.map(|var| var.json.field("valueFrom").field(source));
        key.is_some_and(|key| key.as_object().is_some() && key.field("optional").as_bool() != Some(true))
    };
    !["secretKeyRef", "configMapKeyRef"].iter().any(is_required)
}
