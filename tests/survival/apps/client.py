"""Sends one request after the other, each on a new connection, for as long as it runs: client.py URL PAUSE

Prints one line of JSON for each request that failed or took more than a second, and one for each second in which requests
were sent. `at` is the time of the start in seconds since 1970, `took` in seconds.
"""

import json
import sys
import time
import urllib.request

url, pause = sys.argv[1], float(sys.argv[2])
sent = 0
last = time.time()
pods = set()
while True:
    at = time.time()
    error = None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=b"4 8"), timeout=30) as answer:
            reply = json.load(answer)
            if reply["sum"] != 12:
                error = f"wrong answer {reply}"
            pods.add(reply["pod"])
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"[:200]
    took = time.time() - at
    sent += 1
    if error or took > 1:
        print(json.dumps({"at": at, "took": took, "error": error}), flush=True)
    if time.time() - last >= 1:
        last = time.time()
        print(json.dumps({"at": last, "sent": sent, "pods": sorted(pods)}), flush=True)
        pods = set()
    time.sleep(0.1 if error else pause)
