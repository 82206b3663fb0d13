// The program in the page gives what the command gives, for every example of every rule.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { run, runOver, withoutNames } from "./command.mjs";
import { examples } from "./examples.mjs";
import { call, openPlayground } from "./playground.mjs";
import { serve } from "./server.mjs";

let browser, page, server;

before(async () => {
  server = await serve(process.env.SITE);
  browser = await launch();
  ({ page } = await openPlayground(browser, `${server.url}playground.html`));
});

after(async () => {
  await browser?.close();
  await server?.close();
});

const all = examples();

/** The examples by policy, because the command takes one policy for all its files. */
const byPolicy = new Map(all.map(({ policy }) => [policy, all.filter((example) => example.policy === policy)]));

/** Returns the offset in UTF-16 of a line and a column, which counts characters. */
function offset(text, line, column) {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  return before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
}

/** Calls a function for each of several things, two at a time, and fails with all differences that it finds. */
async function compare(things, differences) {
  const found = [];
  const left = [...things];
  const worker = async () => {
    for (let thing; (thing = left.shift());) {
      try {
        await differences(thing);
      } catch (error) {
        found.push(`${thing.name ?? thing[1].map(({ name }) => name)}: ${error.message}`);
      }
    }
  };
  await Promise.all([worker(), worker()]);
  assert.equal(found.length, 0, found.join("\n\n"));
}

test("the findings are those of the command", async (context) => {
  let count = 0;
  await compare(all, async (example) => {
    const { text, policy = "" } = example;
    const command = JSON.parse((await run(example, "check", "--output", "json")).stdout);
    const checked = await call(page, "check", text, policy);
    assert.deepEqual(checked.policyErrors, []);
    const findings = checked.findings.map(({ from, to, bytes, fixable, ...finding }) => {
      assert.equal(from, offset(text, finding.line, finding.column), "the start in the editor");
      assert.equal(to, offset(text, finding.endLine, finding.endColumn), "the end in the editor");
      assert.equal(Buffer.from(text).subarray(bytes.start, bytes.end).toString(), text.slice(from, to));
      assert.equal(typeof fixable, "boolean");
      return finding;
    });
    const named = (text) => JSON.parse(JSON.stringify(text).replaceAll("manifest.yaml", "0.yaml"));
    assert.deepEqual(named(findings), command.findings);
    const place = ({ message, line, column }) => ({ message, line, column });
    assert.deepEqual(checked.errors.map(place), command.errors.map(place));
    assert.deepEqual(checked.summary, command.summary);
    count += findings.length;
  });
  context.diagnostic(`${all.length} examples of all rules, ${count} findings, 0 differences`);
  assert.ok(all.length > 250 && count > 250, `${all.length} examples with ${count} findings are too few`);
});

test("fix all gives the text of check --fix", async (context) => {
  let changed = 0;
  await compare(byPolicy, async ([policy, examples]) => {
    const texts = examples.map(({ text }) => text);
    const command = await runOver(texts, policy, "check", "--fix");
    for (const [index, { name, text }] of examples.entries()) {
      assert.equal((await call(page, "fixAll", text, policy ?? "")).text, command.texts[index], name);
      changed += command.texts[index] === text ? 0 : 1;
    }
  });
  context.diagnostic(`${changed} of ${all.length} examples changed, 0 differences`);
  assert.ok(changed > 30, `only ${changed} examples changed`);
});

test("the defaults are those of rayguard default", async (context) => {
  let written = 0;
  await compare(byPolicy, async ([policy, examples]) => {
    const texts = examples.map(({ text }) => text);
    const command = await runOver(texts, policy, "default", "--in-place");
    const { stdout } = await runOver(texts, policy, "default", "--in-place", "--diff");
    const diffs = new Map(stdout.split(/^(?=--- \d+\.yaml$)/m).map((diff) => [parseInt(diff.slice(4), 10), diff]));
    for (const [index, { name, text }] of examples.entries()) {
      const defaults = await call(page, "defaults", text, policy ?? "");
      assert.equal(defaults.text, command.texts[index], name);
      assert.equal(defaults.diff, withoutNames(diffs.get(index) ?? ""), name);
      written += defaults.count;
    }
  });
  context.diagnostic(`${written} objects with defaults in ${all.length} examples, 0 differences`);
  assert.ok(written > 50, `only ${written} objects got defaults`);
});
