//! The parameters that KubeRay passes to `ray start`.

use super::{Anchor, EffectiveValue, Reader, noun};
use crate::ray::Group;
use crate::ray::start::parameters::{Origin, Parameter, parameters};

/// The parameters whose values KubeRay knows only in the cluster, or that are the same in each cluster.
const LEFT_OUT: [&str; 4] = ["address", "block", "redis-password", "redis-username"];

impl<'o> Reader<'_, 'o> {
    /// Returns the parameters of a group; none where the group runs its own command.
    pub(super) fn start_parameters(&self, group: &Group<'o>) -> Vec<EffectiveValue> {
        if self.object.ray_start_override().is_some() {
            return Vec::new();
        }
        let all = parameters(self.object, group, self.settings.kuberay.version);
        let shown = all.into_iter().filter(|it| it.origin != Origin::NoText && !LEFT_OUT.contains(&it.name));
        shown.map(|parameter| self.start_parameter(group, &parameter)).collect()
    }

    fn start_parameter(&self, group: &Group<'o>, parameter: &Parameter<'_>) -> EffectiveValue {
        let mut anchors = vec![self.at(&group.path().field("rayStartParams"))];
        let path = parameter.path(self.object, group);
        let origin = match parameter.origin {
            Origin::Params if self.is_written(&path) => {
                anchors.push(self.below(&path));
                "rayStartParams sets it".to_owned()
            }
            Origin::Params | Origin::NoText => "rayguard's default, because rayStartParams sets none".to_owned(),
            Origin::Labels | Origin::Resources | Origin::RedisUsername => {
                anchors.push(self.below(&path));
                format!("KubeRay derives it from {path}")
            }
            Origin::Default => match self.container_resources(group, parameter.name) {
                Some((anchor, origin)) => {
                    anchors.push(anchor);
                    origin
                }
                None => "KubeRay's default".to_owned(),
            },
        };
        EffectiveValue {
            name: format!("ray start --{} of {}", parameter.name, noun(group)),
            value: parameter.value.to_string(),
            origin,
            anchors,
        }
    }

    /// Returns where KubeRay finds a parameter that `rayStartParams` does not set: in the resources of the container.
    fn container_resources(&self, group: &Group<'o>, parameter: &str) -> Option<(Anchor, String)> {
        let resource = match parameter {
            "num-cpus" => "cpu",
            "memory" => "memory",
            "resources" => "accelerator",
            _ => return None,
        };
        let path = group.ray_container()?.path().field("resources");
        let origin = format!("KubeRay derives it from the {resource} resources of the Ray container");
        Some((self.below(&path), origin))
    }
}
