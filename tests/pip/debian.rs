//! A root file system of Debian, in which a test runs commands.

use std::process::Command;

use super::{Outcome, ROOT, path};

/// Runs bash code in a home folder with the example of the README in `docs`, and in an activated virtual environment
/// without packages. Nothing stays of it. pip looks for packages in the folder of the wheel.
pub(crate) fn run(code: &str) -> Outcome {
    let prepare = "cp -r /mnt/docs . && tar --extract --file /mnt/env.tar && . env/bin/activate || exit";
    let mut inside = Command::new("tests/pip/inside");
    inside.arg(path("RAYGUARD_PIP_ROOT")).arg(path("RAYGUARD_WHEEL").parent().expect("a folder"));
    Outcome::of(inside.arg(format!("{prepare}\n{code}")).current_dir(ROOT))
}

/// Runs bash code after pip has installed rayguard into the virtual environment.
pub(crate) fn run_installed(code: &str) -> Outcome {
    run(&format!("pip install --quiet rayguard || exit\n{code}"))
}
