//! rayguard as a kubectl plugin.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::cli::{DENIED, Shell};

#[test]
fn kubectl_finds_the_plugin() {
    let shell = Shell::new();
    symlink(env!("CARGO_BIN_EXE_rayguard"), shell.path().join("kubectl-ray_policy")).expect("a link");
    let kubectl = |arguments: &[&str]| {
        let program = crate::server::apiserver::programs().join("kubectl");
        let output = Command::new(program).args(arguments).env("PATH", shell.path()).env("HOME", shell.path()).output();
        let output = output.expect("kubectl runs");
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8"))
    };
    shell.write("denied.yaml", DENIED.as_bytes());
    let file = shell.path().join("denied.yaml").display().to_string();
    assert_eq!(kubectl(&["ray-policy", "version"]), (Some(0), shell.run(&["version"]).out));
    let (status, printed) = kubectl(&["ray-policy", "check", &file]);
    assert!(status == Some(1) && printed.contains("error[worker-reconnect-timeout]"), "{status:?} {printed}");
    let (status, printed) = kubectl(&["ray-policy", "chek"]);
    assert!(
        status == Some(2) && printed.contains("Usage: kubectl ray-policy [OPTIONS] <COMMAND>"),
        "{status:?} {printed}"
    );
}
