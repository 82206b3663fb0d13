//! Texts that some checks of names and paths accept and others refuse.

use serde_json::{Value, json};

use super::change::list;

/// Names on both sides of what is a DNS label, a DNS subdomain, a port name, or a label value.
pub(super) fn names() -> Vec<Value> {
    let mut names = list(json!([
        "", "a", "7", "a1", "1a", "a-b", "a--b", "-a", "a-", "a.b", ".a", "a.", "a..b", "a.-b", "A", "aB", "a_b", "_a",
        "a_", "a b", " a", "a ", "a/b", "a:b", "ä", "a\n", "*", "0", "00", "ray-head", "a.b-c.d1",
    ]));
    for length in [15, 16, 52, 53, 57, 58, 63, 64, 253, 254] {
        names.push("a".repeat(length).into());
    }
    names
}

/// Keys on both sides of what is a qualified name, such as the key of a label.
pub(super) fn keys() -> Vec<Value> {
    let mut keys = list(json!([
        "",
        "a",
        "A",
        "a.b/c",
        "A.b/c",
        "a/b/c",
        "/a",
        "a/",
        "a b",
        "a_b",
        "_a",
        "a_",
        "a.b",
        ".a",
        "a.",
        "ä",
        "a.b/C_d.E-f",
        "example.com/",
        "example.com/a b",
        "-/a",
        "a..b/c",
        "kubernetes.io/x",
        "1/1",
        "a:b",
        "a=b",
    ]));
    for length in [63, 64] {
        keys.push("k".repeat(length).into());
        keys.push(format!("a.b/{}", "k".repeat(length)).into());
    }
    for length in [253, 254] {
        keys.push(format!("{}/x", "p".repeat(length)).into());
    }
    keys
}

/// Values on both sides of what is the value of a label.
pub(super) fn label_values() -> Vec<Value> {
    let mut values = list(json!([
        "", "a", "A", "a.b", "a_b", "-a", "a-", "_a", "a_", ".a", "a b", "a/b", "a:b", "ä", "1", "True", "a,b", "$(X)"
    ]));
    values.extend([63, 64].map(|length| "v".repeat(length).into()));
    values
}

/// Paths on both sides of what is relative, absolute, and free of `..`.
pub(super) fn paths() -> Vec<Value> {
    list(json!([
        "",
        "a",
        "/",
        "/a",
        "a/b",
        "a/../b",
        "..",
        "../a",
        "/..",
        "/a/..",
        "...",
        "a..b",
        "..a",
        "a/..b",
        "./a",
        "a/",
        "//",
        "a:b",
        "~",
        " ",
        "a\\b",
        "..\\a",
        "C:\\a",
        "a/b/../../c",
        ".",
    ]))
}
