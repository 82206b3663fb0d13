# What rayguard's rules worker-reconnect-timeout, missing-redis-address and missing-redis-password say, as far as it can be
# said in a few lines: without names of files, places and the ways around them that rayguard knows. For conftest as it is;
# `benches/cli` makes Gatekeeper's template of it.
package main

import rego.v1

clusters contains input.spec if input.kind == "RayCluster"

clusters contains input.spec.rayClusterConfig if input.kind == "RayService"

clusters contains input.spec.rayClusterSpec if input.kind == "RayJob"

fault_tolerant contains cluster if {
	some cluster in clusters
	cluster.gcsFaultToleranceOptions
}

timeout(group, otherwise) := seconds if {
	some variable in group.template.spec.containers[0].env
	variable.name == "RAY_gcs_rpc_server_reconnect_timeout_s"
	seconds := to_number(variable.value)
} else := otherwise

deny contains message if {
	some cluster in fault_tolerant
	some group in cluster.workerGroupSpecs
	timeout(group, 600) <= timeout(cluster.headGroupSpec, 60)
	message := sprintf("worker group %s gives up on the GCS no later than the head", [group.groupName])
}

deny contains message if {
	some cluster in fault_tolerant
	not cluster.gcsFaultToleranceOptions.redisAddress
	message := "no Redis address"
}

deny contains message if {
	some cluster in fault_tolerant
	not cluster.gcsFaultToleranceOptions.redisPassword
	message := "no Redis password"
}
