// The language server, with a client on the library of the protocol: what it finds and writes is what the command does.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { Client } from "./client.mjs";
import { print } from "./figures.mjs";
import { fixed, folder, rayguard, read, write } from "./folder.mjs";
import { CANNOT_SURVIVE, SHORT, SOUND, TIMEOUT, long, replace } from "./manifest.mjs";
import { examples } from "./rules.mjs";

const ALL = { start: { line: 0, character: 0 }, end: { line: 100_000, character: 0 } };
const FIX_ALL = "source.fixAll.rayguard";
const FAULTY = replace(SOUND, [[TIMEOUT, SHORT]]);

/** Starts a client whose workspace has some files. */
async function start(test, files = {}, options = {}) {
  const client = await Client.start(folder(test, files), options);
  test.after(() => client.process.kill());
  return client;
}

const rules = (findings) => findings.map((finding) => finding.code ?? "unreadable").sort();

/** Returns the findings and errors of a document, as `check --output json` would show them. */
function shown(document, findings) {
  const place = ({ line, character }) => {
    const before = document.getText({ start: { line, character: 0 }, end: { line, character } });
    return `${line + 1}:${[...before].length + 1}`;
  };
  const severities = { 1: "error", 2: "warning", 3: "note" };
  return findings
    .filter((finding) => finding.code)
    .map(({ code, range, severity, message }) => {
      return `${place(range.start)}-${place(range.end)} ${severities[severity]} ${code}: ${message}`;
    })
    .sort();
}

/** Returns the findings of `check` in some files of a folder, in the same form. */
function checked(path, names) {
  const { findings } = JSON.parse(rayguard(["check", "--output", "json", "--quiet", ...names], { cwd: path }).stdout);
  const shown = findings.map(({ file, rule, severity, message, help, line, column, endLine, endColumn }) => {
    return [file, `${line}:${column}-${endLine}:${endColumn} ${severity} ${rule}: ${message}; ${help}`];
  });
  return (name) =>
    shown
      .filter(([file]) => file === name)
      .map(([, it]) => it)
      .sort();
}

test("the findings and fixes of every rule's examples are those of the command", async (test) => {
  const files = Object.fromEntries(examples().map(({ name, text }) => [name, text]));
  const expected = checked(folder(test, files), Object.keys(files));
  const byCommand = folder(test, files);
  rayguard(["check", "--fix", "--quiet", byCommand]);
  const client = await start(test, files);
  let [findings, fixes] = [0, 0];
  for (const [name, text] of Object.entries(files)) {
    await client.open(name, text);
    // Objects of other files count once the server has read these files.
    let found;
    const is = ({ diagnostics }) => {
      found = shown(client.document(name), diagnostics);
      return isDeepStrictEqual(found, expected(name));
    };
    const what = `the findings of ${name}: ${expected(name).join("\n")}`;
    await client.wait(name, is, what);
    const fixed = readFileSync(join(byCommand, name), "utf8");
    const [all] = await client.actions(name, ALL, [FIX_ALL]);
    assert.equal(all ? await client.after(name, all) : text, fixed, `"fix all" of ${name}`);
    // One quick fix after the other comes to the same.
    const quickFixes = async () => (await client.actions(name, ALL, ["quickfix"])).filter((it) => it.isPreferred);
    for (let count = 0; client.text(name) !== fixed; count++) {
      assert.ok(count < 20, `the quick fixes of ${name} come to ${client.text(name)}`);
      const [fix] = await quickFixes();
      assert.ok(fix, `${name} has no other quick fix, and is ${client.text(name)}`);
      await client.change(name, await client.after(name, fix));
      fixes++;
    }
    assert.deepEqual(await quickFixes(), [], `${name} has fixes that check --fix does not make`);
    await client.close(name);
    findings += found.length;
  }
  test.diagnostic(`${findings} findings in ${Object.keys(files).length} files, ${fixes} quick fixes: 0 differences`);
  assert.ok(findings > 200 && fixes > 30, "the examples have findings and fixes");
  assert.equal(await client.end(), 0);
});

test("positions count units of UTF-16, and fixes keep all other characters", async (test) => {
  const client = await start(test);
  // An emoji is one character, two units of UTF-16, and four bytes.
  const text = replace(FAULTY, [
    [
      '          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: "120"',
      '          - {"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "x": "😀é", "value": "120"} # 😀',
    ],
    ["metadata:\n", 'metadata:\n  annotations: {note: "😀😀 zwölf"}\n'],
  ]);
  const found = await client.open("emoji.yaml", text);
  const finding = found.find((it) => it.code === "worker-reconnect-timeout");
  assert.equal(client.document("emoji.yaml").getText(finding.range), '"120"');
  const [fix] = (await client.actions("emoji.yaml", finding.range, ["quickfix"])).filter((it) => it.isPreferred);
  assert.equal(await client.after("emoji.yaml", fix), replace(text, [['"120"', '"840"']]));
  const [all] = await client.actions("emoji.yaml", ALL, [FIX_ALL]);
  assert.equal(await client.after("emoji.yaml", all), fixed(test, text));
  assert.equal(await client.end(), 0);
});

test("two files with one storage namespace point to each other", async (test) => {
  const sharing = (name, namespace = "shared") =>
    replace(SOUND, [
      ["name: cannot-survive", `name: ${name}`],
      ["redis:6379", `redis:6379\n    externalStorageNamespace: ${namespace}`],
    ]);
  const client = await start(test, { "other/b.yaml": sharing("b") });
  await client.open("a.yaml", sharing("a"));
  const has =
    (rule) =>
    ({ diagnostics }) =>
      diagnostics.some((it) => it.code === rule);
  const found = await client.wait(
    "a.yaml",
    has("shared-storage-namespace"),
    "the finding about the file that is not open",
  );
  const related = found.find((it) => it.code === "shared-storage-namespace").relatedInformation[0];
  assert.equal(related.location.uri, client.uri("other/b.yaml"));
  await client.open("other/b.yaml", sharing("b"));
  assert.equal(
    client.document("other/b.yaml").getText({
      start: related.location.range.start,
      end: { line: related.location.range.start.line + 1, character: 0 },
    }),
    "shared\n",
  );
  await client.wait("other/b.yaml", has("shared-storage-namespace"), "the finding in the other file");
  await client.change("other/b.yaml", sharing("b", "own"));
  const without = ({ diagnostics }) => diagnostics.length === 0;
  await client.wait("a.yaml", without, "the end of the finding");
  // The file is closed without being saved, so its text on the disk counts again.
  await client.close("other/b.yaml");
  await client.wait("a.yaml", has("shared-storage-namespace"), "the finding about the file on the disk");
  write(join(client.folder, "other/b.yaml"), sharing("b", "own"));
  await client.touched("other/b.yaml");
  await client.wait("a.yaml", without, "the end of the finding after the file has changed");
  assert.ok(client.registrations.some((it) => it.method === "workspace/didChangeWatchedFiles"));
  assert.equal(await client.end(), 0);
});

test("a hover shows the effective value, and the document of the rule of a finding", async (test) => {
  const client = await start(test);
  await client.open("a.yaml", FAULTY);
  const hover = await client.hover("a.yaml", '"120"');
  assert.match(hover, /of the worker group small: \*\*120 s\*\*/);
  assert.ok(hover.includes(read("crates/policy/src/rules/worker_reconnect_timeout.md")), hover);
  assert.match(await client.hover("a.yaml", '"300"'), /of the head: \*\*300 s\*\*/);
  assert.equal(await client.hover("a.yaml", "metadata"), "");
  assert.equal(await client.end(), 0);
});

test("the options of the editor count, and a change of the policy file takes effect", async (test) => {
  const policy = (level) =>
    `apiVersion: rayguard.dev/v1alpha1\nkind: Policy\nrules: {worker-reconnect-timeout: ${level}}\n`;
  const options = { config: "policy.yaml", namespace: "research", docsUrl: "https://docs.example.org/rayguard" };
  const client = await start(test, { "policy.yaml": policy("warn") }, options);
  const [finding] = await client.open("a.yaml", FAULTY);
  assert.equal(finding.severity, 2);
  assert.equal(finding.codeDescription.href, "https://docs.example.org/rayguard/rules/worker-reconnect-timeout.html");
  const exempt = (await client.actions("a.yaml", finding.range, ["quickfix"])).find((it) => !it.isPreferred);
  assert.match(exempt.title, /^Exempt RayCluster research\/cannot-survive from worker-reconnect-timeout/);

  write(join(client.folder, "policy.yaml"), policy("deny"));
  await client.touched("policy.yaml");
  const is =
    (severity) =>
    ({ diagnostics }) =>
      diagnostics[0]?.severity === severity;
  await client.wait("a.yaml", is(1), "the new level");
  // No editor needs to report the change.
  write(join(client.folder, "policy.yaml"), policy("audit"));
  await client.wait("a.yaml", is(3), "the level after a change that nobody reports");
  write(join(client.folder, "policy.yaml"), policy("loud"));
  await client.shown("the policy stays as it was");
  assert.equal((await client.change("a.yaml", FAULTY))[0].severity, 3);
  assert.equal(await client.end(), 0);
});

test("a broken document keeps the findings of the others, and its own come back", async (test) => {
  const client = await start(test);
  const second = replace(FAULTY, [["name: cannot-survive", "name: second"]]);
  const both = `${FAULTY}---\n${second}`;
  assert.deepEqual(rules(await client.open("a.yaml", both)), ["worker-reconnect-timeout", "worker-reconnect-timeout"]);
  const broken = replace(both, [["metadata:\n", "metadata: [\n"]]);
  assert.deepEqual(rules(await client.change("a.yaml", broken)), ["unreadable", "worker-reconnect-timeout"]);
  const [all] = await client.actions("a.yaml", ALL, [FIX_ALL]);
  assert.equal(await client.after("a.yaml", all), fixed(test, broken));
  assert.deepEqual(rules(await client.change("a.yaml", "")), []);
  assert.equal((await client.change("a.yaml", both)).length, 2);
  assert.equal(await client.end(), 0);
});

for (const [name, text] of [
  ["the README's example", CANNOT_SURVIVE],
  ["1,000 lines", replace(long(1000), [[TIMEOUT, SHORT]])],
]) {
  test(`latency of ${name}`, async (test) => {
    const client = await start(test);
    await client.open("a.yaml", text);
    const durations = [];
    for (let count = 0; count < 40; count++) {
      const changed = replace(text, [["maxReplicas: 5", `maxReplicas: ${6 + count}`]]);
      const start = performance.now();
      await client.change("a.yaml", changed);
      durations.push(performance.now() - start);
    }
    print(test, `${text.trimEnd().split("\n").length} lines, from a change to the findings`, durations);
    assert.equal(await client.end(), 0);
  });
}
