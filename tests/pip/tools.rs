//! Other programs that read or install the wheel.

use std::fs;
use std::process::Command;

use super::{Outcome, VERSION, path, read};

/// Returns one of the programs that `tests/pip/run` has installed. They look for packages in the folder of the wheel.
pub(crate) fn installed(name: &str) -> Command {
    let (programs, folder) = (path("RAYGUARD_PYPI"), path("RAYGUARD_WHEEL"));
    let folder = folder.parent().expect("a folder");
    let mut program = Command::new(programs.join(name));
    let others = std::env::var("PATH").expect("a PATH");
    program.env("PATH", format!("{}:{others}", programs.display())).env("PIP_FIND_LINKS", folder);
    program.env("UV_FIND_LINKS", folder).env("UV_NO_CONFIG", "1").env("UV_NO_INDEX", "1").env("UV_OFFLINE", "1");
    for (variable, cache) in [("PIPX_HOME", "pipx"), ("PRE_COMMIT_HOME", "pre-commit"), ("UV_CACHE_DIR", "uv")] {
        program.env(variable, folder.join("caches").join(cache));
    }
    program
}

#[test]
fn programs_that_check_wheels_find_nothing() {
    let wheel = path("RAYGUARD_WHEEL");
    Outcome::of(installed("twine").args(["check", "--strict"]).arg(&wheel)).passes();
    Outcome::of(installed("check-wheel-contents").arg(&wheel)).passes();
    let shown = Outcome::of(installed("auditwheel").arg("show").arg(&wheel)).passes();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("The wheel requires no external shared libraries!"), "{shown}");
}

#[test]
fn uv_and_pipx_run_the_command_and_the_module() {
    // uv puts the package into an environment of its own, above that of the interpreter.
    let above = ["run", "--no-project", "--isolated", "--with", "rayguard", "python3", "-m", "rayguard", "version"];
    for (program, arguments) in
        [("uvx", &["rayguard", "version"][..]), ("uv", &above), ("pipx", &["run", "rayguard", "version"])]
    {
        let version = Outcome::of(installed(program).args(arguments)).passes();
        assert!(version.starts_with(&format!("rayguard {VERSION}\n")), "{program}: {version}");
    }
}

#[test]
fn pre_commit_installs_the_wheel_for_the_hook_of_the_documentation() {
    let page = read("docs/pipelines.md");
    let (_, recipe) = page.split_once("```yaml # .pre-commit-config.yaml, with the wheel\n").expect("the recipe");
    let recipe = recipe.split_once("```").expect("the end of the recipe").0;
    let repository = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| repository.path().join(name);
    fs::write(file(".pre-commit-config.yaml"), recipe).expect("a file");
    fs::create_dir(file("manifests")).expect("a folder");
    fs::write(file("manifests/cluster.yaml"), read("docs/cannot-survive.yaml")).expect("a file");
    fs::write(file("other.yaml"), "[").expect("a file");
    for arguments in [&["init", "--quiet"][..], &["add", "."]] {
        Outcome::of(Command::new("git").args(arguments).current_dir(repository.path())).passes();
    }
    let mut pre_commit = installed("pre-commit");
    pre_commit.args(["run", "--all-files"]).current_dir(repository.path());
    let run = Outcome::of(&mut pre_commit);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.out.contains(" --> manifests/cluster.yaml:9:19"), "{run:?}");
    assert!(run.out.contains("checked 1 object in 1 file: 3 errors"), "{run:?}");
}
