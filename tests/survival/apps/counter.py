"""A detached actor that counts, used from the head.

counter.py make NAME MAX_RESTARTS [RESOURCE]   creates the actor
counter.py add NAME                            adds one

Prints one line: `count COUNT POD PROCESS`, or `lost REASON`.
"""

import os
import socket
import sys

import ray


@ray.remote
class Counter:
    def __init__(self):
        self.count = 0

    def add(self):
        self.count += 1
        return self.count, socket.gethostname(), os.getpid()


command, name, *more = sys.argv[1:]
try:
    ray.init(address="auto", namespace="survival", log_to_driver=False, logging_level="error")
    if command == "make":
        resources = {more[1]: 1} if len(more) > 1 else {}
        counter = Counter.options(
            name=name, lifetime="detached", max_restarts=int(more[0]), num_cpus=0.2, resources=resources
        ).remote()
    else:
        counter = ray.get_actor(name)
    print("count", *ray.get(counter.add.remote(), timeout=150 if command == "make" else 20))
except Exception as error:
    print("lost", type(error).__name__, str(error).strip().splitlines()[0][:200])
