"""Reads the arguments of `ray job submit` as Ray does, and starts nothing.

Reads one JSON list of arguments per line. Writes one JSON object per line: {"error": …} if Ray refuses the arguments
or the job's resources, or {"error": null, "id": …, "entrypoint": …}.
"""

import contextlib
import io
import json
import sys
from unittest import mock

import ray
from ray.dashboard.modules.job import cli
from ray.dashboard.modules.job.common import JobSubmitRequest


@ray.remote
class Supervisor:
    """Has the options of the actor that runs a job."""


def submit(**job):
    """Checks a job as the client and the job manager do."""
    keys = ("entrypoint", "submission_id", "runtime_env", "metadata", "entrypoint_num_cpus", "entrypoint_num_gpus")
    JobSubmitRequest(entrypoint_resources=job["entrypoint_resources"], **{key: job[key] for key in keys})
    Supervisor.options(
        num_cpus=job["entrypoint_num_cpus"] or 0,
        num_gpus=job["entrypoint_num_gpus"] or 0,
        resources=job["entrypoint_resources"],
    )
    return "submitted"


def judge(arguments):
    client = mock.Mock()
    client.submit_job.side_effect = submit
    output = io.StringIO()
    with (
        mock.patch.object(cli, "_get_sdk_client", return_value=client),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        try:
            # Without it, Ray follows the logs of the job, which does not exist.
            cli.submit.main(args=["--no-wait", *arguments], prog_name="submit", standalone_mode=False)
        except BaseException as error:  # click raises its own and SystemExit
            return {"error": f"{type(error).__name__}: {error}"}
    job = client.submit_job.call_args.kwargs
    return {"error": None, "id": job["submission_id"], "entrypoint": job["entrypoint"]}


for line in sys.stdin:
    print(json.dumps(judge(json.loads(line))))
