"""Decides as `ray start` of the Ray in PYTHONPATH does in a Pod that KubeRay made.

It reads one Pod per line, {"head", "pod"}, and writes {"refused"} with Ray's error, or null if Ray starts its raylet.
Up to the command of the raylet, the real code runs: bash splits the line, click parses it, and Ray checks and resolves
the parameters. Only the kubelet's expansion of variables is repeated here. This program replaces the processes and their
answers, the address of the node, and the sizes of its memory, which come from the Pod.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types

SCRATCH = tempfile.mkdtemp(prefix="ray", dir="/tmp")
os.environ.clear()
os.environ.update(PATH="/usr/bin:/bin", HOME=SCRATCH, RAY_TMPDIR=SCRATCH, RAY_USAGE_STATS_ENABLED="0")

import click  # noqa: E402
import ray  # noqa: E402  Ray has psutil in its wheel.
from ray._private import accelerators, node, services, utils  # noqa: E402
from ray.scripts import scripts  # noqa: E402
import psutil  # noqa: E402

# The memory of a machine on which each Pod fits.
MACHINE = 1 << 46
# The session of the head, for workers. Its last number is a process ID, and as short as possible.
SESSION = "session_2026-01-31_23-59-59_123456_1"
# The address of the node. Its value does not matter, but Ray needs one.
ADDRESS = "10.0.0.1"


class Started(BaseException):
    """The raylet's command is complete."""


class Pod:
    """The memory and CPUs that a Pod gives to Ray's container."""

    limit: "int | None" = None
    shm = 0
    cpus = 1e6


def quantity(text: str) -> float:
    """Reads one of the quantities that the test generates, such as `2Gi`."""
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text)).groups()
    powers = {"": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    return float(number) * powers[unit]


def start_process(command, process_type, *_, **__):
    if process_type == "raylet":
        raise Started
    return types.SimpleNamespace(process=types.SimpleNamespace(poll=lambda: None, pid=1, returncode=None))


def connect(self, *_, **__):
    self._gcs_address = self._gcs_address or f"{ADDRESS}:6379"
    self._gcs_client = types.SimpleNamespace()
    self.cluster_id = types.SimpleNamespace(hex=lambda: "01" * 28)
    return self._gcs_client


# The modules of Ray differ between versions, so an attribute that does not exist is not replaced.
def replace(owner, name, value):
    if hasattr(owner, name):
        setattr(owner, name, value)


def replace_processes():
    silent = lambda *_, **__: None  # noqa: E731
    replace(services, "start_ray_process", start_process)
    for name in ["_register_shutdown_hooks", "_write_cluster_info_to_kv", "start_api_server", "start_monitor"]:
        replace(node.Node, name, silent)
    for name in ["start_log_monitor", "start_reaper_process", "check_version_info", "_record_stats"]:
        replace(node.Node, name, silent)
    replace(node.Node, "start_ray_client_server", silent)
    replace(node.Node, "_get_system_processes_for_resource_isolation", lambda *_: "")
    replace(node.Node, "_init_gcs_client", connect)
    replace(node.Node, "get_gcs_client", lambda self: self._gcs_client or connect(self))
    replace(node, "wait_for_persisted_port", lambda *_, **__: 6379)
    # Ray would choose free ones.
    names = ["metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port"]
    ports = {name: 40001 + index for index, name in enumerate([*names, "gcs_server_port"])}
    replace(node.Node, "_get_cached_port", lambda self, name, default_port=None: default_port or ports[name])
    for module in [services, utils, ray.util, ray._private.worker, node]:
        replace(module, "get_node_ip_address", lambda *_: ADDRESS)
    replace(services, "find_bootstrap_address", silent)
    replace(services, "find_gcs_addresses", functools.lru_cache(set))
    replace(services, "get_webui_url_from_internal_kv", lambda: f"{ADDRESS}:8265")
    replace(services, "get_storage_uri_from_internal_kv", silent)
    replace(services, "write_node_ip_address", silent)
    replace(scripts.usage_lib, "show_usage_stats_prompt", silent)
    replace(utils, "internal_kv_get_with_retry", lambda *_, **__: SESSION.encode())
    alive = types.SimpleNamespace(state=0, temp_dir=SCRATCH, session_dir=f"{SCRATCH}/{SESSION}")
    replace(node, "get_all_node_info_until_retrieved", lambda *_, **__: [alive])
    state = ray._private.state.GlobalState
    replace(state, "_initialize_global_state", silent)
    replace(state, "get_system_config", lambda *_: {"automatic_object_spilling_enabled": False})
    # The accelerators of a node come from its hardware and from its cloud.
    for name in accelerators.get_all_accelerator_resource_names():
        manager = accelerators.get_accelerator_manager_for_resource(name)
        if manager is not None:
            manager.get_current_node_num_accelerators = staticmethod(lambda: 0)
            manager.get_current_node_accelerator_type = staticmethod(silent)
            manager.get_current_node_additional_resources = staticmethod(silent)
            manager.get_current_node_accelerator_labels = staticmethod(silent)
    # If a plasma directory or a temporary directory is set, it exists in the container.
    replace(services, "os", proxy(os, path=proxy(os.path, isdir=lambda _: True)))


def proxy(module, **replaced):
    """Returns a module with some of its functions replaced."""
    copy = types.SimpleNamespace(**{name: getattr(module, name) for name in dir(module)})
    copy.__dict__.update(replaced)
    return copy


def replace_memory():
    limits = os.path.join(SCRATCH, "memory.max")
    absent = os.path.join(SCRATCH, "absent")
    owners = [utils] + ([ray._common.utils] if hasattr(ray, "_common") else [])
    for owner in owners:
        if hasattr(owner, "get_system_memory"):
            owner.get_system_memory.__defaults__ = (absent, limits)
        if hasattr(owner, "get_used_memory"):
            owner.get_used_memory = lambda: 0
        if hasattr(owner, "get_num_cpus"):
            owner.get_num_cpus = lambda *_, truncate=True, **__: max(1, int(Pod.cpus)) if truncate else Pod.cpus
    utils.get_used_memory = lambda: 0
    utils.get_shared_memory_bytes = lambda: Pod.shm
    memory = types.SimpleNamespace(total=MACHINE, available=MACHINE, used=0)
    psutil.virtual_memory = lambda: memory
    return limits


def expand(text: str, variables: "dict[str, str]") -> str:
    """Replaces $(NAME) as the kubelet does (k8s.io/kubernetes/third_party/forked/golang/expansion/expand.go)."""
    def one(match):
        if match[0] == "$$":
            return "$"
        return variables.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", one, text)


def environment(container: dict) -> "dict[str, str]":
    variables = {}
    for variable in container.get("env") or []:
        variables[variable["name"]] = expand(variable.get("value", ""), variables)
    return variables


def is_kuberays(container: dict) -> bool:
    """Whether the container runs KubeRay's command and no other."""
    return (container.get("command") or [])[:3] == ["/bin/bash", "-c", "--"] and len(container.get("args") or []) == 1


def words(container: dict, variables: "dict[str, str]") -> "list[str] | None":
    """Returns the arguments of `ray` that bash makes of the container's command line."""
    command = [expand(word, variables) for word in (container.get("command") or []) + (container.get("args") or [])]
    assert command[:3] == ["/bin/bash", "-c", "--"] and len(command) == 4, command
    line = "ulimit() { :; }; ray() { printf '%s\\0' \"$@\" >&3; }\n" + command[3]
    read, write = os.pipe()
    with os.fdopen(read, "rb") as output:
        place = {"PATH": os.environ["PATH"], "HOME": SCRATCH, **variables}
        done = subprocess.run(
            ["/bin/bash", "-c", f"exec 3>&{write}; {line}"], cwd=SCRATCH, env=place, pass_fds=[write],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        text = output.read().decode()
    return text.split("\0")[:-1] if done.returncode == 0 else None


def read_memory(pod: dict, container: dict, limits: str):
    resources = container.get("resources") or {}
    limit = (resources.get("limits") or {}).get("memory")
    cpus = (resources.get("limits") or {}).get("cpu")
    Pod.limit = int(quantity(limit)) if limit is not None else None
    Pod.cpus = quantity(cpus) if cpus is not None else 1e6
    # kubelet limits a volume in memory by its sizeLimit and by the Pod's limit.
    sizes = [MACHINE // 2, Pod.limit or MACHINE]
    mounted = {mount["name"]: mount for mount in container.get("volumeMounts") or [] if mount["mountPath"] == "/dev/shm"}
    for volume in pod.get("volumes") or []:
        if volume["name"] in mounted and (volume.get("emptyDir") or {}).get("sizeLimit") is not None:
            sizes.append(int(quantity(volume["emptyDir"]["sizeLimit"])))
    # Without a volume, the container runtime makes /dev/shm of 64 MiB.
    Pod.shm = min(sizes) if mounted else 64 << 20
    with open(limits, "w") as file:
        file.write("max" if Pod.limit is None else str(Pod.limit))


def run(arguments: "list[str]") -> "str | None":
    try:
        scripts.start.main(args=arguments, prog_name="ray start", standalone_mode=False)
        return "it returned"
    except Started:
        return None
    except click.ClickException as error:
        return f"{type(error).__name__}: {error.format_message()}"
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"


def decide(question: dict, limits: str) -> "str | None":
    container = question["pod"]["containers"][0]
    variables = environment(container)
    if not is_kuberays(container):
        return "own command"
    read_memory(question["pod"], container, limits)
    arguments = words(container, variables)
    if arguments is None:
        return "bash: error"
    if arguments[:1] != ["start"]:
        return "bash: no ray start"
    before = dict(os.environ)
    # There is no Redis.
    ours = {name: value for name, value in variables.items() if name.startswith("RAY_") and "REDIS" not in name}
    os.environ.update(ours)
    try:
        return run(arguments[1:])
    finally:
        os.environ.clear()
        os.environ.update(before)
        for file in os.listdir(SCRATCH):
            path = os.path.join(SCRATCH, file)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)


def child(limits: str):
    """Starts a process that answers questions, because Ray's C++ code may end the process."""
    asks, asked = os.pipe()
    answers, answered = os.pipe()
    if os.fork() == 0:
        os.close(asked)
        os.close(answers)
        with open(os.path.join(SCRATCH, "stderr"), "w") as errors:
            os.dup2(errors.fileno(), 2)
        with os.fdopen(asks) as questions, os.fdopen(answered, "w") as out:
            for line in questions:
                out.write(json.dumps({"refused": decide(json.loads(line), limits)}) + "\n")
                out.flush()
        os._exit(0)
    os.close(asks)
    os.close(answered)
    return os.fdopen(asked, "w"), os.fdopen(answers)


def main():
    # With a relative temp-dir, Ray makes its folders below the current one.
    os.chdir(SCRATCH)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    replace_processes()
    limits = replace_memory()
    with open(limits, "w") as file:
        file.write("max")
    # Ray imports some modules late.
    Pod.shm = MACHINE
    for arguments in [["--head"], ["--address=head:6379"]]:
        assert run(arguments) is None, arguments
    process = None
    for line in sys.stdin:
        questions, answers = process = process or child(limits)
        questions.write(line)
        questions.flush()
        answer = answers.readline()
        if not answer:
            os.wait()
            process = None
            with open(os.path.join(SCRATCH, "stderr")) as errors:
                checks = [line.split("Check failed: ")[-1] for line in errors if "Check failed" in line]
            answer = json.dumps({"refused": f"abort: {''.join(checks).strip()}"}) + "\n"
        out.write(answer)
        out.flush()


parent = os.getpid()
try:
    main()
finally:
    if os.getpid() == parent:
        shutil.rmtree(SCRATCH, ignore_errors=True)
