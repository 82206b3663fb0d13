"""The cluster, the writes and the table of benches/crowd.

crowd.py manifests SAMPLE FOLDER SERVICES FILES   writes manifests of RayServices for both ways to apply them
crowd.py create PORT CLUSTERS                     creates RayClusters of ten worker groups
crowd.py load PORT CLUSTERS SECONDS               writes to them as an operator and an autoscaler do
crowd.py writes BEFORE AFTER                      compares two texts of kube-apiserver's metrics
crowd.py table RESULTS SECONDS                    prints the results
"""

import collections
import http.client
import json
import pathlib
import re
import ssl
import statistics
import sys
import threading
import time

REVIEW = pathlib.Path(__file__).parent.parent / "tests/fixtures/reviews/raycluster-create.json"
CLUSTERS = "/apis/ray.io/v1/namespaces/default/rayclusters"
STATUS, ANNOTATION, REPLICAS = "status", "annotation", "replicas"
RATES = {STATUS: 20, ANNOTATION: 2, REPLICAS: 5}  # a second


class KubeApiserver:
    """A client of kube-apiserver over one connection."""

    def __init__(self, port):
        context = ssl._create_unverified_context()
        self.connection = http.client.HTTPSConnection("127.0.0.1", int(port), context=context, timeout=60)

    def send(self, method, path, body, content_type="application/json"):
        headers = {"Authorization": "Bearer administrator", "Content-Type": content_type}
        self.connection.request(method, path, json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status not in (200, 201):
            raise SystemExit(f"{method} {path}: {answer.status} {text}")


def in_parallel(tasks):
    """Runs functions in threads, and ends the program if one of them fails."""
    failures = []

    def run(task):
        try:
            task()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(failures[0])


def manifests(sample, folder, services, files):
    text = pathlib.Path(sample).read_text().split("\n---\n")[0]
    name = re.search(r"^  name: (\S+)$", text, re.MULTILINE)
    for way in ("client", "server"):
        for file in range(int(files)):
            names = (f"{way}-{file}-{number}" for number in range(int(services)))
            parts = (text[: name.start(1)] + other + text[name.end(1) :] for other in names)
            pathlib.Path(folder, f"{way}-{file}").write_text("\n---\n".join(parts))


def create(port, clusters):
    cluster = json.loads(REVIEW.read_bytes())["request"]["object"]
    cluster.pop("status", None)

    def some(first):
        apiserver = KubeApiserver(port)
        for number in range(first, int(clusters), 4):
            metadata = {"name": f"cluster-{number}", "namespace": "default"}
            apiserver.send("POST", CLUSTERS, cluster | {"metadata": metadata})

    in_parallel([lambda first=first: some(first) for first in range(4)])


def write(apiserver, kind, cluster, number):
    path = f"{CLUSTERS}/cluster-{cluster}"
    if kind == STATUS:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        status = {"readyWorkerReplicas": number % 10, "lastUpdateTime": now}
        apiserver.send("PATCH", f"{path}/status", {"status": status}, "application/merge-patch+json")
    elif kind == ANNOTATION:
        metadata = {"annotations": {"example.com/seen": str(number)}}
        apiserver.send("PATCH", path, {"metadata": metadata}, "application/merge-patch+json")
    else:
        change = {"op": "replace", "path": "/spec/workerGroupSpecs/0/replicas", "value": number % 2 + 2}
        apiserver.send("PATCH", path, [change], "application/json-patch+json")


def load(port, clusters, seconds):
    clusters, seconds, sent = int(clusters), float(seconds), {}

    def send(kind, rate):
        apiserver, began = KubeApiserver(port), time.monotonic()
        count = round(seconds * rate)
        for number in range(count):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            # Each cluster gets its turn, and the next round changes it again.
            write(apiserver, kind, number * 7 % clusters, number + number // clusters)
        sent[kind] = count

    began = time.monotonic()
    in_parallel([lambda kind=kind, rate=rate: send(kind, rate) for kind, rate in RATES.items()])
    print(f"took {time.monotonic() - began:.1f}")
    for kind, count in sent.items():
        print(f"sent_{kind} {count}")


def series(text, metric):
    """Yields the labels and the value of each series of a metric."""
    for line in pathlib.Path(text).read_text().splitlines():
        if line.startswith(metric + "{"):
            labels, value = line[len(metric) :].rsplit(" ", 1)
            yield dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)


def writes(before, after):
    """Prints how many writes and calls of each kind there were, and their mean duration in milliseconds."""
    names = {
        ("PATCH", "rayclusters", "status"): "write_status",
        ("PATCH", "rayclusters", ""): "write_raycluster",
        ("PATCH", "rayservices", ""): "apply_client",
        ("APPLY", "rayservices", ""): "apply_server",
    }
    totals = collections.defaultdict(float)
    for file, sign in ((before, -1), (after, 1)):
        for part in ("sum", "count"):
            for labels, value in series(file, f"apiserver_request_duration_seconds_{part}"):
                name = names.get((labels["verb"], labels["resource"], labels["subresource"]))
                if name:
                    totals[name, part] += sign * value
        for part in ("sum", "count"):
            for labels, value in series(file, f"apiserver_admission_webhook_admission_duration_seconds_{part}"):
                if labels["name"].endswith(".rayguard.dev"):
                    totals["call_" + labels["name"].split(".")[0], part] += sign * value
        for labels, value in series(file, "apiserver_admission_match_condition_exclusions_total"):
            totals["excluded"] += sign * value
    for name in [*names.values(), "call_mutate", "call_validate"]:
        count = totals[name, "count"]
        print(f"{name} {count:.0f} {totals[name, 'sum'] / count * 1e3 if count else 0:.3f}")
    print(f"excluded {totals['excluded']:.0f}")


def table(results, seconds):
    arms = {"without": collections.defaultdict(list), "with": collections.defaultdict(list)}
    for line in pathlib.Path(results).read_text().splitlines():
        name, *values = line.split()
        if name == "arm":
            arm = arms[values[0]]
        else:
            arm[name].append([float(value) for value in values])

    def each(name, value):
        rows = [map(value, arm[name], arm["took"]) for arm in arms.values()]
        return [", ".join(f"{number:.1f}" for number in row) or "-" for row in rows]

    def difference(values, _=None):
        return values[0] - values[1]

    def plain(values, _):
        return values[0]

    def per_second(values, took):
        return values[0] / took[0]

    def milliseconds(values, _):
        return values[1]

    rounds = len(arms["with"]["took"])
    print(f"{rounds} rounds of {seconds} s; a figure for each round")
    print(f"{'':58}{'without':>16}{'with rayguard':>16}")
    rows = [
        ("time, s", "took", plain),
        ("CPU of kube-apiserver, s", "apiserver_cpu", difference),
        ("CPU of rayguard, s", "rayguard_cpu", difference),
        ("peak memory of kube-apiserver, MiB", "apiserver_peak", plain),
        ("peak memory of rayguard, MiB", "rayguard_peak", plain),
        ("reviews per second", "reviews", lambda values, took: difference(values) / took[0]),
        ("  of them to /mutate", "call_mutate", per_second),
        ("  mean duration for kube-apiserver, ms", "call_mutate", milliseconds),
        ("  of them to /validate", "call_validate", per_second),
        ("  mean duration for kube-apiserver, ms", "call_validate", milliseconds),
        ("updates that a match condition excludes, per second", "excluded", per_second),
        ("writes of a status per second", "write_status", per_second),
        ("  mean duration, ms", "write_status", milliseconds),
        ("changes of replicas and annotations per second", "write_raycluster", per_second),
        ("  mean duration, ms", "write_raycluster", milliseconds),
        ("client-side applies per second", "apply_client", per_second),
        ("  mean duration, ms", "apply_client", milliseconds),
        ("server-side applies per second", "apply_server", per_second),
        ("  mean duration, ms", "apply_server", milliseconds),
        ("RayServices whose generation has not moved", "unmoved", plain),
    ]
    for title, name, value in rows:
        without, with_rayguard = each(name, value)
        print(f"{title:58}{without:>16}{with_rayguard:>16}")
    cpu = [statistics.mean(difference(values) for values in arm["apiserver_cpu"]) for arm in arms.values()]
    print(f"kube-apiserver uses {cpu[1] / cpu[0]:.2f} times the CPU time with rayguard")


if __name__ == "__main__":
    parts = {"manifests": manifests, "create": create, "load": load, "writes": writes, "table": table}
    parts[sys.argv[1]](*sys.argv[2:])
