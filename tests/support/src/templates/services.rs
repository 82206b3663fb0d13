//! The Services that KubeRay makes of `headService`, `serveService`, `serviceType` and the ports of the head.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};
use super::text::{keys, label_values, names};

/// Returns specs of Services that are merged into one with a port.
fn specs() -> Vec<Value> {
    list(json!([
        {}, {"ports": null}, {"type": "NodePort"}, {"type": "LoadBalancer"}, {"type": "ClusterIP"},
        {"type": "clusterIP"}, {"type": ""}, {"type": "ExternalName"}, {"type": "ExternalName", "externalName": "a.b"},
        {"type": "ExternalName", "externalName": "A_b"}, {"externalName": "a.b"}, {"type": "Other"},
        {"clusterIP": "None"}, {"clusterIP": "none"}, {"clusterIP": "10.0.0.1"}, {"clusterIP": "bad"},
        {"clusterIP": ""},
        {"type": "NodePort", "clusterIP": "None"}, {"type": "LoadBalancer", "clusterIP": "None"},
        {"type": "ExternalName", "externalName": "a", "clusterIP": "None"},
        {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]},
        {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.2"]}, {"clusterIPs": ["10.0.0.1"]},
        {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"]},
        {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "10.0.0.2"]},
        {"clusterIP": "None", "clusterIPs": ["None", "10.0.0.1"]},
        {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1", "10.0.0.2"]}, {"ipFamilies": ["IPv4"]},
        {"ipFamilies": ["ipv4"]}, {"ipFamilies": ["IPv4", "IPv4"]},
        {"clusterIP": "10.0.0.1", "ipFamilies": ["IPv6"]}, {"ipFamilyPolicy": "SingleStack"},
        {"ipFamilyPolicy": "single"}, {"ipFamilyPolicy": "PreferDualStack"}, {"ipFamilyPolicy": ""},
        {"type": "ExternalName", "externalName": "a", "ipFamilies": ["IPv4"]},
        {"type": "ExternalName", "externalName": "a", "ipFamilyPolicy": "SingleStack"},
        {"sessionAffinity": "ClientIP"}, {"sessionAffinity": "None"}, {"sessionAffinity": "clientIP"},
        {"sessionAffinity": ""}, {"sessionAffinity": "ClientIP",
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}}},
        {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86400}}},
        {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 86401}}},
        {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {}},
        {"sessionAffinity": "None", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}},
        {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}},
        {"externalIPs": ["1.2.3.4"]}, {"externalIPs": ["bad"]}, {"externalIPs": ["127.0.0.1"]},
        {"externalIPs": ["0.0.0.0"]}, {"externalIPs": ["169.254.1.1"]}, {"externalIPs": ["224.0.0.1"]},
        {"externalIPs": ["010.0.0.1"]}, {"externalIPs": ["::ffff:1.2.3.4"]},
        {"loadBalancerSourceRanges": ["10.0.0.0/8"]}, {"type": "LoadBalancer",
        "loadBalancerSourceRanges": ["10.0.0.0/8"]}, {"type": "LoadBalancer",
        "loadBalancerSourceRanges": ["10.0.0.0"]}, {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.1/8"]},
        {"type": "LoadBalancer", "loadBalancerSourceRanges": [" 10.0.0.0/8 "]},
        {"type": "LoadBalancer", "loadBalancerSourceRanges": [""]},
        {"type": "LoadBalancer", "loadBalancerSourceRanges": ["2001:db8::/32"]},
        {"type": "LoadBalancer", "loadBalancerIP": "bad"},
        {"loadBalancerClass": "a"}, {"type": "LoadBalancer", "loadBalancerClass": "a"},
        {"type": "LoadBalancer", "loadBalancerClass": "a b"}, {"type": "LoadBalancer", "loadBalancerClass": "a.b/c"},
        {"type": "LoadBalancer", "loadBalancerClass": ""},
        {"allocateLoadBalancerNodePorts": true}, {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false},
        {"type": "NodePort", "allocateLoadBalancerNodePorts": false}, {"externalTrafficPolicy": "Local"},
        {"type": "NodePort", "externalTrafficPolicy": "Local"},
        {"type": "LoadBalancer", "externalTrafficPolicy": "local"},
        {"type": "LoadBalancer", "externalTrafficPolicy": ""}, {"externalTrafficPolicy": "Cluster"},
        {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 32000},
        {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": -1},
        {"type": "LoadBalancer", "healthCheckNodePort": 32000}, {"healthCheckNodePort": 32000},
        {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 70000},
        {"externalIPs": ["1.2.3.4"], "externalTrafficPolicy": "Cluster"},
        {"externalIPs": ["1.2.3.4"], "externalTrafficPolicy": "Local"}, {"internalTrafficPolicy": "Local"},
        {"internalTrafficPolicy": "Cluster"}, {"internalTrafficPolicy": "local"}, {"internalTrafficPolicy": ""},
        {"trafficDistribution": "PreferClose"}, {"trafficDistribution": "PreferSameNode"},
        {"trafficDistribution": "PreferSameZone"}, {"trafficDistribution": "bad"}, {"trafficDistribution": ""},
        {"selector": {"a b": "c"}}, {"selector": {"a": "b"}},
        {"publishNotReadyAddresses": true},
    ]))
}

fn ports() -> Vec<Value> {
    let mut all = list(json!([
        [], [{"port": 9000}], [{"port": 0, "name": "x"}], [{"port": -1, "name": "x"}],
        [{"port": 65535, "name": "x"}], [{"port": 65536, "name": "x"}],
        [{"port": 9000, "name": "x", "protocol": "UDP"}], [{"port": 9000, "name": "x", "protocol": "udp"}],
        [{"port": 9000, "name": "x", "protocol": ""}], [{"port": 9000, "name": "x", "protocol": "SCTP"}],
        [{"port": 9000, "name": "x", "targetPort": 0}], [{"port": 9000, "name": "x", "targetPort": 65536}],
        [{"port": 9000, "name": "x", "targetPort": "web"}],
        [{"port": 9000, "name": "x", "targetPort": "Web"}], [{"port": 9000, "name": "x", "targetPort": ""}],
        [{"port": 9000, "name": "x", "targetPort": "a-very-long-port-name"}],
        [{"port": 9000, "name": "x", "targetPort": 8080}], [{"port": 9000, "name": "x", "targetPort": -1}],
        [{"port": 9000, "name": "x", "targetPort": "8080"}], [{"port": 9000, "name": "x", "nodePort": 30000}],
        [{"port": 9000, "name": "x", "nodePort": -1}], [{"port": 9000, "name": "x", "appProtocol": "http"}],
        [{"port": 9000, "name": "x", "appProtocol": "a b"}],
        [{"port": 9000, "name": "x", "appProtocol": "kubernetes.io/h2c"}],
        [{"port": 9000, "name": "x", "appProtocol": "kubernetes.io/nope"}],
        [{"port": 9000, "name": "x", "appProtocol": ""}], [{"port": 9000, "name": "x", "appProtocol": "HTTP"}],
        [{"port": 9000, "name": "x"}, {"port": 9001, "name": "x"}], [{"port": 9000, "name": "x"}, {"port": 9001}],
        [{"port": 6379, "name": "mine"}], [{"port": 9000, "name": "dashboard"}], [{"port": 8000, "name": "serve"}],
        [{"port": 8080, "name": "metrics"}],
        [{"port": 8080, "name": "web"}], [{"port": 8000, "name": "web", "targetPort": 8000}],
        [{"port": 80, "name": "serve", "targetPort": 8000}], [{"port": 9000, "name": "x", "protocol": "UDP"},
        {"port": 9000, "name": "y"}], [{"port": 8265, "name": "x", "protocol": "UDP"}],
    ]));
    all.extend(each(&json!([{"port": 9000, "name": "?"}]), &names()));
    all
}

pub(super) fn changes() -> Vec<Change> {
    let with = |spec: &Value| {
        let mut merged = json!({"ports": [{"name": "extra", "port": 9000}]});
        spec.as_object().expect("a map").iter().for_each(|(name, value)| merged[name] = value.clone());
        merged
    };
    let mut labels = each(&json!({"?": "v"}), &keys());
    labels.extend(each(&json!({"k": "?"}), &label_values()));
    let types =
        json!(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "clusterIP", "", "loadbalancer", "Other"]);
    let exposed: Vec<_> = list(json!([
        [{"port": 9000, "name": "x", "nodePort": 30000}], [{"port": 9000, "name": "x", "nodePort": 30000},
        {"port": 9001, "name": "y", "nodePort": 30000}], [{"port": 9000, "name": "x", "nodePort": 70000}],
        [{"port": 9000, "name": "x", "nodePort": -1}], [{"port": 9000, "name": "x", "nodePort": 30000},
        {"port": 9001, "name": "y", "nodePort": 30000, "protocol": "UDP"}],
    ]));
    vec![
        change!(Service "/spec" = specs().iter().map(with).collect()),
        change!(Service "/spec" = each(&json!({"ports": "?"}), &ports())),
        change!(Service "/spec" = each(&json!({"type": "NodePort", "ports": "?"}), &exposed)),
        change!(Service "/spec" = each(&json!({"type": "ClusterIP", "clusterIP": "None", "ports": "?"}), &ports())),
        change!(Service "/metadata" = each(&json!({"name": "?"}), &names())),
        change!(Service "/metadata" = each(&json!({"labels": "?"}), &labels)),
        change!(Service "/metadata" = each(&json!({"annotations": {"?": "v"}}), &keys())),
        change!(Service "/metadata" = [
            {"namespace": "other"}, {"finalizers": ["a"]}, {"finalizers": ["a.b/c"]},
            {"annotations": {"service.beta.kubernetes.io/load-balancer-source-ranges": "10.0.0.0/8"}},
            {"annotations": {"service.beta.kubernetes.io/load-balancer-source-ranges": "bad"}},
            {"annotations": {"service.kubernetes.io/topology-mode": "Auto"}},
            {"annotations": {"service.kubernetes.io/topology-mode": "Auto",
            "service.kubernetes.io/topology-aware-hints": "Disabled"}}, {"annotations": {"a": "x".repeat(263_000)}}, {},
        ]),
        change!(Head "/serviceType" = list(types)),
        change!(Head "/template/spec/containers/0/ports" = [
            [], [{"containerPort": 8000, "name": "serve"}], [{"containerPort": 6379, "name": "a"},
            {"containerPort": 6379, "name": "b", "protocol": "UDP"}], [{"containerPort": 8080}],
            [{"containerPort": 8080, "name": "web"}],
            [{"containerPort": 9000}, {"containerPort": 9001}], [{"containerPort": 9000, "name": "Bad"}],
            [{"containerPort": 9000, "protocol": "UDP"}], [{"containerPort": 9000, "name": "a.b"}],
            [{"containerPort": 8080, "name": "metrics"}],
            [{"containerPort": 9000, "name": "metrics"}], [{"containerPort": 9000, "name": "a--b"}],
            [{"containerPort": 9000, "name": "9000-port"}, {"containerPort": 9000, "protocol": "UDP"}],
            [{"containerPort": 8080, "protocol": "UDP"}], [{"containerPort": 9000, "name": "x"},
            {"containerPort": 9000, "name": "x", "protocol": "UDP"}], [{"containerPort": 9000, "name": "a"},
            {"containerPort": 9001, "name": "a"}],
        ]),
    ]
}
