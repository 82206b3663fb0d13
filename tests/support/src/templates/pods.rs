//! Fields of a Pod's spec that are about the whole Pod: restarts, names, DNS, hosts, accounts.

use serde_json::json;

use super::change::{Change, change, each, list};
use super::text::names;

pub(super) fn changes() -> Vec<Change> {
    let searches: Vec<_> = (0..33).map(|index| format!("s{index}.example.com")).collect();
    let long: Vec<_> = (0..32).map(|index| format!("{}{index}.example.com", "s".repeat(60))).collect();
    let addresses = list(json!([
        "",
        "10.0.0.1",
        "::1",
        "2001:db8::1",
        "10.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "localhost",
        "10.0.0.1/8",
        " 10.0.0.1",
        "::ffff:1.2.3.4",
        "fe80::1%eth0",
        "[::1]",
        "0.0.0.0",
    ]));
    let hosts = list(json!(["a", "a.b", "A", "a_b", "", "*.a", "-a", "a.", "a b", "h".repeat(254)]));
    vec![
        change!(Pod "/restartPolicy" = ["Always", "OnFailure", "Never", "always", "", "no", "never"]),
        change!(Pod "/dnsPolicy" = ["ClusterFirst", "Default", "None", "ClusterFirstWithHostNet", "clusterFirst", "",
        "none"]),
        change!(Pod "/dnsPolicy" = ["None", "ClusterFirst"], Pod "/dnsConfig" = [{}, {"nameservers": []},
        {"nameservers": ["10.0.0.1"]}, null]),
        change!(Pod "/dnsConfig" = each(&json!({"nameservers": ["?"]}), &addresses)),
        change!(Pod "/dnsConfig" = each(&json!({"searches": ["?"]}), &hosts)),
        change!(Pod "/dnsConfig" = each(&json!({"searches": ["?"]}), &names())),
        change!(Pod "/dnsConfig" = [
            {"nameservers": ["10.0.0.1", "10.0.0.2", "10.0.0.3"]},
            {"nameservers": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]}, {"searches": searches},
            {"searches": long},
            {"searches": ["."]}, {"searches": ["_tcp.example.com"]}, {"searches": ["a.b."]},
            {"options": [{"name": "ndots", "value": "2"}]}, {"options": [{"name": ""}]}, {"options": [{"value": "2"}]},
            {"options": [{"name": "edns0"}]}, {"searches": [".a"]}, {"searches": ["a_b.c"]}, {"options": []},
            {"searches": ["x".repeat(2049)]},
        ]),
        change!(Pod "/hostAliases" = each(&json!([{"ip": "?", "hostnames": ["a"]}]), &addresses)),
        change!(Pod "/hostAliases" = each(&json!([{"ip": "10.0.0.1", "hostnames": ["?"]}]), &hosts)),
        change!(Pod "/hostAliases" = [[{"ip": "10.0.0.1"}], [{"ip": "10.0.0.1", "hostnames": []}],
        [{"ip": "10.0.0.1", "hostnames": ["a", "b c"]}]]),
        change!(Pod "/hostname" = names()),
        change!(Pod "/subdomain" = names()),
        change!(Pod "/hostnameOverride" = names()),
        change!(Pod "/hostnameOverride" = ["a", "a.b"], Pod "/hostNetwork" = [true, null],
        Pod "/setHostnameAsFQDN" = [true, null]),
        change!(Pod "/setHostnameAsFQDN" = [true], Pod "/hostname" = ["a", null], Pod "/subdomain" = ["b", null]),
        change!(Pod "/serviceAccountName" = names()),
        change!(Pod "/serviceAccount" = names()),
        change!(Pod "/serviceAccount" = ["a", "b", "", null], Pod "/serviceAccountName" = ["a", "b", "", null]),
        change!(Pod "/imagePullSecrets" = each(&json!([{"name": "?"}]), &names())),
        change!(Pod "/imagePullSecrets" = [[], [{}], [{"name": "a"}, {"name": "b"}]]),
        change!(Pod "/activeDeadlineSeconds" = [0, -1, 1, i32::MAX, 2_147_483_648_i64, i64::MAX, i64::MIN]),
        change!(Pod "/hostNetwork" = [true, false]),
        change!(Pod "/hostNetwork" = [true], Pod "/dnsPolicy" = ["ClusterFirstWithHostNet", "Default"]),
        change!(Pod "/enableServiceLinks" = [true, false], Pod "/automountServiceAccountToken" = [true, false]),
        change!(Pod "/shareProcessNamespace" = [true, false]),
        change!(Pod "/priority" = [0]),
    ]
}
