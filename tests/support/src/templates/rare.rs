//! Values for checks that few objects meet: pairs of volume sources, projections, and fields that depend on others.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};
use super::text::{names, paths};

/// Returns volumes with two sources.
fn pairs() -> Vec<Value> {
    let sources = list(json!([
        {"awsElasticBlockStore": {"volumeID": "a"}}, {"azureDisk": {"diskName": "a", "diskURI": "https://x"}},
        {"azureFile": {"secretName": "a", "shareName": "b"}}, {"cephfs": {"monitors": ["a"]}},
        {"cinder": {"volumeID": "a"}}, {"configMap": {"name": "a"}}, {"csi": {"driver": "a.b"}}, {"downwardAPI": {}},
        {"emptyDir": {}}, {"fc": {"wwids": ["a"]}}, {"flexVolume": {"driver": "a/b"}},
        {"flocker": {"datasetName": "a"}}, {"gcePersistentDisk": {"pdName": "a"}}, {"gitRepo": {"repository": "a"}},
        {"glusterfs": {"endpoints": "a", "path": "b"}}, {"hostPath": {"path": "/a"}}, {"image": {"reference": "a"}},
        {"iscsi": {"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 1}},
        {"nfs": {"server": "a", "path": "/b"}}, {"persistentVolumeClaim": {"claimName": "a"}},
        {"photonPersistentDisk": {"pdID": "a"}},
        {"portworxVolume": {"volumeID": "a"}}, {"projected": {"sources": []}},
        {"quobyte": {"registry": "a:1", "volume": "b"}}, {"rbd": {"monitors": ["a"], "image": "b"}},
        {"scaleIO": {"gateway": "g", "system": "a", "secretRef": {"name": "b"}, "volumeName": "c"}},
        {"secret": {"secretName": "a"}}, {"storageos": {"volumeName": "a"}}, {"vsphereVolume": {"volumePath": "a"}},
        {"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}}}}}},
    ]));
    let join = |at: usize| {
        let mut volume = json!({"name": "extra"});
        for source in [&sources[at], &sources[(at + 7) % sources.len()]] {
            source.as_object().expect("a map").iter().for_each(|(name, value)| volume[name] = value.clone());
        }
        volume
    };
    (0..sources.len()).map(join).collect()
}

/// Returns sources of projected volumes.
fn projections() -> Vec<Value> {
    let bundle = |fields: Value| json!([{"clusterTrustBundle": fields}]);
    let certificate = |fields: &Value| {
        let mut certificate = json!({"signerName": "example.com/x", "keyType": "ED25519", "credentialBundlePath": "a"});
        fields.as_object().expect("a map").iter().for_each(|(name, value)| certificate[name] = value.clone());
        json!([{"podCertificate": certificate}])
    };
    let mut all = list(json!([
        [{"secret": {"name": "a", "items": [{"key": "a", "path": "p"}, {"key": "b", "path": "p"}]}}],
        [{"configMap": {"name": "a", "items": [{"key": "a", "path": "p"}, {"key": "b", "path": "p"}]}}],
        [{"downwardAPI": {"items": [{"path": "p", "fieldRef": {"fieldPath": "metadata.name"}},
        {"path": "p", "fieldRef": {"fieldPath": "metadata.uid"}}]}}],
        [{"secret": {"name": "a", "items": [{"key": "a", "path": "p"}]}},
        {"downwardAPI": {"items": [{"path": "p", "fieldRef": {"fieldPath": "metadata.name"}}]}}],
        [{"secret": {"name": "", "items": [{"key": "a", "path": "p"}]}},
        {"secret": {"name": "b", "items": [{"key": "a", "path": "p"}]}}], [{"secret": {"name": "a"}},
        {"secret": {"name": "b"}}],
        [{"secret": {"name": "A_b"}}], [{"configMap": {"name": "A_b"}}],
        [{"configMap": {"name": "a", "optional": true}}], [{"serviceAccountToken": {"path": "a"}},
        {"serviceAccountToken": {"path": "a"}}],
        [{"serviceAccountToken": {"path": "/a"}}], [{"serviceAccountToken": {"path": "a/../b"}}],
        [{"serviceAccountToken": {"path": "..a"}}], [{"serviceAccountToken": {"path": "a"}, "downwardAPI": {}}],
    ]));
    all.extend(
        list(json!([
            {"path": "a", "name": ""}, {"path": "a", "name": "b:c"}, {"path": "a", "name": "B_c"},
            {"path": "a", "name": "b", "labelSelector": {}}, {"path": "a", "signerName": ""},
            {"path": "a", "signerName": "example.com/x"},
            {"path": "a", "signerName": "example.com/x", "labelSelector": {"matchLabels": {"a b": "c"}}},
            {"path": "", "name": "b"}, {"path": "../a", "name": "b"}, {"path": "a", "signerName": "nodomain"},
            {"path": "a", "signerName": "a b/c"}, {"path": "a", "name": "example.com:x:y",
            "signerName": "example.com/x"}, {"path": "a", "name": "b", "optional": true},
            {"path": "a", "signerName": "example.com/x", "name": "example.com:x:y"},
        ]))
        .into_iter()
        .map(bundle),
    );
    all.extend(
        list(json!([
            {}, {"signerName": "x"}, {"signerName": "a/b/c"}, {"signerName": "A_b.c/d"},
            {"signerName": "kubernetes.io/kube-apiserver-client-pod"}, {"keyType": "RSA3072"}, {"keyType": "ecdsa"},
            {"maxExpirationSeconds": 3599},
            {"maxExpirationSeconds": 3600}, {"maxExpirationSeconds": 7_862_400}, {"maxExpirationSeconds": 7_862_401},
            {"keyPath": "k"}, {"keyPath": "a"}, {"certificateChainPath": "/c"}, {"credentialBundlePath": ""},
            {"credentialBundlePath": "", "keyPath": "k", "certificateChainPath": "k"},
            {"userAnnotations": {"a b": "c"}}, {"userAnnotations": {"example.com/a": "c"}},
        ]))
        .iter()
        .map(certificate),
    );
    all
}

pub(super) fn changes() -> Vec<Change> {
    let iscsi = list(json!([
        {"initiatorName": "iqn.bad"}, {"initiatorName": "eui.bad"}, {"initiatorName": "naa.bad"},
        {"initiatorName": "eui.0123456789ABCDEF"}, {"initiatorName": ""},
        {"chapAuthSession": true, "secretRef": {"name": "a"}},
        {"initiatorName": "iqn.2001-04.com.example:x", "targetPortal": "t".repeat(70)},
        {"targetPortal": "t".repeat(70)}, {"iscsiInterface": ""}, {"portals": ["", "x"]}, {"fsType": "bad"},
    ]));
    let with = |fields: &Value| {
        let mut volume = json!({"targetPortal": "a", "iqn": "iqn.2001-04.com.example:x", "lun": 1});
        fields.as_object().expect("a map").iter().for_each(|(name, value)| volume[name] = value.clone());
        json!({"name": "extra", "iscsi": volume})
    };
    let claim = |fields: &Value| {
        let mut spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
        fields.as_object().expect("a map").iter().for_each(|(name, value)| spec[name] = value.clone());
        json!({"name": "extra", "ephemeral": {"volumeClaimTemplate": {"spec": spec}}})
    };
    let claims: Vec<_> = list(json!([
        {"dataSourceRef": {"kind": "", "name": "a"}}, {"dataSourceRef": {"kind": "Foo", "name": ""}},
        {"dataSourceRef": {"kind": "Foo", "name": "a"}}, {"dataSourceRef": {"kind": "Foo", "name": "a",
        "apiGroup": "A_b"}},
        {"dataSourceRef": {"kind": "Foo", "name": "a", "apiGroup": "a.b", "namespace": "other"}},
        {"dataSourceRef": {"kind": "Foo", "name": "a", "apiGroup": "a.b", "namespace": "B_d"}},
        {"dataSource": {"kind": "VolumeSnapshot", "name": "a", "apiGroup": "b.c"},
        "dataSourceRef": {"kind": "VolumeSnapshot", "name": "a", "apiGroup": "b.c"}},
        {"volumeAttributesClassName": "A_b"},
        {"resources": {"requests": {"storage": "1Gi"}, "limits": {"storage": "1Gi"}}},
        {"resources": {"requests": {"storage": "1Gi", "cpu": "1"}}}, {"resources": {"requests": {"storage": "1.5"}}},
        {"accessModes": ["ReadWriteOnce", "ReadWriteOnce"]},
        {"selector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}},
        {"storageClassName": "s".repeat(254)}, {"volumeMode": "Block", "accessModes": ["ReadWriteMany"]},
    ]))
    .iter()
    .map(claim)
    .collect();
    let hugepages = list(json!(["1", "1Mi", "2Mi", "1Gi", "0", "3", "1k"]));
    vec![
        change!(Pod "/volumes/-" = pairs()),
        change!(Pod "/volumes/-" = each(&json!({"name": "extra", "projected": {"sources": "?"}}), &projections())),
        change!(Pod "/volumes/-" = iscsi.iter().map(with).collect()),
        change!(Pod "/volumes/-" = claims.clone()),
        change!(Pod "/volumes/-" = (claims), Pod "/volumes/2/persistentVolumeClaim/claimName" = ["plain-head-extra",
        "data"]),
        change!(
            Container "/env/-" = (each(&json!({"name": "H",
            "valueFrom": {"resourceFieldRef": {"resource": "limits.hugepages-2Mi", "divisor": "?"}}}), &hugepages)),
        ),
        change!(
            Pod "/securityContext/appArmorProfile" = [{"type": "RuntimeDefault"}, {"type": "Unconfined"},
            {"type": "Localhost", "localhostProfile": "a"}],
            Template "/metadata/annotations" = [
                {"container.apparmor.security.beta.kubernetes.io/logger": "unconfined"},
                {"container.apparmor.security.beta.kubernetes.io/logger": "runtime/default"},
                {"container.apparmor.security.beta.kubernetes.io/logger": "localhost/a"},
                {"container.apparmor.security.beta.kubernetes.io/logger": "localhost/b"},
            ],
            Template "/spec/containers/1/securityContext/appArmorProfile" = [
                {"type": "RuntimeDefault"}, {"type": "Unconfined"}, {"type": "Localhost", "localhostProfile": "a"},
                {"type": "Localhost", "localhostProfile": "b"}, null,
            ],
        ),
        change!(
            Pod "/securityContext/seccompProfile" = [{"type": "RuntimeDefault"}, {"type": "Unconfined"},
            {"type": "Localhost", "localhostProfile": "a"}, null],
            Template "/metadata/annotations" = [
                {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"},
                {"seccomp.security.alpha.kubernetes.io/pod": "docker/default"},
                {"seccomp.security.alpha.kubernetes.io/pod": "localhost/a"},
                {"seccomp.security.alpha.kubernetes.io/pod": "localhost/b"},
                {"container.seccomp.security.alpha.kubernetes.io/logger": "localhost/a"},
                {"container.seccomp.security.alpha.kubernetes.io/logger": "unconfined"},
            ],
            Template "/spec/containers/1/securityContext/seccompProfile" = [
                {"type": "RuntimeDefault"}, {"type": "Unconfined"},
                {"type": "Localhost", "localhostProfile": "a"}, null,
            ],
        ),
        change!(
            Pod "/resourceClaims" = [[{"name": "a", "resourceClaimName": "b"},
            {"name": "c", "resourceClaimTemplateName": "d"}]],
            Container "/resources" = [
                {"claims": [{"name": "a", "request": "x"}, {"name": "c"}]}, {"claims": [{"name": "a"},
                {"name": "b"}]}, {"claims": [{"name": "a", "request": ""}]},
                {"limits": {"cpu": "1"}, "claims": [{"name": "c"}]},
            ],
        ),
        change!(
            Pod "/resources" = [{"limits": {"cpu": "1", "memory": "1Gi"}}, {"requests": {"cpu": "100m"}},
            {"requests": {"memory": "64Gi"}, "limits": {"memory": "64Gi"}},
            {"limits": {"hugepages-2Mi": "4Mi", "cpu": "9"}}],
            Container "/resources" = [{"limits": {"cpu": "2"}}, {"requests": {"cpu": "2"}},
            {"limits": {"memory": "2Gi"}}, {}],
        ),
        change!(
            Pod "/volumes/-" = [{"name": "extra", "emptyDir": {}}, {"name": "extra", "secret": {"secretName": "a"}}],
            Container "/env/-" = [
                {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "extra", "path": "a", "key": "K"}}},
                {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "extra", "path": "/a", "key": "K"}}},
                {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "", "path": "", "key": ""}}},
                {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "extra", "path": "a", "key": "a=b"}}},
            ],
        ),
        change!(Pod "/hostUsers" = [false], Container "/volumeDevices" = [[{"name": "claim", "devicePath": "/dev/x"}]]),
        change!(Container "/volumeDevices" = [[{"name": "claim", "devicePath": "/dev/x"},
        {"name": "claim2", "devicePath": "/dev/x"}]], Pod "/volumes/-" = [{"name": "claim2",
        "persistentVolumeClaim": {"claimName": "a"}}]),
        change!(Template "/metadata/annotations" = [{"kubernetes.io/config.mirror": "x"}],
        Pod "/resourceClaims" = [[{"name": "a", "resourceClaimName": "b"}]], Pod "/nodeName" = ["node", null]),
        change!(Template "/metadata/annotations" = each(&json!({"scheduler.alpha.kubernetes.io/tolerations": "?"}),
        &list(json!([
            "[{\"key\": \"a\", \"operator\": \"Exists\"}]", "[{\"key\": \"a b\"}]", "{}", "",
            "[{\"operator\": \"bad\", \"key\": \"a\"}]",
        ])))),
        change!(Pod "/tolerations" = [
            [{"operator": "Exists"}, {"operator": "Exists"}], [{"key": "a", "operator": "Exists",
            "effect": "NoExecute", "tolerationSeconds": 0}], [], [{"key": "a", "operator": "Lt", "value": "5"}],
            [{"key": "a", "operator": "Gt", "value": "05"}], [{"key": "a", "operator": "Lt",
            "value": "99999999999999999999"}], [{"key": "a", "operator": "Gt", "value": "-5", "effect": "NoSchedule"}],
        ]),
        change!(Service "/spec" = [
            {"ports": [{"name": "x", "port": 9000}], "clusterIP": "fd00::1", "ipFamilies": ["IPv4"]},
            {"ports": [{"name": "x", "port": 9000}], "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "10.0.0.2"],
            "ipFamilyPolicy": "RequireDualStack"},
            {"ports": [{"name": "x", "port": 9000}], "sessionAffinity": "None", "sessionAffinityConfig": {}},
            {"ports": [{"name": "x", "port": 9000}], "type": "LoadBalancer", "allocateLoadBalancerNodePorts": true},
            {"ports": [{"name": "x", "port": 9000}], "clusterIP": "", "clusterIPs": []},
            {"type": "ExternalName", "externalName": "a.b."}, {"type": "ExternalName", "externalName": "*.a"},
            {"type": "ExternalName", "externalName": "a", "ports": [{"port": 0}]},
            {"ports": [{"name": "x", "port": 9000}], "externalIPs": ["1.2.3.4", "fe80::1", "::1"]},
            {"ports": [{"name": "x", "port": 9000}], "externalIPs": ["1.2.3.4"], "externalTrafficPolicy": ""},
            {"ports": [{"name": "x", "port": 9000}], "type": "LoadBalancer",
            "loadBalancerSourceRanges": ["010.0.0.0/8"]}, {"ports": [{"name": "x", "port": 9000}],
            "type": "LoadBalancer", "loadBalancerSourceRanges": ["::/0", "a"]},
        ]),
        change!(Container "/volumeMounts" = each(&json!([{"name": "logs", "mountPath": "?"},
        {"name": "config", "mountPath": "/dev/shm"}]), &paths())),
        change!(Pod "/initContainers" = each(&json!([{"name": "?", "image": "a"},
        {"name": "b", "image": "b", "restartPolicy": "Always"}]), &names())),
        change!(Pod "/imagePullSecrets" = [[{"name": "a"}, {"name": "a b"}], [{"name": ""}, {"name": "x"}]]),
        change!(Pod "/os" = [{"name": "linux"}], Pod "/securityContext" = [{"windowsOptions": {"hostProcess": false}},
        {"windowsOptions": {}}, {"seccompProfile": {"type": "RuntimeDefault"}}]),
        change!(Pod "/os" = [{"name": "windows"}],
        Container "/securityContext" = [{"windowsOptions": {"runAsUserName": "a"}}, {"runAsNonRoot": true},
        {"seLinuxOptions": {}}, {"capabilities": {}}, {"readOnlyRootFilesystem": false}]),
        change!(Container "/restartPolicyRules" = [
            (0..21).map(|code| json!({"action": "Restart", "exitCodes": {"operator": "In",
            "values": [code]}})).collect::<Vec<_>>(),
            [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [1]}}],
            [{"action": "Restart", "exitCodes": {"operator": "In"}}],
        ], Container "/restartPolicy" = ["Never", "OnFailure"]),
    ]
}
