//! What volumes are made of.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};
use super::text::{keys, names, paths};

/// Returns volumes with sources on both sides of each check.
fn sources() -> Vec<Value> {
    let mut all = list(json!([
        {"emptyDir": {"medium": "Memory"}}, {"emptyDir": {"medium": "HugePages"}},
        {"emptyDir": {"medium": "HugePages-2Mi"}}, {"emptyDir": {"medium": "memory"}},
        {"emptyDir": {"medium": "HugePages-x"}},
        {"emptyDir": {"medium": "HugePages-"}}, {"emptyDir": {"medium": "Disk"}}, {"emptyDir": {"medium": ""}},
        {"emptyDir": {"sizeLimit": "-1"}}, {"emptyDir": {"sizeLimit": "0"}}, {"emptyDir": {"sizeLimit": "1Gi"}},
        {"emptyDir": {"sizeLimit": "1.5"}}, {"emptyDir": {"sizeLimit": "100m"}}, {"emptyDir": {"sizeLimit": -1}},
        {"hostPath": {"path": "/a", "type": ""}}, {"hostPath": {"path": "/a", "type": "Directory"}},
        {"hostPath": {"path": "/a", "type": "directory"}}, {"hostPath": {"path": "/a", "type": "CharDevice"}},
        {"hostPath": {"path": "/a", "type": "DirectoryOrCreate"}}, {"hostPath": {"path": "/a", "type": "Pipe"}},
        {"secret": {}}, {"secret": {"secretName": ""}}, {"secret": {"secretName": "a", "defaultMode": 0}},
        {"secret": {"secretName": "a", "defaultMode": 511}}, {"secret": {"secretName": "a", "defaultMode": 512}},
        {"secret": {"secretName": "a", "defaultMode": -1}}, {"secret": {"secretName": "a", "optional": true}},
        {"secret": {"secretName": "a", "items": []}},
        {"configMap": {}}, {"configMap": {"name": ""}}, {"configMap": {"name": "a", "defaultMode": 777}},
        {"configMap": {"name": "a", "defaultMode": 420}}, {"configMap": {"optional": true}},
        {"downwardAPI": {}}, {"downwardAPI": {"defaultMode": 512}}, {"downwardAPI": {"items": []}},
        {"downwardAPI": {"items": [{"path": "a"}]}},
        {"projected": {}}, {"projected": {"sources": []}}, {"projected": {"sources": [{}]}},
        {"projected": {"sources": null, "defaultMode": 512}}, {"projected": {"sources": [{"secret": {}}]}},
        {"projected": {"sources": [{"secret": {"name": "a"}, "configMap": {"name": "b"}}]}},
        {"projected": {"sources": [{"secret": {"name": "a", "items": [{"key": "a", "path": "p"}]}},
        {"configMap": {"name": "b", "items": [{"key": "c", "path": "p"}]}}]}},
        {"projected": {"sources": [{"configMap": {"name": "a"}}, {"configMap": {"name": ""}}]}},
        {"projected": {"sources": [{"configMap": {}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 599}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 600}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "token",
        "expirationSeconds": 4_294_967_297_i64}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "token", "expirationSeconds": 4_294_967_296_i64,
        "audience": ""}}]}}, {"projected": {"sources": [{"serviceAccountToken": {"path": ""}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "../x"}}]}},
        {"projected": {"sources": [{"serviceAccountToken": {"path": "a"}},
        {"secret": {"name": "s", "items": [{"key": "k", "path": "a"}]}}]}},
        {"projected": {"sources": [{"clusterTrustBundle": {"path": "a", "name": "b"}}]}},
        {"projected": {"sources": [{"clusterTrustBundle": {"path": "a"}}]}},
        {"projected": {"sources": [{"clusterTrustBundle": {"path": "a", "signerName": "x/y", "labelSelector": {}}}]}},
        {"projected": {"sources": [{"clusterTrustBundle": {"path": "a", "signerName": "x/y", "name": "b"}}]}},
        {"projected": {"sources": [{"podCertificate": {"signerName": "x/y", "keyType": "ED25519",
        "credentialBundlePath": "a"}}]}}, {"projected": {"sources": [{"podCertificate": {"signerName": "",
        "keyType": "RSA"}}]}},
        {"projected": {"sources": [{"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name"},
        "mode": 512}]}}]}},
        {"projected": {"sources": [{"secret": {"name": "a", "items": [{"key": "k", "path": "a", "mode": 511}]}}],
        "defaultMode": 256}},
        {"persistentVolumeClaim": {"claimName": ""}}, {"persistentVolumeClaim": {"claimName": "a", "readOnly": true}},
        {"nfs": {"server": "", "path": "/a"}}, {"nfs": {"server": "a", "path": ""}},
        {"nfs": {"server": "a", "path": "b"}}, {"nfs": {"server": "a", "path": "/b"}},
        {"nfs": {"server": "a b", "path": "/../b"}},
        {"gitRepo": {"repository": ""}}, {"gitRepo": {"repository": "a", "directory": "../b"}},
        {"gitRepo": {"repository": "a", "directory": "/b"}}, {"gitRepo": {"repository": "a", "directory": "b"}},
        {"iscsi": {"targetPortal": "", "iqn": "iqn.2001-04.com.example:x", "lun": 0}},
        {"iscsi": {"targetPortal": "a", "iqn": "", "lun": 0}}, {"iscsi": {"targetPortal": "a", "iqn": "bad", "lun": 0}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 256}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": -1}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 255}},
        {"iscsi": {"targetPortal": "a", "iqn": "eui.0123456789abcdef", "lun": 1}},
        {"iscsi": {"targetPortal": "a", "iqn": "eui.x", "lun": 1}},
        {"iscsi": {"targetPortal": "a", "iqn": "naa.62004567BA64678D0123456789ABCDEF", "lun": 1}},
        {"iscsi": {"targetPortal": "a", "iqn": "naa.x", "lun": 1}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 1, "chapAuthSession": true}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 1, "chapAuthDiscovery": true,
        "secretRef": {"name": "a"}}}, {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 1,
        "secretRef": {"name": ""}}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 1, "initiatorName": "bad"}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 1,
        "initiatorName": "iqn.2001-04.com.example:y"}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.20-04.x", "lun": 1}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 1, "chapAuthSession": true,
        "secretRef": {"name": ""}}},
        {"glusterfs": {"endpoints": "", "path": "a"}}, {"glusterfs": {"endpoints": "a", "path": ""}},
        {"glusterfs": {"endpoints": "a", "path": "b"}},
        {"rbd": {"monitors": [], "image": "a"}}, {"rbd": {"monitors": ["a"], "image": ""}},
        {"rbd": {"monitors": ["a"], "image": "b"}}, {"rbd": {"monitors": [""], "image": "b", "pool": ""}},
        {"cephfs": {"monitors": []}}, {"cephfs": {"monitors": ["a"]}}, {"cinder": {"volumeID": ""}},
        {"cinder": {"volumeID": "a"}}, {"cinder": {"volumeID": "a", "secretRef": {"name": ""}}},
        {"cinder": {"volumeID": "a", "secretRef": {"name": "b"}}},
        {"fc": {}}, {"fc": {"targetWWNs": ["a"], "lun": 0}}, {"fc": {"targetWWNs": ["a"]}},
        {"fc": {"targetWWNs": ["a"], "lun": 256}}, {"fc": {"targetWWNs": ["a"], "lun": -1}}, {"fc": {"wwids": ["a"]}},
        {"fc": {"wwids": ["a"], "targetWWNs": ["b"], "lun": 1}}, {"fc": {"targetWWNs": [], "wwids": []}},
        {"azureFile": {"secretName": "", "shareName": "a"}}, {"azureFile": {"secretName": "a", "shareName": ""}},
        {"azureFile": {"secretName": "a", "shareName": "b"}},
        {"azureDisk": {"diskName": "", "diskURI": "https://a"}}, {"azureDisk": {"diskName": "a", "diskURI": ""}},
        {"azureDisk": {"diskName": "a", "diskURI": "https://blob"}},
        {"azureDisk": {"diskName": "a", "diskURI": "https://blob", "kind": "Shared"}},
        {"azureDisk": {"diskName": "a", "diskURI": "/subscriptions/x", "kind": "Managed"}},
        {"azureDisk": {"diskName": "a", "diskURI": "https://x", "kind": "Managed"}},
        {"azureDisk": {"diskName": "a", "diskURI": "/subscriptions/x", "kind": "Dedicated"}},
        {"azureDisk": {"diskName": "a", "diskURI": "https://x", "kind": "dedicated"}},
        {"azureDisk": {"diskName": "a", "diskURI": "https://x", "cachingMode": "ReadOnly"}},
        {"azureDisk": {"diskName": "a", "diskURI": "https://x", "cachingMode": "readonly"}},
        {"vsphereVolume": {"volumePath": ""}}, {"vsphereVolume": {"volumePath": "a"}},
        {"photonPersistentDisk": {"pdID": ""}}, {"photonPersistentDisk": {"pdID": "a"}},
        {"portworxVolume": {"volumeID": ""}}, {"portworxVolume": {"volumeID": "a"}},
        {"scaleIO": {"gateway": "", "system": "a", "secretRef": {"name": "b"}, "volumeName": "c"}},
        {"scaleIO": {"gateway": "g", "system": "", "secretRef": {"name": "b"}, "volumeName": "c"}},
        {"scaleIO": {"gateway": "g", "system": "a", "secretRef": {"name": "b"}}},
        {"scaleIO": {"gateway": "g", "system": "a", "secretRef": {"name": "b"}, "volumeName": "c"}},
        {"storageos": {}}, {"storageos": {"volumeName": "a"}}, {"storageos": {"volumeName": "A_b"}},
        {"storageos": {"volumeName": "a", "volumeNamespace": "B_c"}},
        {"storageos": {"volumeName": "a", "secretRef": {"name": ""}}}, {"storageos": {"volumeName": "a".repeat(64)}},
        {"storageos": {"volumeName": "a", "secretRef": {"name": "b"}}},
        {"flocker": {}}, {"flocker": {"datasetName": "a"}}, {"flocker": {"datasetUUID": "a"}},
        {"flocker": {"datasetName": "a", "datasetUUID": "b"}}, {"flocker": {"datasetName": "a/b"}},
        {"quobyte": {"registry": "", "volume": "a"}}, {"quobyte": {"registry": "a", "volume": "b"}},
        {"quobyte": {"registry": "a:1", "volume": "b"}}, {"quobyte": {"registry": "a:1,b", "volume": "b"}},
        {"quobyte": {"registry": "a:1", "volume": ""}},
        {"quobyte": {"registry": "a:1", "volume": "b", "tenant": "t".repeat(64)}},
        {"quobyte": {"registry": "a:1,b:2", "volume": "b", "tenant": "t".repeat(65)}},
        {"quobyte": {"registry": "a:1,", "volume": "b"}},
        {"flexVolume": {"driver": ""}}, {"flexVolume": {"driver": "a/b"}},
        {"flexVolume": {"driver": "a/b", "options": {"kubernetes.io/x": "y"}}},
        {"flexVolume": {"driver": "a/b", "options": {"kubernetes.io": "y"}}},
        {"flexVolume": {"driver": "a", "options": {"k8s.io/x": "y"}}},
        {"flexVolume": {"driver": "a", "options": {"x.kubernetes.io/x": "y"}}},
        {"flexVolume": {"driver": "a", "options": {"x": "y"}}},
        {"flexVolume": {"driver": "a", "options": {"KUBERNETES.io/x": "y"}}},
        {"gcePersistentDisk": {"pdName": ""}}, {"gcePersistentDisk": {"pdName": "a", "partition": -1}},
        {"gcePersistentDisk": {"pdName": "a", "partition": 255}},
        {"gcePersistentDisk": {"pdName": "a", "partition": 256}}, {"gcePersistentDisk": {"pdName": "a"}},
        {"awsElasticBlockStore": {"volumeID": ""}}, {"awsElasticBlockStore": {"volumeID": "a", "partition": 256}},
        {"awsElasticBlockStore": {"volumeID": "a", "partition": 0}},
        {"awsElasticBlockStore": {"volumeID": "a", "partition": -1}},
        {"csi": {"driver": ""}}, {"csi": {"driver": "a.b"}}, {"csi": {"driver": "a.b",
        "nodePublishSecretRef": {"name": ""}}}, {"csi": {"driver": "a.b", "nodePublishSecretRef": {"name": "A_b"}}},
        {"csi": {"driver": "a.b", "nodePublishSecretRef": {"name": "a"}}},
        {"csi": {"driver": "a".repeat(64)}}, {"csi": {"driver": "A.b-C"}}, {"csi": {"driver": "a_b"}},
        {"csi": {"driver": "-a"}}, {"csi": {"driver": "a.b", "fsType": "", "readOnly": true}},
        {"image": {}}, {"image": {"reference": "a"}}, {"image": {"reference": ""}},
        {"image": {"reference": "a", "pullPolicy": "Always"}}, {"image": {"reference": "a", "pullPolicy": "always"}},
        {"ephemeral": {}},
    ]));
    for source in ["secret", "configMap"] {
        let name = if source == "secret" { "secretName" } else { "name" };
        all.extend(each(&json!({source: {name: "a", "items": [{"key": "k", "path": "?"}]}}), &paths()));
        all.extend(each(
            &json!({source: {name: "a", "items": [{"key": "?", "path": "p"}]}}),
            &list(json!(["", "a", "a b", "..", "A_b.c", "..x"])),
        ));
        all.extend(each(
            &json!({source: {name: "a", "items": [{"key": "k", "path": "p", "mode": "?"}]}}),
            &list(json!([0, 511, 512, -1, 420])),
        ));
        all.extend(each(&json!({source: {name: "?"}}), &names()));
    }
    all.extend(each(&json!({"hostPath": {"path": "?"}}), &paths()));
    all.extend(each(&json!({"persistentVolumeClaim": {"claimName": "?"}}), &names()));
    all.extend(each(
        &json!({"downwardAPI": {"items": [{"path": "?", "fieldRef": {"fieldPath": "metadata.name"}}]}}),
        &paths(),
    ));
    all.extend(each(
        &json!({"projected": {"sources": [{"configMap": {"name": "a", "items": [{"key": "k",
    "path": "?"}]}}]}}),
        &paths(),
    ));
    all.extend(each(&json!({"downwardAPI": {"items": ["?"]}}), &list(json!([
        {"path": "a", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "a", "fieldRef": {"fieldPath": "metadata.annotations"}},
        {"path": "a", "fieldRef": {"fieldPath": "spec.nodeName"}},
        {"path": "a", "fieldRef": {"fieldPath": "metadata.labels['a']"}},
        {"path": "a", "fieldRef": {"fieldPath": "status.podIP"}}, {"path": "a", "fieldRef": {"fieldPath": ""}},
        {"path": "a", "fieldRef": {"fieldPath": "metadata.uid"}},
        {"path": "a", "resourceFieldRef": {"resource": "limits.cpu"}},
        {"path": "a", "resourceFieldRef": {"resource": "limits.cpu", "containerName": "logger"}},
        {"path": "a", "resourceFieldRef": {"resource": "cpu", "containerName": "logger"}},
        {"path": "a", "resourceFieldRef": {"resource": "limits.memory", "containerName": "logger", "divisor": "3Mi"}},
        {"path": "a", "resourceFieldRef": {"resource": "limits.cpu", "containerName": "nobody"}},
        {"path": "a", "fieldRef": {"fieldPath": "metadata.name"}, "resourceFieldRef": {"resource": "limits.cpu",
        "containerName": "logger"}}, {"path": "a", "fieldRef": {"fieldPath": "metadata.name"}, "mode": 512},
        {"path": "a", "fieldRef": {"fieldPath": "metadata.name"}, "mode": 0},
        {"path": "a", "fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v2"}},
        {"path": "a", "fieldRef": {"fieldPath": "metadata.labels['a b']"}},
    ]))));
    all.extend(each(&json!({"ephemeral": {"volumeClaimTemplate": "?"}}), &claims()));
    all
}

/// Returns the templates of claims.
fn claims() -> Vec<Value> {
    let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let with = |fields: &Value| {
        let mut spec = spec.clone();
        fields.as_object().expect("a map").iter().for_each(|(name, value)| spec[name] = value.clone());
        json!({"spec": spec})
    };
    let mut all: Vec<_> = list(json!([
        {}, {"accessModes": []}, {"accessModes": ["ReadWriteOnce", "ReadOnlyMany"]},
        {"accessModes": ["readWriteOnce"]}, {"accessModes": ["ReadWriteOncePod"]},
        {"accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]},
        {"resources": {}}, {"resources": {"requests": {}}}, {"resources": {"requests": {"storage": "0"}}},
        {"resources": {"requests": {"storage": "-1Gi"}}}, {"resources": {"requests": {"storage": "1Gi"},
        "limits": {"storage": "500Mi"}}},
        {"resources": {"requests": {"cpu": "1"}}}, {"storageClassName": ""}, {"storageClassName": "a"},
        {"storageClassName": "A_b"}, {"volumeMode": "Block"}, {"volumeMode": "Filesystem"}, {"volumeMode": "block"},
        {"volumeMode": ""},
        {"volumeName": "x"}, {"selector": {"matchLabels": {"a": "b"}}}, {"selector": {"matchLabels": {"a b": "c"}}},
        {"selector": {"matchExpressions": [{"key": "a", "operator": "In", "values": []}]}},
        {"dataSource": {"kind": "PersistentVolumeClaim", "name": "a"}}, {"dataSource": {"kind": "", "name": "a"}},
        {"dataSource": {"kind": "VolumeSnapshot", "name": "a", "apiGroup": "snapshot.storage.k8s.io"}},
        {"dataSource": {"kind": "Foo", "name": "a"}},
        {"dataSource": {"kind": "PersistentVolumeClaim", "name": ""}},
        {"dataSource": {"kind": "Foo", "name": "a", "apiGroup": "A_b"}},
        {"dataSourceRef": {"kind": "Foo", "name": "a", "apiGroup": "a.b"}},
        {"dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "a"}},
        {"dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
        "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "b"}}, {"volumeAttributesClassName": "a"},
        {"volumeAttributesClassName": ""},
    ]))
    .iter()
    .map(with)
    .collect();
    all.extend(each(&json!({"metadata": {"labels": {"?": "b"}}, "spec": &spec}), &keys()));
    all.extend(each(&json!({"metadata": {"annotations": {"?": "b"}}, "spec": &spec}), &keys()));
    all.extend(list(json!([{"metadata": {"name": "a"}, "spec": &spec},
    {"metadata": {"namespace": "a"}, "spec": &spec}, {"metadata": {"finalizers": ["a/b"]}, "spec": &spec}])));
    all
}

pub(super) fn changes() -> Vec<Change> {
    let volume = |source: Value| {
        let mut volume = source;
        volume["name"] = json!("extra");
        volume
    };
    let volumes: Vec<Value> = sources().into_iter().map(volume).collect();
    vec![
        change!(Pod "/volumes/-" = volumes.clone()),
        // A mount of the volume, without which some checks of mounts do not run.
        Change(
            change!(Pod "/volumes/-" = volumes)
                .0
                .into_iter()
                .chain(change!(Container "/volumeMounts/-" = [{"name": "extra", "mountPath": "/extra"}]).0)
                .collect(),
        ),
    ]
}
