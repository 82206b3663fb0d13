//! Fault tolerance: its two forms, and the fields that each excludes.

use super::{Mutation, mutation};

pub(super) fn mutations() -> Vec<Mutation> {
    vec![
        mutation!(
            Metadata "/annotations/ray.io~1ft-enabled" = ["true", "TRUE", "false", "", " true", "no", null],
            Cluster "/gcsFaultToleranceOptions" = [{}, {"redisAddress": "redis:6379"}, null],
        ),
        mutation!(Metadata "/annotations/ray.io~1ft-enabled" = ["true", "false", ""], Cluster "/gcsFaultToleranceOptions" = [{}]),
        mutation!(
            Metadata "/annotations/ray.io~1ft-enabled" = ["true", "TRUE", "True", "false", "", null],
            Cluster "/gcsFaultToleranceOptions" = [null],
            Ray "/env/-" = [
                {"name": "RAY_REDIS_ADDRESS", "value": "redis:6379"}, {"name": "RAY_REDIS_ADDRESS"},
                {"name": "RAY_REDIS_ADDRESS", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}},
                {"name": "ray_redis_address", "value": "redis:6379"},
            ],
        ),
        mutation!(
            Cluster "/gcsFaultToleranceOptions" = [{"redisAddress": "redis:6379"}],
            Head "/rayStartParams/redis-password" = ["$REDIS_PASSWORD", "x", "", null],
        ),
        mutation!(
            Cluster "/gcsFaultToleranceOptions" = [{"redisAddress": "redis:6379"}, {"redisAddress": "redis:6379", "redisPassword": {"value": "x"}}],
            Ray "/env/-" = [
                {"name": "REDIS_PASSWORD", "value": "x"}, {"name": "REDIS_PASSWORD"},
                {"name": "REDIS_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, {"name": "REDIS_PASSWORDS", "value": "x"},
            ],
        ),
        mutation!(
            Cluster "/gcsFaultToleranceOptions" = [{"redisAddress": "redis:6379"}, {}],
            Ray "/env/-" = [{"name": "RAY_REDIS_ADDRESS", "value": "redis:6379"}, {"name": "RAY_REDIS_ADDRESS", "value": ""}],
        ),
        mutation!(
            Cluster "/gcsFaultToleranceOptions" = [{"redisAddress": "redis:6379"}, {}, null],
            Metadata "/annotations/ray.io~1external-storage-namespace" = ["shared", "", null],
        )
        .often(),
        mutation!(Head "/rayStartParams/redis-username" = ["default", "", null]),
        mutation!(Ray "/env/-" = [
            {"name": "REDIS_USERNAME", "value": "default"}, {"name": "REDIS_USERNAME"}, {"name": "redis_username", "value": "x"},
        ]),
        mutation!(
            Cluster "/gcsFaultToleranceOptions" = [{"redisAddress": "redis:6379"}],
            Ray "/env/-" = [{"name": "REDIS_USERNAME", "value": ""}, {"name": "OTHER"}],
        ),
        // KubeRay ignores these fields of a Pod template or of a container other than the first.
        mutation!(Head "/template/metadata/annotations/ray.io~1ft-enabled" = ["true", "false"]),
        mutation!(Ray "/envFrom" = [[{"secretRef": {"name": "s"}}]]),
        mutation!(Head "/template/spec/containers/-" = [
            {"name": "sidecar", "env": [{"name": "RAY_REDIS_ADDRESS", "value": "redis:6379"}, {"name": "REDIS_USERNAME", "value": "x"}]},
        ]),
        mutation!(Head "/template/spec/containers/+" = [
            {"name": "sidecar", "env": [{"name": "RAY_REDIS_ADDRESS", "value": "redis:6379"}]}, {"name": "sidecar"},
        ]),
    ]
}
