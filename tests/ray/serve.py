"""Validates configurations of Ray Serve as one version of Ray does, without a cluster.

    serve.py judge    reads one configuration per line, as JSON, and prints a JSON list of its errors for each
    serve.py fields   prints the fields of a configuration's models, for crates/policy/src/ray/serve/schema.json

A configuration passes the schema first (`ServeDeploySchema`, as in ray/dashboard/modules/serve). Then the controller
applies it to the deployments of the application's code. This program replaces the code: each deployment in the
configuration exists in it and has the defaults of `@serve.deployment`. Modules that a configuration names are not
imported.
"""

import json
import logging
import os
import sys
import types
import typing
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import ray
from ray.serve import config as serve_config
from ray.serve import schema
from ray.serve._private import application_state
from ray.serve._private.config import DeploymentConfig, ReplicaConfig
from ray.serve._private.deployment_info import DeploymentInfo
from ray.runtime_env import RuntimeEnv

MINOR = int(ray.__version__.split(".")[1])
IS_PYDANTIC_2 = hasattr(schema.ServeDeploySchema, "__pydantic_core_schema__")
ROOT = schema.ServeDeploySchema


def without_imports():
    """Replaces the functions that import the user's code, and those that record statistics in a cluster."""
    code = sys.modules["code_of_the_user"] = types.ModuleType("code_of_the_user")
    serve_config.import_attr = lambda path: len
    serve_config.import_module_and_attr = lambda path: (code, len)
    application_state.ServeUsageTag = types.SimpleNamespace(
        AUTO_NUM_REPLICAS_USED=types.SimpleNamespace(record=lambda value: None),
        DEPLOYMENT_CONTAINER_RUNTIME_ENV_USED=types.SimpleNamespace(record=lambda value: None),
    )


def code(name):
    """Returns what the controller knows about a deployment from the application's code."""
    return DeploymentInfo(
        deployment_config=DeploymentConfig(),
        replica_config=ReplicaConfig.create(lambda: None, deployment_def_name=name),
        start_time_ms=0,
        deployer_job_id="00",
        **({"route_prefix": "/"} if MINOR < 56 or "route_prefix" in DeploymentInfo.__init__.__code__.co_varnames else {}),
    )


def errors(stage, error):
    """Returns an error as a list of maps with its stage, location, kind and message."""
    if hasattr(error, "errors") and callable(error.errors):
        return [
            {"stage": stage, "at": list(item["loc"]), "kind": item["type"], "message": item["msg"].splitlines()[0]}
            for item in error.errors()
        ]
    return [{"stage": stage, "at": [], "kind": type(error).__name__, "message": str(error).splitlines()[0] if str(error) else ""}]


def judge(config):
    try:
        parsed = ROOT.model_validate(config) if IS_PYDANTIC_2 else ROOT.parse_obj(config)
    except Exception as error:
        return errors("schema", error)
    found = []
    try:
        options = parsed.http_options.model_dump() if IS_PYDANTIC_2 else parsed.http_options.dict()
        serve_config.HTTPOptions(**options)
    except Exception as error:
        found += errors("http", error)
    for index, application in enumerate(parsed.applications):
        try:
            if application.runtime_env:
                RuntimeEnv(**application.runtime_env)
        except Exception as error:
            found += errors("runtime_env", error)
        names = [deployment.name for deployment in application.deployments]
        infos = {name: code(name) for name in ["ingress of the code", *names]}
        try:
            arguments = [infos, application]
            if application_state.override_deployment_info.__code__.co_varnames[0] == "app_name":
                arguments.insert(0, application.name)
            overridden = application_state.override_deployment_info(*arguments)
        except Exception as error:
            found += errors("deploy", error)
            continue
        for name, info in overridden.items():
            try:
                # It checks the route prefix first. Then it needs a cluster, and raises AttributeError.
                application_state.ApplicationState.apply_deployment_info(None, name, info)
            except application_state.RayServeException as error:
                found += errors("start", error)
                break
            except AttributeError:
                pass
        for info in overridden.values():
            try:
                environment = info.replica_config.ray_actor_options.get("runtime_env")
                if environment:
                    RuntimeEnv(**environment)
            except Exception as error:
                found += errors("runtime_env", error)
    return found


def bounds(*sources):
    found = {}
    for source in sources:
        for name in ("gt", "ge", "lt", "le"):
            value = getattr(source, name, None)
            if value is not None:
                found[name] = value
        if getattr(source, "allow_inf_nan", None) is False:
            found["finite"] = True
    return found


def number(kind, limits, is_strict=False):
    return {"number": kind, **limits, **({"strict": True} if is_strict else {})} if limits or is_strict else kind


class Models:
    """The models that a configuration can contain, found from the root."""

    def __init__(self):
        self.models = {}

    def add(self, model):
        name = model.__name__
        if name not in self.models:
            self.models[name] = None
            describe = self.describe_2 if IS_PYDANTIC_2 else self.describe_1
            self.models[name] = describe(model)
        return {"model": name}

    def of(self, annotation, limits):
        """Returns the description of an annotated type."""
        origin = typing.get_origin(annotation)
        arguments = typing.get_args(annotation)
        if origin is typing.Annotated:
            is_strict = any(getattr(data, "strict", False) for data in arguments[1:])
            kind = self.of(arguments[0], {**limits, **bounds(*arguments[1:])})
            return number(kind, {}, True) if is_strict else kind
        if origin is typing.Union or origin is types.UnionType:
            return {"any of": [self.of(argument, limits) for argument in arguments]}
        if origin is typing.Literal:
            return {"literal": list(arguments)}
        if annotation is type(None):
            return "null"
        if annotation in (dict, typing.Dict) or origin is dict:
            value = self.of(arguments[1], {}) if len(arguments) == 2 and arguments[1] is not typing.Any else "anything"
            return "map" if value == "anything" else {"map of": value}
        if annotation in (list, typing.List) or origin is list:
            return {"list of": self.of(arguments[0], {})}
        if origin is tuple:
            return {"list of": "anything"}
        if annotation is typing.Any:
            return "anything"
        if isinstance(annotation, type) and issubclass(annotation, schema.Enum):
            return {"one of": [member.value for member in annotation]}
        if isinstance(annotation, type) and issubclass(annotation, schema.BaseModel):
            return self.add(annotation)
        if isinstance(annotation, type) and issubclass(annotation, bool):
            return "boolean"
        if isinstance(annotation, type) and issubclass(annotation, int):
            is_strict = getattr(annotation, "strict", False)
            return number("integer", {**limits, **bounds(annotation)}, is_strict)
        if isinstance(annotation, type) and issubclass(annotation, float):
            return number("float", {**limits, **bounds(annotation)})
        if isinstance(annotation, type) and issubclass(annotation, str):
            return "string"
        # Types and callables cannot be written in JSON.
        return "nothing"

    def describe_1(self, model):
        fields = {}
        hints = typing.get_type_hints(model)
        for name, field in model.__fields__.items():
            kind = self.of(hints[name], bounds(field.field_info))
            fields[name] = self.field(kind, field.allow_none, bool(field.required))
        extra = getattr(model.__config__, "extra", "ignore")
        return {"forbids": getattr(extra, "value", extra) == "forbid", "fields": fields}

    def describe_2(self, model):
        fields = {}
        for name, field in model.model_fields.items():
            limits = bounds(*field.metadata)
            kind = self.of(field.annotation, limits)
            if any(getattr(data, "strict", False) for data in field.metadata):
                kind = number(kind, {}, True)
            fields[name] = self.field(kind, False, field.is_required())
        return {"forbids": model.model_config.get("extra") == "forbid", "fields": fields}

    def field(self, kind, is_nullable, is_required):
        """Returns the description of a field, with the alternatives of its type in one list."""
        kinds = []
        for alternative in kind["any of"] if isinstance(kind, dict) and "any of" in kind else [kind]:
            if alternative == "null":
                is_nullable = True
            elif alternative != "nothing":
                kinds.append(alternative)
        return {
            "type": kinds,
            **({"nullable": True} if is_nullable or "anything" in kinds else {}),
            **({"required": True} if is_required else {}),
        }


def fields():
    models = Models()
    models.add(ROOT)
    # In the schema, these are plain maps. The controller reads them later.
    models.add(serve_config.AutoscalingConfig)
    for name in ("RequestRouterConfig", "GangSchedulingConfig", "DeploymentActorConfig", "AutoscalingPolicy"):
        if hasattr(serve_config, name):
            models.add(getattr(serve_config, name))
    return {
        "version": ray.__version__,
        "pydantic": 2 if IS_PYDANTIC_2 else 1,
        "protocols": sorted(protocol.value for protocol in sys.modules[schema.parse_uri.__module__].Protocol),
        "models": models.models,
    }


def main():
    if sys.argv[1] == "fields":
        json.dump(fields(), sys.stdout, sort_keys=True)
        print()
        return
    without_imports()
    for line in sys.stdin:
        print(json.dumps(judge(json.loads(line))))


main()
