"""Prints one line for each node that the GCS knows: `node POD ADDRESS alive|dead`."""

import ray

ray.init(address="auto", namespace="survival", log_to_driver=False, logging_level="error")
for node in ray.nodes():
    print("node", node["NodeManagerHostname"], node["NodeManagerAddress"], "alive" if node["Alive"] else "dead")
