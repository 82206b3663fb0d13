//! Volumes by name, mounts and devices of containers.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};
use super::text::{names, paths};

pub(super) fn changes() -> Vec<Change> {
    let mount = |fields: &Value| {
        let mut mount = json!({"name": "logs", "mountPath": "/extra"});
        fields.as_object().expect("a map").iter().for_each(|(name, value)| mount[name] = value.clone());
        mount
    };
    let mut fields = list(json!([
        {}, {"name": ""}, {"name": "nobody"}, {"name": "claim"}, {"name": "shared-mem"}, {"name": "ray-logs"},
        {"mountPath": "/logs"}, {"mountPath": "/logs/"}, {"mountPath": "/dev/shm"},
        {"mountPath": "/tmp/ray"}, {"mountPath": "/"}, {"readOnly": true}, {"subPath": "a", "subPathExpr": "b"},
        {"subPath": "$(X)"}, {"subPathExpr": "$(X)"}, {"mountPropagation": "None"},
        {"mountPropagation": "HostToContainer"}, {"mountPropagation": "Bidirectional"}, {"mountPropagation": "none"},
        {"mountPropagation": ""}, {"recursiveReadOnly": "Enabled"},
        {"recursiveReadOnly": "Enabled", "readOnly": true}, {"recursiveReadOnly": "IfPossible", "readOnly": true},
        {"recursiveReadOnly": "IfPossible"}, {"recursiveReadOnly": "Disabled"},
        {"recursiveReadOnly": "enabled", "readOnly": true}, {"recursiveReadOnly": "", "readOnly": true},
        {"recursiveReadOnly": "Enabled", "readOnly": true, "mountPropagation": "None"},
        {"recursiveReadOnly": "Enabled", "readOnly": true, "mountPropagation": "HostToContainer"},
        {"name": "ray-token"}, {"mountPath": "/x", "name": "config"},
    ]));
    fields.extend(each(&json!({"mountPath": "?"}), &paths()));
    fields.extend(each(&json!({"subPath": "?"}), &paths()));
    fields.extend(each(&json!({"subPathExpr": "?"}), &paths()));
    fields.extend(each(&json!({"name": "?"}), &names()));
    let mounts: Vec<Value> = fields.iter().map(mount).collect();
    let mut devices = list(json!([
        {"name": "claim", "devicePath": "/dev/x"}, {"name": "logs", "devicePath": "/dev/x"},
        {"name": "nobody", "devicePath": "/dev/x"}, {"name": "", "devicePath": "/dev/x"},
        {"name": "config", "devicePath": "/dev/x"},
    ]));
    devices.extend(each(&json!({"name": "claim", "devicePath": "?"}), &paths()));
    vec![
        change!(Container "/volumeMounts/-" = mounts),
        change!(Container "/volumeDevices/-" = devices),
        change!(
            Container "/volumeMounts/-" = [{"name": "claim", "mountPath": "/data"},
            {"name": "logs", "mountPath": "/dev/x"}, {"name": "config", "mountPath": "/c"}],
            Container "/volumeDevices" = [[{"name": "claim", "devicePath": "/dev/x"}],
            [{"name": "claim", "devicePath": "/dev/y"}, {"name": "claim", "devicePath": "/dev/z"}], []],
        ),
        change!(
            Container "/volumeMounts/-" = [{"name": "logs", "mountPath": "/extra",
            "mountPropagation": "Bidirectional"}],
            Container "/securityContext" = [{"privileged": true}, {"privileged": false}, {}],
        ),
        change!(Pod "/volumes/-" = each(&json!({"name": "?", "emptyDir": {}}), &names())),
        change!(Pod "/volumes" = [null, []]),
        change!(Pod "/volumes/-" = [
            {"name": "extra"}, {"name": "extra", "emptyDir": {}, "hostPath": {"path": "/a"}},
            {"name": "extra", "emptyDir": {}, "configMap": {"name": "a"}},
            {"name": "extra", "hostPath": {"path": "/a"}, "nfs": {"server": "a", "path": "/b"}},
            {"name": "extra", "secret": {"secretName": "a"}, "configMap": {"name": "b"}, "emptyDir": {}},
            {"name": "shared-mem", "emptyDir": {}}, {"name": "ray-logs", "hostPath": {"path": "/a"}},
            {"name": "ray-token", "emptyDir": {}}, {"name": "logs", "emptyDir": {}},
        ]),
        change!(
            Pod "/volumes/-" = [{"name": "extra", "image": {"reference": "a"}}, {"name": "extra", "emptyDir": {}}],
            Container "/volumeMounts/-" = [{"name": "extra", "mountPath": "/extra"},
            {"name": "extra", "mountPath": "/extra", "readOnly": true},
            {"name": "extra", "mountPath": "/extra", "subPath": "a"}],
        ),
    ]
}
