//! Entrypoints, from plain ones to lines that no shell reads.

use rayguard_test_support::dice::Dice;
use serde_json::{Value, json};

/// An entrypoint and the mode in which it is submitted.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) entrypoint: String,
    pub(crate) mode: Option<&'static str>,
}

impl Case {
    /// Returns a RayJob with the entrypoint as a line of JSON.
    pub(crate) fn object(&self) -> String {
        let mut object = json!({
            "apiVersion": "ray.io/v1",
            "kind": "RayJob",
            "metadata": {"name": "job"},
            "spec": {
                "entrypoint": self.entrypoint,
                "rayClusterSpec": {
                    "rayVersion": "2.52.0",
                    "headGroupSpec": {
                        "rayStartParams": {},
                        "template": {"spec": {"containers": [{"name": "ray-head", "image": "rayproject/ray:2.52.0"}]}},
                    },
                },
            },
        });
        if let Some(mode) = self.mode {
            object["spec"]["submissionMode"] = Value::from(mode);
        }
        object.to_string()
    }
}

/// Entrypoints as users write them.
const USUAL: [&str; 44] = [
    "python train.py",
    "python /home/ray/samples/sample_code.py --epochs 3",
    "python -c \"import ray; ray.init(); print(ray.cluster_resources())\"",
    "python -c 'import ray; ray.init()'",
    "bash -c 'chmod +x train.sh && python train.py'",
    "bash -c \"cd /app && python train.py --lr 0.1\"",
    "chmod +x train.sh && python train.py",
    "cd /app; python train.py",
    "pip install -r requirements.txt && python train.py || echo failed",
    "python train.py | tee /tmp/out",
    "python train.py > /tmp/out 2>&1",
    "python train.py 2>&1",
    "python train.py &",
    "python train.py;",
    "python train.py --date $(date +%F)",
    "python train.py --date `date +%F`",
    "python train.py --home $HOME --name ${NAME:-x}",
    "python train.py # trains",
    "python train.py \\\n  --epochs 3 \\\n  --lr 0.1",
    "python train.py \\\n  --epochs 3 \\",
    "echo one\necho two",
    "python - <<EOF\nprint(1)\nEOF",
    "python train.py <<< text",
    "export A=1 && python train.py",
    "for i in 1 2 3; do python train.py $i; done",
    "a; for i in 1 2 3; do python train.py $i; done",
    "if python a.py; then python b.py; fi",
    "a; if python a.py; then python b.py; fi",
    "a; while no; do b; done",
    "a; case x in x) b ;; esac",
    "a && { b; c; }",
    "a && (b; c)",
    "(python train.py)",
    "python train.py --args '{\"a\": [1, 2], \"b\": \"c d\"}'",
    "python train.py --args \"{\\\"a\\\": 1}\"",
    "python train.py --filter a>b",
    "python train.py --name it's",
    "python train.py --text \"say \\\"hi\\\"\"",
    "python train.py --text $'tab\\there'",
    "python train.py ${{ inputs.name }}",
    "python train.py --sum $((1 + 2))",
    "python train.py *.txt {a,b} ~/x a=b [0] !x",
    "python train.py \"$(cat list | wc -l)\" \"${A}\"",
    "bash -c 'echo '\\''quoted'\\'' && python train.py'",
];

/// Pieces that are put together, with blanks or without.
const PIECES: [&str; 74] = [
    "python",
    "a.py",
    "--lr",
    "0.1",
    "x=1",
    "--name=v",
    "b",
    "c",
    "'single'",
    "\"double\"",
    "'a;b'",
    "\"a && b\"",
    "a\\ b",
    "\\;",
    "\\\"",
    "\"it's\"",
    "'say \"x\"'",
    "$'x\\'y'",
    "$\"x\"",
    "$HOME",
    "${HOME}",
    "${A:-x}",
    "\"${A:-x}\"",
    "${#A}",
    "$1",
    "${",
    "$(",
    "`",
    "\"",
    "'",
    "(",
    ")",
    "{",
    "}",
    "$(no)",
    "`no`",
    "\"$(no)\"",
    "\"`no`\"",
    "$(no a | no)",
    "$((1+1))",
    "${a b}",
    "<(no)",
    ";",
    "&&",
    "||",
    "|",
    "|&",
    "&",
    ">",
    ">>",
    "2>",
    "<",
    ">&",
    "&>",
    "<<<",
    "<<E",
    ";;",
    "\n",
    "\n",
    "\\\n",
    "\\",
    "#",
    "# x",
    "#x",
    "if",
    "then",
    "else",
    "fi",
    "do",
    "done",
    "while",
    "!",
    "é",
    "no",
];

/// Characters that a mistake adds.
const MISTAKES: [char; 22] =
    ['\'', '"', '`', '$', '(', ')', '{', '}', ';', '&', '|', '<', '>', '#', '\\', '\n', ' ', ' ', '!', '*', '=', 'a'];

pub(crate) fn case(seed: u64, index: u64) -> Case {
    let mut dice = Dice::new(seed, index);
    let mode = *dice.pick(&[None, Some("K8sJobMode"), Some("SidecarMode")]);
    let entrypoint = match dice.below(6) {
        0 => (*dice.pick(&USUAL)).to_owned(),
        1 | 2 => mistaken(&mut dice),
        3 => format!("{}{}{}", dice.pick(&USUAL), dice.pick(&[" ", "; ", " && ", "\n", " | "]), dice.pick(&USUAL)),
        _ => pieces(&mut dice),
    };
    Case { entrypoint, mode }
}

/// Returns a usual entrypoint with some characters added or removed, or cut off.
fn mistaken(dice: &mut Dice) -> String {
    let mut chars: Vec<char> = dice.pick(&USUAL).chars().collect();
    for _ in 0..=dice.below(3) {
        let at = dice.below(chars.len() + 1);
        match dice.below(4) {
            0 if at < chars.len() => {
                chars.remove(at);
            }
            1 if dice.one_in(3) => chars.truncate(at),
            _ => chars.insert(at, *dice.pick(&MISTAKES)),
        }
    }
    chars.into_iter().collect()
}

fn pieces(dice: &mut Dice) -> String {
    let mut text = String::from("python a.py");
    for _ in 0..=dice.below(6) {
        if !dice.one_in(6) {
            text.push(' ');
        }
        let piece: &&str = dice.pick(&PIECES);
        text.push_str(piece);
    }
    text
}
