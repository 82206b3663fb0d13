"""Sends reviews to replicas of rayguard for benches/year, and forwards kube-apiserver's connections to them, as a
Service does.

    year.py FOLDER KUBE_APISERVER_PORT BALANCER_PORT RATE_THROUGH_KUBE_APISERVER RATE_KEPT RATE_NEW

The folder has `endpoints`, the ports of the replicas for new connections. While it has `pause`, nothing is sent to
kube-apiserver, and this program writes `paused`. It writes `calls`, the number of calls, and `lost`, a line for each
call without a correct answer.
"""

import base64
import http.client
import itertools
import json
import pathlib
import signal
import socket
import ssl
import sys
import threading
import time

WORK = pathlib.Path(sys.argv[1])
APISERVER, BALANCER = int(sys.argv[2]), int(sys.argv[3])
RATES = [float(rate) for rate in sys.argv[4:7]]
REVIEWS = pathlib.Path(__file__).parent.parent / "tests/fixtures/reviews"
DEFAULTED = "RAY_gcs_rpc_server_reconnect_timeout_s"
CLUSTERS = "/apis/ray.io/v1/namespaces/default/rayclusters"
STORED = 20

ending = threading.Event()


class Calls:
    """What became of the calls."""

    def __init__(self):
        self.lock = threading.Lock()
        self.good = {"kube-apiserver": 0, "kept": 0, "new": 0}
        self.slowest = dict.fromkeys(self.good, 0.0)
        self.certificates = set()
        self.lost = 0

    def call(self, way, send):
        began = time.monotonic()
        try:
            problem = send()
        except Exception as error:  # whatever it was, the call has no answer
            problem = repr(error)
        with self.lock:
            self.slowest[way] = max(self.slowest[way], time.monotonic() - began)
            if problem is None:
                self.good[way] += 1
                return
            self.lost += 1
            with open(WORK / "lost", "a") as lost:
                lost.write(f"{time.strftime('%H:%M:%S')} {way}: {problem}\n")

    def write(self):
        with self.lock:
            ways = (f"{self.good[way]} {way} (slowest {self.slowest[way]:.2f} s)" for way in self.good)
            text = f"calls: {', '.join(ways)}; {len(self.certificates)} certificates seen; {self.lost} lost\n"
        (WORK / "calls.new").write_text(text)
        (WORK / "calls.new").rename(WORK / "calls")


calls = Calls()


class KubeApiserver:
    """A client of kube-apiserver over one connection, which pauses while kube-apiserver restarts."""

    def __init__(self):
        self.lock = threading.Lock()
        self.paused = False
        self.connection = None
        self.bundles, self.read_at = [], 0.0

    def send(self, method, path, body=None, content_type="application/json"):
        with self.lock:
            if self.connection is None:
                context = ssl._create_unverified_context()
                self.connection = http.client.HTTPSConnection("127.0.0.1", APISERVER, context=context, timeout=60)
            headers = {"Authorization": "Bearer administrator", "Content-Type": content_type}
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                return answer.status, answer.read().decode()
            except Exception:
                self.connection = None
                raise

    def pause(self):
        """Waits until kube-apiserver is back, if it is about to restart."""
        if not (WORK / "pause").exists():
            return
        with self.lock:
            self.paused = True
            self.connection = None
            (WORK / "paused").touch()
            while (WORK / "pause").exists() and not ending.is_set():
                time.sleep(0.05)
            self.paused = False
            (WORK / "paused").unlink()

    def read_bundles(self):
        began, bundles = time.monotonic(), []
        for phase in ("mutating", "validating"):
            path = f"/apis/admissionregistration.k8s.io/v1/{phase}webhookconfigurations/rayguard"
            _, text = self.send("GET", path)
            webhooks = json.loads(text)["webhooks"]
            bundles += [base64.b64decode(webhook["clientConfig"]["caBundle"]).decode() for webhook in webhooks]
        self.bundles, self.read_at = bundles, began

    def trusted(self, number):
        """Returns a TLS configuration that trusts the CAs that a caBundle has now."""
        while not (self.paused or ending.is_set()) and time.monotonic() - self.read_at > 1:
            time.sleep(0.02)
        bundles = self.bundles
        return ssl.create_default_context(cadata=bundles[number % len(bundles)])


apiserver = KubeApiserver()


def endpoints():
    return [int(port) for port in (WORK / "endpoints").read_text().split()]


def forward(listener):
    """Forwards each connection to the next replica."""
    for turn in itertools.count():
        client, _ = listener.accept()
        ports = endpoints()
        server = socket.create_connection(("127.0.0.1", ports[turn % len(ports)]))
        for source, sink in ((client, server), (server, client)):
            sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=copy, args=(source, sink), daemon=True).start()


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        sink.close()


def reviews():
    """Yields the path, the body and the expected answer of each review, for ever: whether it is allowed, and patched."""
    kinds = [
        ("validate", "raycluster-create", True, False),
        ("mutate", "raycluster-create", True, True),
        ("validate", "raycluster-refused", False, False),
        ("mutate", "rayservice-create", True, True),
        ("validate", "raycluster-scale", True, False),
        ("mutate", "raycluster-scale", True, None),
        ("validate", "rayservice-create", True, False),
    ]
    bodies = {name: (REVIEWS / f"{name}.json").read_bytes() for _, name, _, _ in kinds}
    for path, name, allowed, patched in itertools.cycle(kinds):
        yield f"/{path}", bodies[name], allowed, patched


def review(connection, path, body, allowed, patched):
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    response = json.loads(text)["response"] if answer.status == 200 else {}
    if response.get("allowed") is not allowed or (patched is not None and ("patch" in response) is not patched):
        return f"{answer.status} {text[:300]}"
    return None


def connect(port, context):
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=30)
    connection.connect()
    with calls.lock:
        calls.certificates.add(connection.sock.getpeercert(binary_form=True))
    return connection


def kept():
    """Returns a function that sends a review over a connection that is kept, to one replica after the other."""
    connections, sequence, number = {}, reviews(), itertools.count()

    def send():
        turn = next(number)
        context = None
        if any(connections.get(port) is None or connections[port].sock is None for port in endpoints()):
            context = apiserver.trusted(turn)  # which can take a while, so the replica is chosen afterwards
        ports = endpoints()
        for port in set(connections) - set(ports):
            connections.pop(port).close()
        port = ports[turn % len(ports)]
        try:
            if port not in connections or connections[port].sock is None:  # the answer had `Connection: close`
                connections[port] = connect(port, context or apiserver.trusted(turn))
            return review(connections[port], *next(sequence))
        except Exception:
            connections.pop(port, None)
            raise

    return send


def new():
    """Returns a function that sends a review over a new connection."""
    sequence, number = reviews(), itertools.count()

    def send():
        turn = next(number)
        context = apiserver.trusted(turn // 2)  # which can take a while, so the replica is chosen afterwards
        ports = endpoints()
        connection = connect(ports[turn % len(ports)], context)
        try:
            return review(connection, *next(sequence))
        finally:
            connection.close()

    return send


def clusters():
    """Returns a function that sends the next write of a RayCluster: two creations, a bad one, and a change of size."""

    def cluster(review, name):
        found = json.loads((REVIEWS / f"{review}.json").read_bytes())["request"]["object"]
        found.pop("status", None)
        found["metadata"] = {"name": name, "namespace": "default"}
        return json.dumps(found)

    good, bad = cluster("raycluster-create", "good"), cluster("raycluster-refused", "bad")
    while DEFAULTED not in apiserver.send("POST", f"{CLUSTERS}?dryRun=All", good)[1]:
        time.sleep(0.1)  # kube-apiserver has not noticed the configurations yet
    while apiserver.send("POST", f"{CLUSTERS}?dryRun=All", bad)[0] == 201:
        time.sleep(0.1)
    for number in range(STORED):
        status, text = apiserver.send("POST", CLUSTERS, cluster("raycluster-create", f"stored-{number}"))
        if status != 201:
            sys.exit(text)
    number = itertools.count()

    def send():
        turn = next(number)
        if turn % 4 == 3:
            change = [{"op": "replace", "path": "/spec/workerGroupSpecs/0/maxReplicas", "value": turn // 4 // STORED % 3 + 100}]
            path, patch = f"{CLUSTERS}/stored-{turn // 4 % STORED}", "application/json-patch+json"
            status, text = apiserver.send("PATCH", path, json.dumps(change), patch)
            return None if status == 200 else f"{status} {text[:300]}"
        if turn % 4 == 1:
            status, text = apiserver.send("POST", f"{CLUSTERS}?dryRun=All", bad)
            is_right = 400 <= status < 500 and '.rayguard.dev\\" denied the request' in text
        else:
            status, text = apiserver.send("POST", f"{CLUSTERS}?dryRun=All", good)
            is_right = status == 201 and DEFAULTED in text
        return None if is_right else f"{status} {text[:300]}"

    return send


def repeat(way, send, rate):
    due = time.monotonic()
    while not ending.is_set():
        calls.call(way, send)
        due = max(due + 1 / rate, time.monotonic() - 1)
        time.sleep(max(0.0, due - time.monotonic()))


def refresh():
    while not ending.is_set():
        apiserver.read_bundles()
        time.sleep(0.3)


def main():
    def background(target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        thread.start()
        return thread

    background(forward, socket.create_server(("127.0.0.1", BALANCER), backlog=128))
    apiserver.read_bundles()
    senders = [("kube-apiserver", clusters()), ("kept", kept()), ("new", new())]
    background(refresh)
    threads = [background(repeat, way, send, rate) for (way, send), rate in zip(senders, RATES)]
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    while not ending.is_set():
        calls.write()
        apiserver.pause()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    calls.write()


main()
