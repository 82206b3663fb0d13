//! Security contexts of containers and Pods, and operating systems.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};

pub(super) fn changes() -> Vec<Change> {
    let identities = list(json!([0, 1, -1, 1000, i32::MAX, 2_147_483_648_i64, i64::MAX, i64::MIN]));
    let profiles = list(json!([
        {"type": "RuntimeDefault"}, {"type": "Unconfined"}, {"type": "Localhost"},
        {"type": "Localhost", "localhostProfile": "a"}, {"type": "Localhost", "localhostProfile": ""},
        {"type": "Localhost", "localhostProfile": "/a"}, {"type": "Localhost", "localhostProfile": "../a"},
        {"type": "Localhost", "localhostProfile": "a/../b"}, {"type": ""}, {"type": "localhost"},
        {"type": "RuntimeDefault", "localhostProfile": "a"}, {"type": "RuntimeDefault", "localhostProfile": ""},
        {"type": "Unconfined", "localhostProfile": "a"}, {"type": "Custom"},
        {"type": "Localhost", "localhostProfile": " a"}, {"type": "Localhost", "localhostProfile": " "},
        {"type": "Localhost", "localhostProfile": "a".repeat(4096)},
    ]));
    let users = list(json!([
        "",
        "user",
        "DOMAIN\\user",
        "a\\b\\c",
        "a b",
        "u\u{1}",
        "...",
        "  ",
        "NT AUTHORITY\\SYSTEM",
        "a:b",
        "a@b",
        "\\user",
        "DOMAIN\\",
        "do main\\user",
        "d".repeat(300),
        "domain.example.com\\user",
    ]));
    let mut windows = each(&json!({"runAsUserName": "?"}), &users);
    windows.extend(list(json!([
        {}, {"hostProcess": true}, {"hostProcess": false}, {"gmsaCredentialSpecName": "a"},
        {"gmsaCredentialSpecName": "A_b"}, {"gmsaCredentialSpecName": ""},
        {"gmsaCredentialSpec": ""}, {"gmsaCredentialSpec": "{}"}, {"gmsaCredentialSpec": "x".repeat(66_000)},
    ])));
    let in_both = |name: &str, values: &[Value]| each(&json!({name: "?"}), values);
    let mut of_container = list(json!([
        {}, {"privileged": true, "allowPrivilegeEscalation": false},
        {"privileged": true, "allowPrivilegeEscalation": true},
        {"privileged": false, "allowPrivilegeEscalation": false},
        {"capabilities": {"add": ["CAP_SYS_ADMIN"]}, "allowPrivilegeEscalation": false},
        {"capabilities": {"add": ["SYS_ADMIN"]}, "allowPrivilegeEscalation": false},
        {"capabilities": {"add": ["SYS_ADMIN"]}}, {"capabilities": {"add": ["cap_sys_admin"]},
        "allowPrivilegeEscalation": false}, {"capabilities": {"add": ["", "x y"], "drop": ["ALL"]}},
        {"capabilities": {"drop": ["CAP_SYS_ADMIN"]}, "allowPrivilegeEscalation": false}, {"procMount": "Default"},
        {"procMount": "Unmasked"}, {"procMount": "unmasked"}, {"procMount": ""},
        {"readOnlyRootFilesystem": true}, {"runAsNonRoot": true, "runAsUser": 0},
        {"seLinuxOptions": {"level": "x", "role": "", "type": "y", "user": "z"}},
    ]));
    let mut of_pod = list(json!([
        {}, {"fsGroupChangePolicy": "Always"}, {"fsGroupChangePolicy": "OnRootMismatch"},
        {"fsGroupChangePolicy": "always"}, {"fsGroupChangePolicy": ""}, {"supplementalGroups": []},
        {"supplementalGroups": [1, 2]}, {"supplementalGroups": [-1]},
        {"supplementalGroups": [1, -1, 2_147_483_648_i64]}, {"supplementalGroupsPolicy": "Merge"},
        {"supplementalGroupsPolicy": "Strict"},
        {"supplementalGroupsPolicy": "merge"}, {"supplementalGroupsPolicy": ""},
        {"seLinuxChangePolicy": "Recursive"}, {"seLinuxChangePolicy": "MountOption"},
        {"seLinuxChangePolicy": "recursive"},
        {"seLinuxChangePolicy": "Recursive", "seLinuxOptions": {"level": "s0"}}, {"seLinuxOptions": {}},
        {"sysctls": [{"name": "", "value": "1"}]}, {"sysctls": [{"name": "net.core.somaxconn", "value": "1"}]},
        {"sysctls": [{"name": "net/core/somaxconn", "value": "1"}]},
        {"sysctls": [{"name": "a b", "value": "1"}]}, {"sysctls": [{"name": "kernel.shm_rmid_forced", "value": ""}]},
        {"sysctls": [{"name": "a.b", "value": "1"}, {"name": "a.b", "value": "2"}]},
        {"sysctls": [{"name": "A.b", "value": "1"}]}, {"sysctls": [{"name": "net..x", "value": "1"}]},
        {"sysctls": [{"name": "_a", "value": "1"}]}, {"sysctls": [{"name": "net.ipv4.conf.eth0/1.x", "value": "1"}]},
        {"sysctls": [{"name": "a".repeat(254), "value": "1"}]}, {"sysctls": []},
        {"fsGroup": 5, "runAsUser": 5, "runAsGroup": 6},
    ]));
    for both in [&mut of_container, &mut of_pod] {
        both.extend(in_both("runAsUser", &identities));
        both.extend(in_both("runAsGroup", &identities));
        both.extend(in_both("seccompProfile", &profiles));
        both.extend(in_both("appArmorProfile", &profiles));
        both.extend(in_both("windowsOptions", &windows));
    }
    of_pod.extend(in_both("fsGroup", &identities));
    vec![
        change!(Container "/securityContext" = of_container.clone()),
        change!(Pod "/securityContext" = of_pod.clone()),
        change!(Pod "/os" = [{"name": "windows"}, {"name": "linux"}], Pod "/securityContext" = (of_pod)),
        change!(Pod "/os" = [{"name": "windows"}, {"name": "linux"}], Container "/securityContext" = (of_container)),
        change!(Pod "/os" = [{"name": "linux"}, {"name": "windows"}, {"name": ""}, {"name": "Linux"},
        {"name": "darwin"}]),
        change!(Pod "/os" = [{"name": "windows"}], Pod "/hostPID" = [true, false], Pod "/hostIPC" = [true, false],
        Pod "/shareProcessNamespace" = [true, false, null]),
        change!(Pod "/os" = [{"name": "windows"}], Pod "/hostUsers" = [true, false],
        Pod "/resources" = [{"limits": {"cpu": "8"}}, null]),
        change!(
            Pod "/securityContext/windowsOptions" = [{"hostProcess": true}, {"hostProcess": false}, {}],
            Container "/securityContext/windowsOptions" = [{"hostProcess": true}, {"hostProcess": false}, null],
            Pod "/hostNetwork" = [true, false, null],
        ),
        change!(
            Pod "/securityContext/sysctls" = [
                [{"name": "net.core.somaxconn", "value": "1"}], [{"name": "kernel.msgmax", "value": "1"}],
                [{"name": "kernel.shm_rmid_forced", "value": "1"}], [{"name": "fs.mqueue.x", "value": "1"}],
            ],
            Pod "/hostNetwork" = [true, null],
            Pod "/hostIPC" = [true, null],
        ),
        change!(Container "/securityContext/procMount" = ["Unmasked", "Default"], Pod "/hostUsers" = [true, false,
        null]),
        change!(Pod "/hostUsers" = [false, true], Pod "/hostNetwork" = [true, null], Pod "/hostPID" = [true, null],
        Pod "/hostIPC" = [true, null]),
        change!(Pod "/hostUsers" = [false], Container "/securityContext" = [{"privileged": true},
        {"procMount": "Unmasked"}, {}]),
        change!(Pod "/hostUsers" = [false], Pod "/volumes/-" = [{"name": "extra", "hostPath": {"path": "/a"}},
        {"name": "extra", "nfs": {"server": "a", "path": "/b"}}]),
        change!(Pod "/hostPID" = [true, false], Pod "/shareProcessNamespace" = [true, false]),
    ]
}
