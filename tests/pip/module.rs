//! `python3 -m rayguard`, which runs the binary.

use super::VERSION;
use super::debian::{run, run_installed};

#[test]
fn the_module_prints_and_returns_what_the_binary_does() {
    for arguments in ["check docs/cannot-survive.yaml", "check - <docs/cannot-survive.yaml", "check none.yaml"] {
        let both = run_installed(&format!(
            "rayguard {arguments} >out 2>err; status=$?
            python3 -m rayguard {arguments} >module.out 2>module.err; echo $status $?
            cmp out module.out && cmp err module.err && cat out err"
        ))
        .passes();
        let (status, printed) = both.split_once('\n').expect("lines");
        assert!(["1 1", "2 2"].contains(&status) && printed.contains("error"), "{arguments}: {both}");
    }
}

#[test]
fn the_module_finds_the_binary_of_each_kind_of_installation() {
    // Debian's own Python has no pip, so the one of the virtual environment installs for it.
    let user = "pip --python /usr/bin/python3 install --quiet --break-system-packages --user rayguard";
    for (install, python) in [
        ("pip install --quiet rayguard", "python3"),
        ("pip install --quiet --target lib rayguard", "PYTHONPATH=lib python3"),
        ("pip install --quiet --prefix lib rayguard", "PYTHONPATH=$(echo lib/lib/python3*/site-packages) python3"),
        (user, "/usr/bin/python3"),
    ] {
        let version = run(&format!("{install}\n{python} -m rayguard version"));
        assert!(version.out.starts_with(&format!("rayguard {VERSION}\n")), "{install}: {version:?}");
    }
}

#[test]
fn a_missing_binary_is_an_error_that_says_what_to_do() {
    let missing = run_installed("rm env/bin/rayguard; python3 -m rayguard version");
    assert_eq!((missing.status, &*missing.out), (Some(2), ""), "{missing:?}");
    let start = "error: the binary rayguard is missing; it is at none of these paths: /tmp/env/bin/rayguard, ";
    let end = "install the package again: python3 -m pip install --force-reinstall rayguard\n";
    assert!(missing.err.starts_with(start) && missing.err.ends_with(end), "{missing:?}");
}

#[test]
fn another_binary_in_the_path_does_not_replace_a_missing_one() {
    let code = "mkdir bin && mv env/bin/rayguard bin/ && PATH=$PWD/bin:$PATH python3 -m rayguard version";
    let missing = run_installed(code);
    assert_eq!((missing.status, &*missing.out), (Some(2), ""), "{missing:?}");
}

#[test]
fn a_binary_for_another_processor_is_an_error_with_its_path() {
    // An ELF file of 64 bits for a processor without a number.
    let damage = r"printf '\x7fELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\377\377' >env/bin/rayguard";
    let refused = run_installed(&format!("{damage}; python3 -m rayguard version"));
    let expected = "error: cannot run /tmp/env/bin/rayguard: Exec format error\n";
    assert_eq!((refused.status, &*refused.out, &*refused.err), (Some(2), "", expected));
}
