//! Token authentication, and the Ray versions that support it.

use super::{Mutation, mutation};

pub(super) fn mutations() -> Vec<Mutation> {
    vec![
        mutation!(Cluster "/authOptions" = [{"mode": "token"}, {"mode": "disabled"}, {"mode": ""}, {}, null], Cluster "/rayVersion" = (RayVersion)),
        mutation!(Cluster "/authOptions" = [{"mode": "token"}], Cluster "/rayVersion" = (RayVersion)).often(),
        mutation!(Cluster "/authOptions" = [{"mode": "token"}], Cluster "/rayVersion" = [null, "", "2.51.9", "2.52.0", "nightly"]),
        mutation!(
            Cluster "/authOptions" = [{"mode": "token", "enableK8sTokenAuth": true}, {"mode": "token", "enableK8sTokenAuth": false}],
            Cluster "/rayVersion" = ["2.52.0", "2.54.99", "2.55.0", "2.56.1", "", null],
        ).often(),
        mutation!(
            Cluster "/authOptions" = [
                {"mode": "token", "enableK8sTokenAuth": true, "secretName": "s"},
                {"mode": "token", "enableK8sTokenAuth": true, "secretName": ""},
                {"mode": "token", "secretName": "s"},
            ],
            Cluster "/rayVersion" = ["2.54.0", "2.55.0", "2.56.0", "3.0.0"],
        ).often(),
        mutation!(Cluster "/authOptions" = [
            {"enableK8sTokenAuth": true}, {"mode": "disabled", "enableK8sTokenAuth": true}, {"mode": "Token", "enableK8sTokenAuth": true},
            {"mode": "", "enableK8sTokenAuth": true, "secretName": "s"}, {"enableK8sTokenAuth": false}, {"secretName": "s"},
        ]).often(),
    ]
}
