// The extension for Visual Studio Code: what its package contains, and how it finds and starts the program. Whether the
// editor shows what the language server sends is not tested here.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ProgramNotFound, findProgram, initializationOptions } from "../../editors/vscode/src/program.ts";
import { Client } from "./client.mjs";
import { ARTEFACTS, RAYGUARD, ROOT, folder, read, write } from "./folder.mjs";
import { SHORT, SOUND, TIMEOUT, replace } from "./manifest.mjs";

const EXTENSION = join(ROOT, "editors/vscode");
const MANIFEST = JSON.parse(read("editors/vscode/package.json"));

function run(program, given, cwd) {
  const ended = spawnSync(program, given, { cwd, encoding: "utf8" });
  assert.equal(ended.status, 0, `${ended.error ?? ""}${ended.stdout}${ended.stderr}`);
  return ended.stdout;
}

/** Returns the paths of all files below a folder. */
const files = (path) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();

test("the package contains the extension, its licences and no program", (test) => {
  mkdirSync(ARTEFACTS, { recursive: true });
  const vsix = join(ARTEFACTS, `rayguard-${MANIFEST.version}.vsix`);
  run("npm", ["run", "--silent", "package", "--", "--out", vsix], EXTENSION);
  const path = folder(test);
  run("python3", ["-m", "zipfile", "--extract", vsix, path]);
  const packed = ["LICENSE.txt", "dist/extension.cjs", "dist/licences.txt", "package.json", "readme.md"];
  const expected = ["[Content_Types].xml", ...packed.map((name) => `extension/${name}`), "extension.vsixmanifest"];
  assert.deepEqual(files(path), expected.sort());
  for (const name of expected) {
    const bytes = readFileSync(join(path, name));
    assert.doesNotThrow(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes), `${name} is not a text`);
    assert.ok(!bytes.includes(0), `${name} is not a text`);
  }
  const text = (name) => readFileSync(join(path, "extension", name), "utf8");
  assert.equal(text("LICENSE.txt"), read("LICENSE"));
  for (const library of ["vscode-languageclient", "vscode-jsonrpc", "semver", "minimatch"]) {
    assert.match(text("dist/licences.txt"), new RegExp(`^${library} \\d`, "m"));
  }
  const { engines, main, activationEvents, version } = JSON.parse(text("package.json"));
  assert.equal(main, "./dist/extension.cjs");
  assert.deepEqual(activationEvents, ["onLanguage:yaml", "onLanguage:json"]);
  assert.equal(engines.vscode, `^${MANIFEST.devDependencies["@types/vscode"]}`, "it uses no newer interface");
  // Visual Studio Code's marketplace takes no suffix such as -rc.1.
  assert.equal(version, /^version = "([^"-]*).*"$/m.exec(read("Cargo.toml"))[1], "the version is the program's");
  test.diagnostic(`${vsix}: ${readFileSync(vsix).length} bytes`);
});

test("every setting and command is described in the extension's README", () => {
  const { commands, configuration } = MANIFEST.contributes;
  const page = read("editors/vscode/README.md");
  const settings = [...page.matchAll(/^\| `(rayguard\.[\w.]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(settings, Object.keys(configuration.properties));
  for (const { title, category } of commands) assert.ok(page.includes(`*${category}: ${title}*`), title);
});

test("the program is found in the PATH or by the setting", (test) => {
  const path = folder(test, { "bin/rayguard": "", "bin/other": "", "text/rayguard": "", "home/bin/rayguard": "" });
  for (const name of ["bin/rayguard", "bin/other", "home/bin/rayguard"]) chmodSync(join(path, name), 0o755);
  mkdirSync(join(path, "folder/rayguard"), { recursive: true });
  const at = (name) => join(path, name);
  const find = (setting, ...folders) => {
    const variables = { PATH: folders.map(at).join(":"), HOME: at("home") };
    return findProgram(setting, { variables, platform: "linux", folder: path });
  };
  // Neither a text nor a folder is a program.
  assert.equal(find("", "text", "folder", "bin"), at("bin/rayguard"));
  assert.equal(find("other", "bin"), at("bin/other"));
  assert.equal(find(at("bin/other")), at("bin/other"));
  assert.equal(find("bin/other"), at("bin/other"));
  assert.equal(find("~/bin/rayguard"), at("home/bin/rayguard"));
  const fails = (setting, problem) =>
    assert.throws(
      () => find(setting, "text"),
      (error) => {
        assert.ok(error instanceof ProgramNotFound);
        assert.ok(error.message.startsWith(problem), error.message);
        assert.match(error.message, /Install it \("cargo install .*"\.?.*\), or set "rayguard.path"/);
        return true;
      },
    );
  fails("", 'There is no program "rayguard" in the PATH of the editor. ');
  fails("~/missing", `${at("home/missing")} of the setting "rayguard.path" is not a program. `);
});

test("the program understands the options of the extension", async (test) => {
  const policy = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\nrules: {worker-reconnect-timeout: warn}\n";
  const path = folder(test, { "policy.yaml": policy });
  const settings = { path: RAYGUARD, config: "policy.yaml", namespace: " research ", docsUrl: "" };
  const program = findProgram(settings.path, { variables: {}, platform: process.platform, folder: undefined });
  assert.equal(dirname(program), dirname(RAYGUARD));
  const options = initializationOptions(settings);
  assert.deepEqual(options, { config: "policy.yaml", namespace: "research" });
  const client = await Client.start(path, options);
  test.after(() => client.process.kill());
  const [finding] = await client.open("a.yaml", replace(SOUND, [[TIMEOUT, SHORT]]));
  assert.equal(finding.severity, 2);
  const [, exempt] = await client.actions("a.yaml", finding.range, ["quickfix"]);
  assert.match(exempt.title, /RayCluster research\/cannot-survive/);
  assert.equal(await client.end(), 0);
});
