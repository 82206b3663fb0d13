"""Sends requests at a rate, for benches/apiserver: one after the other, over one connection that is kept. A request that has
to wait for the answer of the one before it begins late. It prints how many did.

rate.py create PORT FILE CALLS RATE    creates the RayService of a JSON file, as a dry run, in kube-apiserver
rate.py replace PORT FILE CALLS RATE   changes a limit of the RayCluster of a JSON file, as a dry run
rate.py review PORT FILE CALLS RATE    sends a review to /mutate of rayguard, and prints the time until its answer
"""

import http.client
import json
import pathlib
import ssl
import sys
import time

RESOURCES = "/apis/ray.io/v1/namespaces/default"
TOKEN = {"Authorization": "Bearer administrator"}


def ask(connection, method, path, body=None):
    connection.request(method, path, body, {"Content-Type": "application/json"} | TOKEN)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in (200, 201):
        sys.exit(f"{method} {path}: {answer.status} {text.decode()}")
    return text


def requests(kind, connection, content):
    """Returns the method, the path, and the bodies that take turns."""
    if kind == "review":
        return "POST", "/mutate", [content]
    thing = json.loads(content)
    if kind == "create":
        return "POST", f"{RESOURCES}/rayservices?dryRun=All", [content]
    path = f"{RESOURCES}/rayclusters/{thing['metadata']['name']}"
    stored = json.loads(ask(connection, "GET", path))
    bodies = []
    for most in (100, 101):
        stored["spec"]["workerGroupSpecs"][0]["maxReplicas"] = most
        bodies.append(json.dumps(stored))
    return "PUT", f"{path}?dryRun=All", bodies


def main(kind, port, file, calls, rate):
    connection = http.client.HTTPSConnection("127.0.0.1", int(port), context=ssl._create_unverified_context())
    method, path, bodies = requests(kind, connection, pathlib.Path(file).read_bytes())
    ask(connection, method, path, bodies[0])  # the connection is set up
    durations, late, began = [], 0, time.monotonic()
    for number in range(int(calls)):
        due = began + number / float(rate)
        late += time.monotonic() > due and number > 0
        time.sleep(max(0.0, due - time.monotonic()))
        start = time.monotonic()
        ask(connection, method, path, bodies[number % len(bodies)])
        durations.append((time.monotonic() - start) * 1e3)
    if late:
        print(f"{late} of {calls} requests began late ({kind})")
    if kind == "review":
        durations.sort()
        within = sum(duration <= 5 for duration in durations) / len(durations)
        p99 = durations[int(len(durations) * 0.99)]
        mean = sum(durations) / len(durations)
        print(f"{'without kube-apiserver UPDATE':30} {len(durations):6} {mean:9.2f} {within:8.2%} {p99:8.2f}")


main(*sys.argv[1:])
