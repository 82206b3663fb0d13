// What a person does in the playground.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch, open } from "./browser.mjs";
import { run, withoutNames } from "./command.mjs";
import { call, openPlayground, read, readPolicy, rules, settled, write } from "./playground.mjs";
import { serve } from "./server.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const sample = (name) => readFile(path.join(root, "docs/playground/samples", name), "utf8");

let browser, server, url, opened, page;

before(async () => {
  server = await serve(process.env.SITE, "/a/folder/");
  url = `${server.url}playground.html`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.close();
});

beforeEach(async () => {
  opened = await openPlayground(browser, url, { permissions: ["clipboard-read", "clipboard-write"] });
  page = opened.page;
});

afterEach(async () => {
  const { context, faults, requests } = opened;
  await context.close();
  assert.deepEqual(faults, []);
  const elsewhere = requests.filter((it) => !it.startsWith(`${server.origin}/`) && !/^(blob|data|file):/.test(it));
  assert.deepEqual(elsewhere, [], "requests to another place");
});

/** Waits until the list of findings names exactly these rules. */
async function expectRules(...names) {
  await settled(page);
  assert.deepEqual(await rules(page), names);
}

test("the first sample has the findings of the README", async () => {
  await expectRules("worker-reconnect-timeout", "malformed-redis-address", "missing-redis-password");
  assert.equal(await page.locator("#count").textContent(), "3 errors in 1 object.");
  assert.equal(await page.locator(".cm-lint-marker-error").count(), 3);
});

test("each sample shows its fault", async () => {
  const expected = {
    "A cluster that cannot survive": ["worker-reconnect-timeout", "malformed-redis-address", "missing-redis-password"],
    "Workers give up before the head": ["worker-reconnect-timeout"],
    "Redis without an address": ["missing-redis-address"],
    "Redis without a password": ["missing-redis-password"],
    "Two clusters in one storage namespace": ["shared-storage-namespace", "shared-storage-namespace"],
    "A RayService": ["single-replica", "invalid-serve-option"],
    "A RayJob": ["invalid-backoff-limit", "invalid-runtime-env", "split-entrypoint"],
    "A sound cluster": [],
  };
  const names = await page.locator("#sample option").allTextContents();
  assert.deepEqual(names.slice(1), Object.keys(expected));
  const found = {};
  for (const name of names.slice(1)) {
    await page.selectOption("#sample", name);
    await settled(page);
    found[name] = await rules(page);
  }
  assert.deepEqual(found, expected);
});

test("a fault that is typed is shown, and its mark is at its place", async () => {
  await write(page, await sample("sound.yaml"));
  await expectRules();
  assert.equal(await page.locator("#count").textContent(), "Nothing found in 1 object.");
  const line = page.locator(".cm-line", { hasText: "redisAddress" });
  await line.click();
  await page.keyboard.press("End");
  for (let index = 0; index < ":6379".length; index += 1) await page.keyboard.press("Backspace");
  await expectRules("malformed-redis-address");
  assert.equal(await page.locator(".cm-lintRange-error").textContent(), "redis");
  await page.getByRole("button", { name: "line 9, column 19" }).click();
  const selected = () => page.evaluate(() => getSelection().toString());
  assert.equal(await selected(), "redis");
});

test("fix all gives the text of check --fix, and undo takes it back", async () => {
  const text = await read(page);
  const { text: expected } = await run({ text }, "check", "--fix");
  assert.notEqual(expected, text);
  await page.getByRole("button", { name: "Fix all" }).click();
  await page.waitForFunction((text) => window.rayguardPlayground.manifest.text !== text, text);
  assert.equal(await read(page), expected);
  await settled(page);
  assert.match(await page.locator("#done").textContent(), /^Fixed \d+ findings?\./);
  await page.locator(".cm-content").first().focus();
  await page.keyboard.press("Control+z");
  await settled(page);
  assert.equal(await read(page), text);
});

test("one finding is fixed from the list, and only this one", async () => {
  const before = await rules(page);
  await page.getByRole("button", { name: "Fix worker-reconnect-timeout in line 38" }).click();
  await page.waitForFunction(() => !document.querySelector("#findings").textContent.includes("worker-reconnect"));
  await settled(page);
  assert.deepEqual(await rules(page), before.slice(1));
  assert.match(await read(page), /value: "840"/);
  const isInList = await page.evaluate(() => document.querySelector("#findings").contains(document.activeElement));
  assert.ok(isInList, "the focus stays in the list");
});

test("one finding is fixed from its mark in the editor", async () => {
  await page.locator(".cm-lintRange-error", { hasText: '"120"' }).hover();
  await page.locator(".cm-diagnosticAction").click();
  await page.waitForFunction(() => window.rayguardPlayground.manifest.text.includes('value: "840"'));
  await settled(page);
});

test("the defaults of the webhook are shown and written", async () => {
  const text = await sample("sound.yaml");
  await write(page, text);
  const command = await run({ text }, "default", "--in-place");
  const shown = await run({ text }, "default", "--in-place", "--diff");
  assert.equal(await page.locator("#defaults").textContent(), withoutNames(shown.stdout));
  assert.ok((await page.locator("#defaults ins").count()) > 0);
  await page.getByRole("button", { name: "Write them into the manifest" }).click();
  await settled(page);
  assert.equal(await read(page), command.text);
  assert.equal(await page.locator("#defaults").isVisible(), false);
});

test("the choices are written into the policy and change the verdict", async () => {
  const text = (await sample("sound.yaml")).replace(
    "          resources:",
    '          env:\n          - name: RAY_gcs_rpc_server_reconnect_timeout_s\n            value: "900"\n          resources:',
  );
  await write(page, text);
  await expectRules("worker-reconnect-timeout");
  assert.equal(await page.locator("#findings .severity").textContent(), "warning");
  await page.selectOption("#webhook", "absent");
  await page.waitForFunction(() => document.querySelector("#findings .severity")?.textContent === "error");
  await page.selectOption("#webhook", "installed");
  await page.waitForFunction(() => document.querySelector("#findings").children.length === 0);
  await page.selectOption("#kuberay", "1.2");
  await page.waitForFunction(() => window.rayguardPlayground.policy.text.includes("1.2"));
  await settled(page);
  const policy = await readPolicy(page);
  assert.equal(policy.split("\n").slice(2).join("\n"), 'webhook: installed\nkuberay:\n  version: "1.2"\n');
  const { findings } = JSON.parse((await run({ text, policy }, "check", "--output", "json")).stdout);
  assert.deepEqual(
    await rules(page),
    findings.map(({ rule }) => rule),
  );
  assert.ok(
    findings.some(({ rule }) => rule === "unknown-field"),
    "KubeRay 1.2 has no gcsFaultToleranceOptions",
  );
  await page.selectOption("#kuberay", "");
  await page.selectOption("#webhook", "");
  await page.waitForFunction(() => !/webhook|kuberay/.test(window.rayguardPlayground.policy.text));
  await settled(page);
});

test("an error of the policy is shown at its place", async () => {
  await page.locator("#policy-pane summary").click();
  await page.evaluate(() => (window.rayguardPlayground.policy.text += "rulez: {}\n"));
  await settled(page);
  assert.match(await page.locator("#policy-errors").textContent(), /line 3, column 1.*rules/s);
  assert.equal(await page.locator("#count").textContent(), "Not checked: the policy has 1 error.");
  assert.equal(await page.locator("#policy .cm-lintRange-error").textContent(), "rulez: {}");
  assert.deepEqual(await rules(page), []);
});

test("a link carries the manifest and the policy", async () => {
  const text = `# Ünïcode 😀 & <b>\n${await sample("shared-storage.yaml")}`;
  await write(page, text);
  await page.selectOption("#webhook", "absent");
  await page.waitForFunction(() => window.rayguardPlayground.policy.text.includes("absent"));
  await settled(page);
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.waitForFunction(() => document.querySelector("#done").textContent.startsWith("Copied a link"));
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, page.url());
  const other = await openPlayground(browser, link);
  assert.equal(await read(other.page), text);
  assert.equal(await readPolicy(other.page), await readPolicy(page));
  assert.deepEqual(await rules(other.page), await rules(page));
  assert.deepEqual(other.faults, []);
  // The link leaves the address bar as soon as it is no longer that of the text.
  await other.page.locator(".cm-content").first().focus();
  await other.page.keyboard.type("#");
  await other.page.waitForFunction(() => location.hash === "");
  await settled(other.page);
  // The texts survive that the page is loaded again.
  const changed = await read(other.page);
  await other.page.waitForFunction(
    (text) => JSON.parse(sessionStorage.getItem("rayguard-playground")).text === text,
    changed,
  );
  await other.page.reload();
  await settled(other.page);
  assert.equal(await read(other.page), changed);
  await other.context.close();
});

test("an incomplete link is reported", async () => {
  const other = await openPlayground(browser, `${url}#1.abcd`);
  assert.match(await other.page.locator("#alert").textContent(), /The link is incomplete.*Copy the whole link again/);
  assert.deepEqual(other.faults, []);
  await other.context.close();
});

test("everything works with the keyboard alone", async () => {
  const isInEditor = () => page.evaluate(() => document.activeElement.matches(".cm-content"));
  const focusOn = async (selector, key = "Tab") => {
    for (let count = 0; count < 80; count += 1) {
      if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) return;
      if (await isInEditor()) await page.keyboard.press("Escape");
      await page.keyboard.press(key);
    }
    assert.fail(`${key} does not reach ${selector} in\n${await page.locator("body").ariaSnapshot()}`);
  };
  await focusOn(".skip");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "findings-heading");
  await focusOn("#sample", "Shift+Tab");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await settled(page);
  assert.deepEqual(await rules(page), ["worker-reconnect-timeout"]);
  await focusOn("#manifest .cm-content");
  await page.keyboard.press("Home"); // Tab indents again after another key than Escape
  await page.keyboard.press("Tab");
  assert.match(await read(page), /^ {2}#/);
  await page.keyboard.press("Control+z");
  await page.keyboard.press("F8");
  assert.equal(await page.evaluate(() => getSelection().toString()), '"300"');
  await focusOn("#policy-pane summary"); // perhaps by the button in the tooltip of the finding
  await settled(page);
  await focusOn("#findings button[aria-label^=Fix]");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => window.rayguardPlayground.manifest.text.includes("1140"));
  await settled(page);
  assert.equal(await page.evaluate(() => document.activeElement.id), "findings-heading", "the list is empty now");
  await focusOn("#policy-pane summary", "Shift+Tab");
  await page.keyboard.press("Enter");
  assert.ok(await page.locator("#policy").isVisible());
  await focusOn("#theme", "Shift+Tab");
});

test("a screen reader has names, and hears the number of findings", async () => {
  assert.ok(await page.getByRole("textbox", { name: "Manifest in YAML" }).isVisible());
  const snapshot = await page.locator("body").ariaSnapshot();
  for (const part of ["banner", 'navigation "Documentation"', "main", 'region "Manifest"', 'region "Findings"']) {
    assert.ok(snapshot.includes(part), `${part} is not in\n${snapshot}`);
  }
  assert.match(snapshot, /status: 3 errors in 1 object\./);
});

test("the page works without a network after it is loaded", async () => {
  await opened.context.setOffline(true);
  await write(page, await sample("worker-timeout.yaml"));
  await expectRules("worker-reconnect-timeout");
  await page.getByRole("button", { name: "Fix all" }).click();
  await page.waitForFunction(() => document.querySelector("#findings").children.length === 0);
  await settled(page);
  assert.equal(await page.locator("#defaults").isVisible(), false);
});

test("the page cannot send anything", async () => {
  const results = await page.evaluate(async () => {
    const fetched = await fetch("index.html").then(
      () => "sent",
      (error) => error.name,
    );
    const image = await new Promise((resolve) => {
      const image = new Image();
      image.onload = image.onerror = (event) => resolve(event.type);
      image.src = "/picture.png";
    });
    return [fetched, image];
  });
  assert.deepEqual(results, ["TypeError", "error"]);
  const refused = opened.faults.splice(0);
  assert.ok(
    refused.length >= 2 && refused.every((fault) => /Content Security Policy|csp|ERR_BLOCKED/i.test(fault)),
    refused,
  );
});

test("the page works as a file", async () => {
  const file = pathToFileURL(path.join(process.env.SITE, "playground.html")).href;
  const other = await openPlayground(browser, file);
  assert.equal((await rules(other.page)).length, 3);
  await other.page.getByRole("button", { name: "Copy link" }).click();
  await other.page.waitForFunction(() => document.querySelector("#done").textContent !== "");
  assert.match(other.page.url(), /^file:.*#1\./);
  assert.deepEqual(other.faults, []);
  await other.context.close();
});

test("the page says what to do without JavaScript", async () => {
  const other = await open(browser, url, { javaScriptEnabled: false });
  assert.match(await other.page.locator("noscript").textContent(), /needs JavaScript.*rayguard check FILE/s);
  assert.ok(await other.page.locator("noscript p").isVisible());
  await other.context.close();
});

test("broken text is reported at its place, and the other objects are checked", async () => {
  await write(page, `${await read(page)}---\nkind: RayCluster\nspec: [}\n`);
  const items = await page.locator("#findings > li").allTextContents();
  assert.equal(items.length, 4);
  assert.match(items[0], /line 44, column 7/);
  assert.equal(await page.locator("#count").textContent(), "1 document not readable, 3 errors in 1 object.");
});

test("text of any kind ends neither the page nor the program", async () => {
  const odd = [
    "\0",
    "\u{2028}\u{feff}",
    "[".repeat(100_000),
    "- ".repeat(100_000),
    "{a: ".repeat(50_000),
    "&a *a",
    "a: &a [*a, *a]",
  ];
  for (const text of [...odd, "kind: RayCluster\n\t- x", '"\\ud800"', "\ud800", ""]) {
    await write(page, `# kind: RayCluster\n${text}`);
  }
  await write(page, await sample("worker-timeout.yaml"));
  await expectRules("worker-reconnect-timeout");
  assert.equal(await page.evaluate(() => window.rayguardPlayground.engine.restarts), 0);
});

test("after a failure of the program, the page says what to do and goes on", async () => {
  const error = await call(page, "check", 1, 2).catch((error) => error.message);
  assert.match(error, /the program failed/);
  assert.equal(await page.evaluate(() => window.rayguardPlayground.engine.restarts), 1);
  await write(page, await sample("worker-timeout.yaml"));
  await expectRules("worker-reconnect-timeout");
});

test("a huge text is checked, or the page says that it is too long", async () => {
  const cluster = await sample("worker-timeout.yaml");
  const text = Array.from({ length: 4000 }, (_, index) => cluster.replace("name: worker", `name: w${index}`)).join(
    "---\n",
  );
  await page.evaluate((text) => (window.rayguardPlayground.manifest.text = text), text);
  await settled(page);
  await write(page, cluster);
  await expectRules("worker-reconnect-timeout");
  assert.equal(await page.locator("#alert").textContent(), "");
});
