//! Tests of what `check --fix` and `default --in-place` write, and what they do not change.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::{DENIED, Shell, allowed};

/// Returns the denied cluster with comments, and its fixed text.
fn commented() -> (String, String) {
    let text = format!("# mine\n{}", DENIED.replace("value: \"300\"", "value: '300'   # too little"));
    let fixed = text.replace("'300'", "'1440'");
    (text, fixed)
}

fn read(shell: &Shell, name: &str) -> String {
    fs::read_to_string(shell.path().join(name)).expect("the file is there")
}

#[test]
fn safe_fixes_are_written_and_other_findings_are_reported() {
    let (text, fixed) = commented();
    let other = "kind: Service\napiVersion: v1\nspec:   {}   # as it is\n";
    let wrong = text.replace("redis:6379", "redis").replace("name: denied", "name: both");
    let shell = Shell::with(&[("a.yaml", &format!("{text}---\n{other}")), ("b.yaml", &wrong), ("c.yaml", &allowed())]);
    let ended = shell.run(&["check", "--fix", "a.yaml", "b.yaml", "c.yaml"]);
    assert_eq!(read(&shell, "a.yaml"), format!("{fixed}---\n{other}"));
    assert_eq!(read(&shell, "b.yaml"), wrong.replace("'300'", "'1440'"));
    assert_eq!(read(&shell, "c.yaml"), allowed());
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(ended.out.starts_with("error[malformed-redis-address]") && ended.out.matches("error[").count() == 1);
    assert!(ended.err.ends_with(": 1 error; assumes KubeRay 1.7\nfixed 2, 1 left\n"), "{}", ended.err);
    let again = shell.run(&["check", "--fix", "a.yaml", "c.yaml"]);
    assert_eq!((again.status, &*again.out), (Some(0), ""));
    assert!(again.err.ends_with("nothing found; assumes KubeRay 1.7\nfixed 0, 0 left\n"), "{}", again.err);
}

#[test]
fn a_fix_that_reveals_another_finding_is_followed_by_its_fix() {
    let text = DENIED.replace("num-cpus: \"0\"", "num_cpus: 0").replace("groupName", "groupname");
    let text = text.replace("apiVersion: ray.io/v1", "apiVersion: ray.io/v1alpha1");
    let shell = Shell::with(&[("a.yaml", &text)]);
    let ended = shell.run(&["check", "--fix", "--fail-on", "warning", "a.yaml"]);
    assert_eq!((ended.status, &*ended.out), (Some(0), ""), "{ended:?}");
    assert_eq!(read(&shell, "a.yaml"), DENIED.replace("\"300\"", "\"1440\""));
}

#[test]
fn fix_diff_prints_the_difference_and_writes_nothing() {
    let (text, fixed) = commented();
    let shell = Shell::with(&[("a.yaml", &text), ("c.yaml", &allowed())]);
    let ended = shell.run(&["check", "--fix", "--diff", "a.yaml", "c.yaml"]);
    assert_eq!((ended.status, &*ended.err), (Some(1), "would fix 1\n"));
    let [head, body] = [ended.out.lines().take(2), ended.out.lines().take(usize::MAX)];
    assert_eq!(head.collect::<Vec<_>>(), ["--- a.yaml", "+++ a.yaml"]);
    let changed: Vec<_> = body.skip(2).filter(|line| line.starts_with(['+', '-'])).collect();
    assert_eq!(changed, ["-            value: '300'   # too little", "+            value: '1440'   # too little"]);
    assert_eq!(read(&shell, "a.yaml"), text);
    let applied = shell.pipe(&["check", "--fix", "--diff", "-q", "-"], text.as_bytes());
    assert!(applied.out.starts_with("--- <stdin>\n") && applied.err.is_empty(), "{applied:?}");
    assert_eq!(shell.run(&["check", "--fix", "--diff", "c.yaml"]).status, Some(0));
    assert_eq!(shell.run(&["check", "--diff", "c.yaml"]).status, Some(2), "only with --fix");
    for other in ["--output=json=found.json", "-osarif", "--require-ray"] {
        let ended = shell.run(&["check", "--fix", "--diff", other, "a.yaml"]);
        assert_eq!((ended.status, &*ended.out), (Some(2), ""));
        assert!(ended.err.contains("the argument '--diff' cannot be used with '--"), "{}", ended.err);
        assert!(!shell.path().join("found.json").exists());
    }
    shell.write("a.yaml", fixed.as_bytes());
    assert_eq!(shell.run(&["check", "--fix", "--diff", "a.yaml"]).out, "");
}

#[test]
fn fix_writes_the_fixed_standard_input_to_standard_output() {
    let (text, fixed) = commented();
    let shell = Shell::new();
    let ended = shell.pipe(&["check", "--fix", "-"], text.replace("redis:6379", "redis").as_bytes());
    assert_eq!(ended.out, fixed.replace("redis:6379", "redis"));
    assert!(ended.err.starts_with("error[malformed-redis-address]"), "{}", ended.err);
    assert_eq!(ended.status, Some(1));
    let ended = shell.pipe(&["check", "--fix", "-q"], b"a: [ # kind: RayCluster\n");
    assert_eq!(
        (ended.status, &*ended.out),
        (Some(2), "a: [ # kind: RayCluster\n"),
        "unreadable input is passed through"
    );
    let ended = shell.pipe(&["check", "--fix", "--output", "json"], text.as_bytes());
    assert_eq!((ended.status, &*ended.out), (Some(2), ""));
    assert!(ended.err.contains("write --output FORMAT=FILE"), "{}", ended.err);
}

/// Control characters make a document unreadable. They are passed through next to a document that is fixed.
#[test]
fn fix_preserves_every_other_byte() {
    let text = format!("{DENIED}---\n# kind: RayCluster \u{1b}[1m \u{7f} \u{b} \u{7} \u{85}\n");
    let fixed = text.replace("\"300\"", "\"1440\"");
    let shell = Shell::with(&[("a file.yaml", &text)]);
    let ended = shell.pipe(&["check", "--fix", "-q", "-"], text.as_bytes());
    assert_eq!((ended.status, &*ended.out), (Some(2), &*fixed));
    let file = File::open(shell.write("no-text.yaml", b"\xff\x1b# kind: RayCluster")).expect("a file");
    let output = shell.command(&["check", "--fix", "-q", "-"]).stdin(file).output().expect("the binary ends");
    assert_eq!((output.status.code(), &*output.stdout), (Some(2), &b"\xff\x1b# kind: RayCluster"[..]));
    let shown = |color: &str| shell.run(&["--color", color, "check", "--fix", "--diff", "a file.yaml"]).out;
    let (diff, coloured) = (shown("auto"), shown("always"));
    assert!(coloured.contains("\u{1b}[32m+ ") && !coloured.contains(['\u{7f}', '\u{b}']), "{coloured:?}");
    assert!(diff.contains("\n # kind: RayCluster \u{1b}[1m \u{7f} \u{b} \u{7} \u{85}\n"), "{diff:?}");
    assert!(diff.starts_with("--- a file.yaml\t\n+++ a file.yaml\t\n@@"), "{diff:?}");
    let file = File::open(shell.write("a.patch", diff.as_bytes())).expect("a file");
    let patched = Command::new("patch").arg("-p0").current_dir(shell.path()).stdin(file).output();
    let patched = patched.expect("patch is installed");
    assert!(patched.status.success(), "{patched:?}");
    assert_eq!(read(&shell, "a file.yaml"), fixed);
}

#[test]
fn unreadable_documents_stay_and_the_rest_is_fixed() {
    let (text, fixed) = commented();
    let shell = Shell::with(&[("a.yaml", &format!("a: [ # kind: RayCluster\n---\n{text}"))]);
    shell.write("b.yaml", b"\xff");
    let ended = shell.run(&["check", "--fix", "a.yaml", "b.yaml", "missing.yaml"]);
    assert_eq!(ended.status, Some(2));
    assert_eq!(read(&shell, "a.yaml"), format!("a: [ # kind: RayCluster\n---\n{fixed}"));
    assert_eq!(fs::read(shell.path().join("b.yaml")).expect("a file"), b"\xff");
    assert_eq!(ended.err.matches("missing.yaml").count(), 1, "reported once: {}", ended.err);
    let shown = shell.run(&["check", "--fix", "--diff", "a.yaml"]);
    assert_eq!((shown.status, &*shown.out), (Some(2), ""));
    assert!(shown.err.contains("a.yaml:1:"), "{}", shown.err);
}

#[test]
fn a_value_shared_by_an_alias_is_not_fixed_and_the_reason_is_printed() {
    let env = "          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"300\"\n";
    let group = DENIED.split_once("workerGroupSpecs:\n").expect("it is there").1.replace("small", "other");
    let shared = DENIED.replace(env, &env.replace("env:", "env: &env")) + &group.replace(env, "          env: *env\n");
    let shell = Shell::with(&[("a.yaml", &shared)]);
    let ended = shell.run(&["check", "--fix", "a.yaml"]);
    assert_eq!((ended.status, read(&shell, "a.yaml")), (Some(1), shared));
    let note = "not fixed: worker-reconnect-timeout: an alias elsewhere refers to this value, and would change with it";
    assert!(ended.err.contains(note), "{}", ended.err);
    assert!(ended.err.ends_with("fixed 0, 2 left\n"), "{}", ended.err);
}

#[test]
fn a_rename_to_an_existing_name_is_not_fixed_and_the_reason_is_printed() {
    let right =
        "value: \"1440\"\n          - name: RAY_gcs_rpc_server_reconect_timeout_s\n            value: \"300\"\n";
    let text = DENIED.replace("value: \"300\"\n", right);
    let shell = Shell::with(&[("a.yaml", &text)]);
    let ended = shell.run(&["check", "--fix", "a.yaml"]);
    assert_eq!((ended.status, read(&shell, "a.yaml")), (Some(0), text));
    let note = "a.yaml:30:19: not fixed: misspelled-variable: another item of the list already has this name\n";
    assert!(ended.err.contains(note), "{}", ended.err);
}

#[test]
fn a_value_from_a_default_is_not_fixed_and_the_reason_is_printed() {
    let env = "          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"300\"\n";
    let policy = format!(
        "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\ndefaults:\n  podTemplate:\n    worker:\n      spec:\n        \
         containers:\n        - name: ray-worker\n{env}"
    );
    let text = DENIED.replace(env, "");
    let shell = Shell::with(&[("a.yaml", &text), ("policy.yaml", &policy)]);
    let ended = shell.run(&["check", "--fix", "--config", "policy.yaml", "a.yaml"]);
    assert_eq!((ended.status, read(&shell, "a.yaml")), (Some(1), text), "{ended:?}");
    let note =
        "not fixed: worker-reconnect-timeout: the manifest does not have this field; its value is rayguard's default\n";
    assert!(ended.err.contains(note), "{}", ended.err);
}

#[test]
fn files_keep_their_permissions_and_links_stay_links() {
    let (text, fixed) = commented();
    let shell = Shell::with(&[("real/a.yaml", &text), ("read-only.yaml", &text)]);
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(shell.path().join(name), fs::Permissions::from_mode(mode)).expect("it can be set");
    };
    mode("real/a.yaml", 0o640);
    mode("read-only.yaml", 0o444);
    symlink("real/a.yaml", shell.path().join("link.yaml")).expect("a link");
    let shown = shell.run(&["check", "--fix", "--diff", "link.yaml", "real/a.yaml", "real"]);
    assert_eq!((shown.status, shown.out.matches("+++ ").count(), &*shown.err), (Some(1), 1, "would fix 1\n"));
    assert_eq!(shell.run(&["check", "--fix", "link.yaml"]).status, Some(0));
    let is_link = |name: &str| shell.path().join(name).symlink_metadata().expect("it is there").is_symlink();
    assert!(is_link("link.yaml"));
    assert_eq!(read(&shell, "real/a.yaml"), fixed);
    let metadata = fs::metadata(shell.path().join("real/a.yaml")).expect("it is there");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    let ended = shell.run(&["check", "--fix", "read-only.yaml"]);
    assert_eq!((ended.status, read(&shell, "read-only.yaml")), (Some(2), text));
    assert!(ended.err.contains("read-only.yaml: not written: the file is read-only"), "{}", ended.err);
    let left: Vec<_> = fs::read_dir(shell.path().join("real")).expect("a folder").collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Only root can change the owner of a file; for other users the owner stays the same anyway.
#[test]
fn files_keep_their_owner() {
    let (text, fixed) = commented();
    let shell = Shell::with(&[("theirs.yaml", &text)]);
    let theirs = shell.path().join("theirs.yaml");
    let is_root = chown(&theirs, Some(1234), Some(1235)).is_ok();
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o666)).expect("it can be set");
    let owner =
        |path: &Path| fs::metadata(path).map(|metadata| (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777));
    let before = owner(&theirs).expect("it is there");
    assert_eq!(is_root, before == (1234, 1235, 0o666));
    assert_eq!(shell.run(&["check", "--fix", "theirs.yaml"]).status, Some(0));
    assert_eq!((owner(&theirs).expect("it is there"), read(&shell, "theirs.yaml")), (before, fixed));
    if is_root {
        // Another user may write the file and owns the folder, but cannot give a new file to the old owner.
        fs::write(&theirs, &text).expect("it can be written");
        chown(shell.path(), Some(1236), Some(1236)).expect("root can");
        let output = shell.command(&["check", "--fix", "theirs.yaml"]).uid(1236).gid(1236).output().expect("it ends");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(stderr.contains("theirs.yaml: not written: its owner and group could not be kept"), "{stderr}");
        assert_eq!((output.status.code(), read(&shell, "theirs.yaml")), (Some(2), text));
    }
}

#[test]
fn default_in_place_writes_defaults_into_the_file() {
    let env = "          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: \"300\"\n";
    let text = format!("# mine\n{}", DENIED.replace(env, "          # no timeout\n")).replace('\n', "\r\n");
    let shell = Shell::with(&[("a.yaml", &text), ("c.yaml", &allowed())]);
    let printed = shell.run(&["default", "a.yaml"]).out;
    let shown = shell.run(&["default", "--in-place", "--diff", "a.yaml", "c.yaml"]);
    assert_eq!((shown.status, read(&shell, "a.yaml")), (Some(1), text.clone()));
    let added = ["+  annotations:", "+          env:", "+          - name: RAY_gcs_rpc_server_reconnect_timeout_s"];
    assert!(added.iter().all(|line| shown.out.contains(line)), "{}", shown.out);
    assert!(!shown.out.lines().skip(2).any(|line| line.starts_with('-')), "{}", shown.out);
    let ended = shell.run(&["default", "--in-place", "a.yaml", "c.yaml"]);
    assert_eq!((ended.status, &*ended.out, &*ended.err), (Some(0), "", ""));
    assert_eq!(read(&shell, "c.yaml"), allowed());
    let written = read(&shell, "a.yaml");
    let mut lines = written.lines();
    assert!(text.lines().all(|line| lines.any(|other| other == line)), "every line is still there: {written}");
    assert_eq!(written.matches('\n').count(), written.matches("\r\n").count());
    let json =
        |text: &str| rayguard_manifest::yaml::documents(text).remove(0).expect("it can be read").json.into_owned();
    assert_eq!(json(&written), json(&printed), "the same as `default` prints");
    assert_eq!(shell.run(&["default", "--in-place", "--diff", "."]).status, Some(0), "nothing more to write");
    for arguments in [&["default", "--in-place", "-"][..], &["default", "--in-place"]] {
        let ended = shell.pipe(arguments, text.as_bytes());
        assert_eq!((ended.status, &*ended.out), (Some(2), ""));
        assert!(ended.err.contains("--in-place requires files, not the standard input"), "{}", ended.err);
    }
}
