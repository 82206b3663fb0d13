//! Generates the objects that both sides check.

use rayguard_policy::kuberay::FeatureGate;
use rayguard_policy::kuberay::Kind;
use serde_json::Value;

use crate::case::{Case, GATES};
use crate::dice::Dice;
use crate::mutations::{self, Mutation};
use crate::{bases, untargeted};

/// Generates cases. Equal seeds give equal cases.
pub struct Generator {
    seed: u64,
    /// Handwritten objects and KubeRay's samples, by kind.
    bases: [Vec<Vec<Value>>; 2],
    mutations: Vec<Mutation>,
    /// Indexes into the list of mutations, each as often as its weight.
    deck: Vec<usize>,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        let by_kind = |objects: Vec<Value>| {
            let of = |kind: &Kind| objects.iter().filter(|object| object["kind"] == kind.as_str()).cloned().collect();
            Kind::ALL.iter().map(of).collect()
        };
        let bases = [bases::own(), bases::published()].map(by_kind);
        let mutations = mutations::all();
        let weights = mutations.iter().map(Mutation::weight).enumerate();
        let deck = weights.flat_map(|(at, weight)| std::iter::repeat_n(at, weight)).collect();
        Self { seed, bases, mutations, deck }
    }

    /// Returns a case. The first cases are the unchanged bases. The others have a few changes, mostly one, because
    /// KubeRay reports only the first error.
    pub fn case(&self, index: usize) -> Case {
        let mut dice = Dice::new(self.seed, index as u64);
        if let Some(base) = self.bases.iter().flatten().flatten().nth(index) {
            return Case::new(Vec::new(), base.clone());
        }
        let mut gates = Vec::new();
        for gate in GATES {
            if dice.one_in(2) {
                gates.push((gate, !dice.one_in(4)));
            }
        }
        for gate in [FeatureGate::AllAlpha, FeatureGate::AllBeta] {
            if dice.one_in(16) {
                gates.push((gate, dice.one_in(2)));
            }
        }
        let [targeted, untargeted] = match dice.below(20) {
            0..12 => [1, 0],
            12..15 => [2, 0],
            15 => [3, 0],
            16 | 17 => [0, 1],
            18 => [0, 3],
            _ => [1, 1],
        };
        let mut case = Case::new(gates, self.base(&mut dice));
        for change in 0..targeted {
            let mutation = &self.mutations[*dice.pick(&self.deck)];
            // The first change chooses the object, so that each change is made equally often.
            while !mutation.apply(&mut case, &mut dice) && change == 0 {
                case.object = self.base(&mut dice);
            }
        }
        for _ in 0..untargeted {
            untargeted::change(&mut case, &mut dice);
        }
        case
    }

    fn base(&self, dice: &mut Dice) -> Value {
        let kind = dice.below(Kind::ALL.len());
        let [own, published] = &self.bases;
        let bases = if dice.one_in(3) && !published[kind].is_empty() { &published[kind] } else { &own[kind] };
        dice.pick(bases).clone()
    }
}
