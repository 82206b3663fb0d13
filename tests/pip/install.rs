//! `pip install rayguard`, without a compiler and without a network.

use super::debian::{run, run_installed};
use super::{VERSION, read};

/// Returns the output of the README's first example: what follows the command, in its block.
fn example() -> String {
    let readme = read("README.md");
    let (_, block) = readme.split_once("-- check docs/cannot-survive.yaml\n").expect("the command");
    block.split_once("```").expect("the end of the block").0.to_owned()
}

#[test]
fn the_file_system_has_python_but_no_compiler_no_rust_and_no_network() {
    let found = run("for program in cc gcc clang tcc ld rustc cargo; do command -v $program; done; true");
    assert_eq!(found.passes(), "");
    let python = run("python3 -c 'import sys; print(sys.version_info >= (3, 9))'");
    assert_eq!(python.passes(), "True\n");
    let interfaces = run("python3 -c 'import socket; print(socket.if_nameindex())'");
    assert_eq!(interfaces.passes(), "[(1, 'lo')]\n");
}

#[test]
fn pip_installs_the_command_which_finds_the_errors_of_the_readme() {
    let version = run_installed("rayguard version").passes();
    assert!(version.starts_with(&format!("rayguard {VERSION}\n")), "{version}");
    let checked = run_installed("rayguard check docs/cannot-survive.yaml");
    assert_eq!(checked.status, Some(1), "{checked:?}");
    assert_eq!(format!("{}{}", checked.out, checked.err), example());
}

#[test]
fn pip_removes_every_file_of_the_package() {
    let left = run_installed("pip uninstall --quiet --yes rayguard && find env -iname '*rayguard*'");
    assert_eq!(left.passes(), "");
}

#[test]
fn the_commands_by_pip_on_the_comparison_page_print_what_they_claim() {
    let page = read("docs/comparison.md");
    let commands = page.lines().filter_map(|line| line.split_once("<br>`")?.1.split_once('`')).map(|(it, _)| it);
    let commands: Vec<_> = commands.filter(|command| command.contains("pip install")).collect();
    assert_eq!(commands.len(), 1, "{commands:?}");
    for command in commands {
        let printed = run(&format!("cp docs/cannot-survive.yaml cluster.yaml\n{command}"));
        assert_eq!(printed.status, Some(1), "{printed:?}");
        assert!(printed.out.contains(" --> cluster.yaml:9:19"), "{printed:?}");
    }
}
