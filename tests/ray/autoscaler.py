"""Prints what Ray's autoscaler raises for a RayCluster in the form in which the API server stores it.

Reads one RayCluster per line, as JSON. Writes one JSON object per line: {"config", "resize", "groups"}. `config` and
`resize` are `null` or the exception; `groups` are the names of the groups in the resize specification.
"""

import json
import logging
import sys

import jsonschema

logging.disable(logging.CRITICAL)

from ray.autoscaler._private.kuberay import autoscaling_config  # noqa: E402
from ray.autoscaler.v2.instance_manager import config as v2  # noqa: E402

try:
    from ray.autoscaler.v2.instance_manager.cloud_providers.kuberay.ippr_provider import KubeRayIPPRProvider
except ImportError:
    KubeRayIPPRProvider = None


VALIDATORS = {}


def validate(instance, schema):
    """Validates as jsonschema.validate does, but compiles each schema only once."""
    key = schema.get("$id", "resize")
    if key not in VALIDATORS:
        VALIDATORS[key] = jsonschema.validators.validator_for(schema)(schema)
    error = jsonschema.exceptions.best_match(VALIDATORS[key].iter_errors(instance))
    if error is not None:
        raise error


jsonschema.validate = validate


def name_of(error):
    # The validation error of jsonschema prints the whole schema.
    text = getattr(error, "message", None) or str(error)
    return f"{type(error).__name__}: {text[:300]}"


def configure(cluster):
    """Makes the configuration as the entry point of the autoscaler does, and reads it as both versions do."""
    # The producer calls validate_config of ray.autoscaler._private.util at its end, as version 1 does.
    made = autoscaling_config._derive_autoscaling_config_from_ray_cr(cluster)
    if hasattr(v2, "AutoscalingConfig"):  # not in Ray 2.9
        v2.AutoscalingConfig(made).get_node_type_configs()
    return made


def resize(cluster):
    """Reads the annotation as the provider of version 2 does at each synchronization."""
    provider = KubeRayIPPRProvider(gcs_client=None, k8s_api_client=None)
    provider.validate_and_set_ippr_specs(cluster)
    return sorted(provider.get_ippr_specs().groups)


def main():
    for line in sys.stdin:
        cluster = json.loads(line)
        answer = {"config": None, "resize": None, "groups": []}
        try:
            configure(cluster)
        except Exception as error:
            answer["config"] = name_of(error)
        if KubeRayIPPRProvider:
            try:
                answer["groups"] = resize(cluster)
            except Exception as error:
                answer["resize"] = name_of(error)
        sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


main()
