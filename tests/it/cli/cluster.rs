//! `rayguard check --cluster` as far as it needs no cluster, and what it does where an API server misbehaves as no real
//! one can be made to: here a socket answers.

use super::{DENIED, Shell};

#[test]
fn arguments_for_a_cluster_and_for_files_do_not_go_together() {
    let shell = Shell::with(&[("a.yaml", DENIED)]);
    for only_live in [["--context", "a"].as_slice(), &["--kubeconfig", "a"], &["-A"], &["--all-namespaces"]] {
        for files in
            [["a.yaml"].as_slice(), &["--fix", "a.yaml"], &["--no-ignore", "--exclude=b", "a.yaml"], &["-"], &[]]
        {
            let ended = shell.run(&[&["check"], only_live, files].concat());
            assert_eq!((ended.status, &*ended.out), (Some(2), ""), "{only_live:?} {files:?}");
            assert!(ended.err.contains("--cluster"), "{only_live:?} {files:?}: {}", ended.err);
        }
    }
    for only_files in
        [["--exclude", "b"].as_slice(), &["--no-ignore"], &["--stdin-filename", "b"], &["--fix"], &["--diff"]]
    {
        let ended = shell.run(&[&["check", "--cluster"], only_files].concat());
        assert_eq!(ended.status, Some(2), "{only_files:?}");
        let complaint = format!("the argument '--cluster' cannot be used with '{}", only_files[0]);
        assert!(ended.err.contains(&complaint), "{only_files:?}: {}", ended.err);
    }
}
