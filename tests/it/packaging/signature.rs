//! Signatures and provenance of a release: what release/sign writes, and what release/verify accepts and refuses.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ROOT, VERSION, read};

/// Who makes the release, and where it is published, in these tests.
const BUILDER: &str = "https://example.org/builders/test";
const URL: &str = "https://example.org/rayguard/releases/download/v0";

/// Prints the statement of provenance of the release.
const PROVENANCE: &str = "checkout/release/provenance \"$BUILDER\" \"$URL\" dist/*.t* dist/install.yaml";

/// Makes a release in `old` that differs only in who made it, with the publisher's signatures.
const EARLIER: &str = r#"mkdir old && cp dist/* old/ && rm old/{*.sig,*.jsonl,*.sigstore.json,SHA256SUMS} &&
    jq '.predicate.runDetails.builder.id = "https://example.org/builders/old"' dist/*.intoto.json >new &&
    mv new old/*.intoto.json && (cd old && sha256sum -- * >../new && mv ../new SHA256SUMS) &&
    "$ROOT/release/sign" old rayguard.key"#;

/// Runs a line of bash in a folder.
fn bash(folder: &Path, line: &str) -> Output {
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("set -euo pipefail\n{line}")]).current_dir(folder);
    bash.env("ROOT", ROOT).env("BUILDER", BUILDER).env("URL", URL);
    bash.output().expect("bash runs")
}

/// Returns what a successful line of bash printed.
fn succeed(folder: &Path, line: &str) -> String {
    let output = bash(folder, line);
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Returns a folder with the files of a signed release in `dist`, the keys of their publisher and of another person, and a
/// clone, because a statement is only made about a commit.
fn signed() -> &'static Path {
    static SIGNED: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("signed");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        succeed(&folder, "\"$ROOT/tests/signed-release\" .");
        folder
    });
    &SIGNED
}

/// A copy of the release and the keys, for a test that changes them.
struct Release(TempDir);

impl Release {
    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn new() -> Self {
        let copy = Self(tempfile::tempdir().expect("a folder"));
        succeed(signed(), &format!("cp -r dist *.key *.pub {}/", copy.0.path().display()));
        copy
    }

    fn sign(&self, key: &str) {
        succeed(self.0.path(), &format!("\"$ROOT/release/sign\" dist {key}"));
    }

    fn verify(&self, key: &str) -> Output {
        bash(self.0.path(), &format!("\"$ROOT/release/verify\" dist {key}"))
    }

    /// Returns the statement of the envelope, whose path is returned too.
    fn statement(&self) -> (PathBuf, Value) {
        let path = self.path(&format!("dist/rayguard-{VERSION}-{ARCH}.intoto.jsonl"));
        let envelope: Value = serde_json::from_str(&fs::read_to_string(&path).expect("an envelope")).expect("JSON");
        let payload = BASE64_STANDARD.decode(envelope["payload"].as_str().expect("a payload")).expect("base64");
        (path, serde_json::from_slice(&payload).expect("JSON"))
    }

    /// Expects that the release is refused for this reason after this line of bash has changed it.
    fn refuses(&self, change: &str, reason: &str) {
        succeed(self.0.path(), change);
        let output = self.verify("rayguard.pub");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains(reason), "{change}: {output:?}");
        assert!(output.stdout.is_empty(), "{change}: {output:?}");
    }
}

#[test]
fn a_signed_release_is_verified_with_its_commit_and_builder() {
    let release = Release::new();
    let output = release.verify("rayguard.pub");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains(&format!("version {VERSION}, commit ")) && text.contains(BUILDER), "{text}");
    assert!(text.contains("6 of 6 files are here"), "{text}");
    // A user downloads only what is needed.
    fs::remove_file(release.path("dist/install.yaml")).expect("it is there");
    let output = release.verify("rayguard.pub");
    assert!(String::from_utf8_lossy(&output.stdout).contains("5 of 6 files are here"), "{output:?}");
}

#[test]
fn a_release_that_another_key_has_signed_is_refused() {
    let release = Release::new();
    let refused = release.verify("other.pub");
    assert!(!refused.status.success(), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("SHA256SUMS is not by this key"), "{refused:?}");
    release.sign("other.key");
    assert!(release.verify("other.pub").status.success());
    release.refuses("true", "SHA256SUMS is not by this key");
}

#[test]
fn a_changed_byte_in_any_file_is_refused() {
    let release = Release::new();
    let files: Vec<_> =
        fs::read_dir(release.path("dist")).expect("a folder").map(|file| file.expect("a file")).collect();
    assert_eq!(files.len(), 11, "{files:?}");
    for file in files {
        let good = fs::read(file.path()).expect("a file");
        for place in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[place] ^= 1;
            fs::write(file.path(), bad).expect("it can be written");
            let output = release.verify("rayguard.pub");
            // The last byte of an envelope ends its line.
            let harmless = place + 1 == good.len() && file.path().extension().is_some_and(|end| end == "jsonl");
            assert!(harmless || !output.status.success(), "byte {place} of {file:?}: {output:?}");
        }
        fs::write(file.path(), good).expect("it can be written");
    }
    assert!(release.verify("rayguard.pub").status.success());
}

#[test]
fn a_release_that_was_put_together_differently_is_refused() {
    let sums = "(cd dist && sha256sum -- *.t* *.yaml *.intoto.json >SHA256SUMS)";
    for (change, reason) in [
        ("echo >>dist/install.yaml", "install.yaml was changed"),
        (&format!("echo >>dist/install.yaml; {sums}"), "SHA256SUMS is not by this key, or SHA256SUMS was changed"),
        ("cp dist/*-image.tar dist/install.yaml", "install.yaml was changed"),
        ("echo >dist/more.yaml", "more.yaml is not a file of this release"),
        ("rm dist/SHA256SUMS.sig", "there is no SHA256SUMS.sig"),
        ("rm dist/*.jsonl", "there is no *.intoto.jsonl"),
        ("rm dist/*.t* dist/*.yaml dist/*.json", "there is no other file of the release"),
        ("mv dist/rayguard*.sigstore.json dist/other.sigstore.json", "there is no other.intoto.jsonl"),
        ("cp dist/rayguard*.sigstore.json dist/SHA256SUMS.sigstore.json", "has another signature than SHA256SUMS.sig"),
        (
            "openssl dgst -sha256 -sign rayguard.key -out dist/SHA256SUMS.sig dist/SHA256SUMS",
            "has another signature than",
        ),
        // The publisher's signature of another content, and another person's of this one.
        ("openssl dgst -sha256 -sign rayguard.key -out dist/SHA256SUMS.sig dist/install.yaml", "was changed"),
        ("openssl dgst -sha256 -sign other.key -out dist/SHA256SUMS.sig dist/SHA256SUMS", "is not by this key"),
        // Everything is consistent, and signed by another person, except the checksums of the publisher.
        (
            "cp dist/SHA256SUMS.sig . && \"$ROOT/release/sign\" dist other.key && cp SHA256SUMS.sig dist/",
            "is not by this key",
        ),
        // The publisher has signed the checksums of a file that no statement is about.
        (
            &format!(
                "echo >dist/more.yaml; rm dist/*.sigstore.json; {sums}; openssl dgst -sha256 -sign rayguard.key -out dist/SHA256SUMS.sig dist/SHA256SUMS"
            ),
            "no statement of provenance is about more.yaml",
        ),
        ("jq -c '.payloadType = \"text/plain\"' dist/*.jsonl >new && mv new dist/*.jsonl", "it is not one envelope"),
        ("jq -c '.signatures = []' dist/*.jsonl >new && mv new dist/*.jsonl", "it is not one envelope"),
        ("jq -c '.signatures += .signatures' dist/*.jsonl >new && mv new dist/*.jsonl", "and one signature"),
        ("jq -c '.signatures[0].keyid = \"other\"' dist/*.jsonl >new && mv new dist/*.jsonl", "is not by this key"),
        ("touch $'dist/install.yaml\\n'", "has a line break or a backslash"),
        // The publisher has signed these statements too: of an earlier release of the same files, and one under another name.
        (&format!("{EARLIER} && cp old/*.intoto.jsonl old/rayguard*.sigstore.json dist/"), "of another release"),
        (
            &format!(
                "{EARLIER} && for end in intoto.jsonl sigstore.json; do cp old/rayguard*.$end dist/rayguard-0.0.9.$end; done"
            ),
            "rayguard-0.0.9.intoto.jsonl: it is the statement of another release",
        ),
        (
            "cp dist/*.intoto.jsonl dist/other.intoto.jsonl",
            "other.intoto.jsonl: it is the statement of another release",
        ),
        (
            "jq -c '.payload |= (@base64d | sub(\"example.org/builders\"; \"example.com/builders\") | @base64)' dist/*.jsonl >new && mv new dist/*.jsonl",
            "its signature is not by this key, or it was changed",
        ),
    ] {
        Release::new().refuses(change, reason);
    }
}

#[test]
fn the_statements_of_several_processors_are_about_the_files_of_one_release() {
    let release = Release::new();
    // Each machine makes the files without a processor in their name again, with the same bytes.
    let other = r#"for file in dist/*-"$(uname -m)"*.t*; do cp "$file" "${file//$(uname -m)/other}"; done
        jq --arg processor "$(uname -m)" '(.. | strings) |= gsub($processor; "other")' dist/*.intoto.json >new
        mv new "$(echo dist/*.intoto.json | sed "s/$(uname -m)/other/")"
        echo '# with the archive of the other processor' >>dist/ray-policy.yaml
        rm dist/{*.sig,*.jsonl,*.sigstore.json,SHA256SUMS}
        (cd dist && sha256sum -- * >../new && mv ../new SHA256SUMS)"#;
    succeed(release.0.path(), other);
    release.sign("rayguard.key");
    let output = release.verify("rayguard.pub");
    assert!(String::from_utf8_lossy(&output.stdout).contains("9 of 9 files are here"), "{output:?}");
    release.refuses("rm dist/*-other.{intoto.jsonl,sigstore.json}", "no statement of provenance is about rayguard-");
}

#[test]
fn a_release_is_verified_wherever_the_script_and_the_folder_are() {
    let release = Release::new();
    let verified = "6 of 6 files are here";
    for line in [
        "ln -s \"$ROOT/release/verify\" link && ./link dist rayguard.pub",
        "cp \"$ROOT/release/verify\" copy && bash copy dist rayguard.pub",
        "mkdir 'a b' && cp -r dist 'a b/c' && \"$ROOT/release/verify\" 'a b/c' rayguard.pub",
        // With CDPATH, `cd dist` goes to that folder.
        "mkdir -p other/dist && CDPATH=other \"$ROOT/release/verify\" dist rayguard.pub",
    ] {
        let printed = succeed(release.0.path(), &format!("export CDPATH; {line}"));
        assert!(printed.contains(verified), "{line}: {printed}");
    }
    // The folder that CDPATH leads to has good files. Neither script takes it for the one that it was given.
    succeed(release.0.path(), "mkdir good && cp -r dist good/ && echo >>dist/install.yaml");
    for (script, reason) in [
        ("verify dist rayguard.pub", "install.yaml was changed"),
        ("sign dist rayguard.key", "SHA256SUMS is not of these files"),
    ] {
        let output = bash(release.0.path(), &format!("export CDPATH=good; \"$ROOT/release/\"{script}"));
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains(reason), "{script}: {output:?}");
    }
}

#[test]
fn nothing_is_signed_that_does_not_fit_together() {
    for (change, key, reason) in [
        ("echo >>dist/install.yaml", "rayguard.key", "SHA256SUMS is not of these files"),
        ("rm dist/*.json", "rayguard.key", "set BUILDER for release/build"),
        ("rm dist/SHA256SUMS", "rayguard.key", "has no SHA256SUMS"),
        ("true", "rayguard.pub", "is not a private key in PEM"),
        ("openssl genpkey -algorithm ed25519 -out ed25519.key", "ed25519.key", "is not an ECDSA key on P-256"),
    ] {
        let release = Release::new();
        succeed(release.0.path(), change);
        let before = fs::read(release.path("dist/SHA256SUMS.sig")).expect("a signature");
        let output = bash(release.0.path(), &format!("\"$ROOT/release/sign\" dist {key}"));
        assert!(!output.status.success(), "{change}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(reason), "{change}: {output:?}");
        assert_eq!(fs::read(release.path("dist/SHA256SUMS.sig")).expect("a signature"), before, "{change}");
    }
}

#[test]
fn a_statement_is_about_a_commit_without_changes_and_always_has_the_same_bytes() {
    let release = Release::new();
    let (_, statement) = release.statement();
    let again = format!("umask 077; export TZ=Asia/Kathmandu LC_ALL=C; {PROVENANCE}");
    let again: Value = serde_json::from_str(&succeed(signed(), &again)).expect("JSON");
    assert_eq!(again, statement);
    assert_eq!(succeed(signed(), "git -C checkout status --porcelain"), "", "release/provenance leaves no file");
    let given = &statement["predicate"]["buildDefinition"]["externalParameters"];
    let commit = succeed(signed(), "git -C checkout rev-parse HEAD");
    assert_eq!(*given, json!({"commit": commit.trim_end(), "version": VERSION, "url": URL, "wheels": [ARCH]}));
    let clone = "git clone --quiet \"$SIGNED/checkout\" && echo >>checkout/README.md";
    succeed(release.0.path(), &clone.replace("$SIGNED", &signed().display().to_string()));
    let refused = bash(release.0.path(), PROVENANCE);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there are uncommitted changes"), "{refused:?}");
    assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused:?}");
    let refused = bash(signed(), &PROVENANCE.replace("$BUILDER", "my laptop"));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("must be a URI"), "{refused:?}");
}

/// Validates a statement with the classes of the in-toto project, which know each field of a provenance, and verifies its
/// envelope with the library of the TUF and in-toto projects.
const READ: &str = r#"
import json, sys
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
line, key = open(sys.argv[1]).read(), load_pem_public_key(open(sys.argv[2], "rb").read())
envelope = Envelope.from_dict(json.loads(line))
[keyid] = envelope.signatures
envelope.verify([SSlibKey.from_crypto(key, keyid)], 1)
Statement.copy_from_pb(json_format.Parse(envelope.payload, statement_pb2.Statement())).validate()
provenance = json_format.ParseDict(json.loads(envelope.payload)["predicate"], provenance_pb2.Provenance())
print(provenance.run_details.builder.id)
for source in provenance.build_definition.resolved_dependencies:
    print(source.name or source.uri)
"#;

#[test]
fn libraries_of_in_toto_read_the_statement_and_verify_its_envelope() {
    let release = Release::new();
    let programs =
        succeed(Path::new(ROOT), "release/pypi in-toto-attestation==0.9.3 'securesystemslib[crypto]==1.6.0'");
    let (envelope, statement) = release.statement();
    let read = |key: &str| {
        let mut python = Command::new(Path::new(programs.trim_end()).join("python3"));
        python.args(["-c", READ]).arg(&envelope).arg(release.path(key)).output().expect("python runs")
    };
    let output = read("rayguard.pub");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = std::str::from_utf8(&output.stdout).expect("UTF-8").lines().collect();
    assert_eq!(lines[..5], [BUILDER, "source", "Cargo.lock", "rustc", "cc1"]);
    assert!(lines[5..].iter().all(|uri| uri.starts_with("pkg:") && uri.contains('@')), "{lines:?}");
    let refused = read("other.pub");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("VerificationError"), "{refused:?}");
    // A registry finds the image by this digest, which image/archive printed.
    let image = format!("rayguard-{VERSION}-{ARCH}-image");
    let subjects = statement["subject"].as_array().expect("a list");
    let manifest = subjects.iter().find(|subject| subject["name"] == image).expect("the image");
    assert_eq!(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    let sum = manifest["digest"]["sha256"].as_str().expect("a digest");
    let stored = format!("tar --extract --to-stdout --file dist/{image}.tar blobs/sha256/{sum} | sha256sum");
    assert!(succeed(release.0.path(), &stored).starts_with(sum));
}

#[test]
fn the_commands_of_the_page_print_what_it_says() {
    let release = Release::new();
    let page = read("docs/verify.md").replace("0.1.0", VERSION).replace("x86_64", ARCH);
    let mut commands = 0;
    for (number, section) in page.split("\n## ").enumerate() {
        // The first is in the root of the repository, the others are in the folder of the files.
        let folder = if section.starts_with("With other programs") { release.path("dist") } else { release.path("") };
        if !section.starts_with("Verify it") && !section.starts_with("With other programs") {
            continue;
        }
        for block in section.split("```console\n").skip(1) {
            let block = block.split("```").next().expect("its end");
            for command in block.split("$ ").skip(1).filter(|command| !command.is_empty()) {
                let (line, expected) = command.split_once('\n').expect("a line");
                let printed = succeed(&folder, &line.replace("release/verify", "\"$ROOT/release/verify\""));
                for line in expected.lines().filter(|line| !line.is_empty()) {
                    for part in line.split('…') {
                        assert!(printed.contains(part), "section {number}: {command}: {printed}");
                    }
                }
                commands += 1;
            }
        }
    }
    assert_eq!(commands, 10);
}
