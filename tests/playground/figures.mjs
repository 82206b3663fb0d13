// Prints what a person waits for in the playground, and keeps pictures of it. Nothing here depends on a time.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { SCHEMES, SIZES, launch, overflow, violations } from "./browser.mjs";
import { openPlayground, settled, write } from "./playground.mjs";
import { serve } from "./server.mjs";

const root = path.resolve(import.meta.dirname, "../..");
const { SITE, PICTURES } = process.env;

/** How many lines the text has in which keys are pressed. */
const LINES = 200;

/** The keys that are pressed: a comment and a value, and back again. */
const TYPED = "  # a comment that somebody types, with 60 characters in it !!";

/** The limit for everything that the page loads, compressed. */
const MAX_BYTES = 1.5e6;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Returns a manifest of this number of lines, with several objects and faults. */
async function manifest(lines) {
  const cluster = await readFile(path.join(root, "docs/cannot-survive.yaml"), "utf8");
  const all = Array.from(
    { length: 9 },
    (_, index) => `---\n${cluster.replace("name: cannot", `name: c${index}-cannot`)}`,
  );
  return `${all
    .join("")
    .split("\n")
    .slice(0, lines - 1)
    .join("\n")}\n`;
}

async function load(browser, server) {
  const times = [];
  for (let count = 0; count < 5; count += 1) {
    const { context, page } = await openPlayground(browser, `${server.url}playground.html`);
    times.push(await page.evaluate(() => performance.getEntriesByName("rayguard-findings")[0].startTime));
    await context.close();
  }
  console.log(
    `first findings after load: ${median(times).toFixed(0)} ms (median of ${times.length}, slowest ${Math.max(...times).toFixed(0)} ms)`,
  );
  const bytes = [...server.sent.values()].reduce((sum, length) => sum + length, 0);
  console.log(`everything that the page loads, with gzip: ${(bytes / 1000).toFixed(0)} kB`);
  for (const [name, length] of server.sent) console.log(`  ${name}: ${(length / 1000).toFixed(1)} kB`);
  assert.ok(bytes <= MAX_BYTES, `the page loads ${bytes} bytes, more than ${MAX_BYTES}`);
}

async function typing(browser, server) {
  const { context, page } = await openPlayground(browser, `${server.url}playground.html`);
  await write(page, await manifest(LINES));
  const lines = await page.evaluate(() => window.rayguardPlayground.manifest.view.state.doc.lines);
  await page.locator(".cm-line", { hasText: "redisAddress" }).first().click();
  await page.keyboard.press("End");
  await page.evaluate(() => {
    window.slow = { tasks: [], events: [], handlers: [] };
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.slow.tasks.push(duration);
    }).observe({ type: "longtask" });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        window.slow.events.push(entry.duration);
        window.slow.handlers.push(entry.processingEnd - entry.processingStart);
      }
    }).observe({ type: "event", durationThreshold: 16 });
  });
  const debuggerSession = await context.newCDPSession(page);
  await debuggerSession.send("Performance.enable", { timeDomain: "threadTicks" }); // without the time of other programs
  const busy = async () => {
    const { metrics } = await debuggerSession.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  };
  const before = await busy();
  const keys = [...TYPED, ...Array.from(TYPED, () => "Backspace")];
  const checks = [];
  for (const key of keys) {
    await page.keyboard.press(key === " " ? "Space" : key);
    checks.push(await page.evaluate(() => window.rayguardPlayground.engine.milliseconds));
  }
  await settled(page);
  const each = ((await busy()) - before) / keys.length;
  const { tasks, events, handlers } = await page.evaluate(() => window.slow);
  console.log(`keystrokes in ${lines} lines: ${keys.length}`);
  console.log(`  CPU time of the page's main thread, with drawing, a keystroke: ${each.toFixed(1)} ms`);
  console.log(`  longest handler of a key: ${Math.max(0, ...handlers).toFixed(1)} ms`);
  console.log(
    `  events that took more than 16 ms to the next frame: ${events.length}, the longest ${Math.max(0, ...events)} ms`,
  );
  console.log(`  tasks of more than 50 ms on the main thread: ${tasks.length}`);
  console.log(`  check in the worker: ${median(checks).toFixed(1)} ms`);
  const latency = await page.evaluate(async () => {
    const { manifest } = window.rayguardPlayground;
    performance.clearMarks();
    const start = performance.now();
    manifest.text = manifest.text.replace("redisAddress: redis", "redisAddress: redis:6379");
    while (performance.getEntriesByName("rayguard-findings").length === 0) await new Promise(requestAnimationFrame);
    return performance.getEntriesByName("rayguard-findings")[0].startTime - start;
  });
  console.log(`  from a change to its findings: ${latency.toFixed(0)} ms`);
  await context.close();
}

async function pictures(browser, server) {
  await mkdir(PICTURES, { recursive: true });
  const found = [];
  for (const scheme of SCHEMES) {
    for (const [width, viewport] of Object.entries(SIZES)) {
      const options = { viewport, colorScheme: scheme };
      const { context, page, faults } = await openPlayground(browser, `${server.url}playground.html`, options);
      const place = `${scheme}, ${width} px`;
      const note = async (state, fullPage = true) => {
        found.push(...(await violations(page)).map((violation) => `${place}, ${state}: ${violation}`));
        const wider = await overflow(page);
        if (wider > 0) found.push(`${place}, ${state}: ${wider} px wider than the window`);
        await page.screenshot({
          path: path.join(PICTURES, `playground-${scheme}-${width}-${state}.png`),
          fullPage,
        });
      };
      await note("findings");
      await page.locator("#policy-pane summary").click();
      await page.selectOption("#sample", { label: "A sound cluster" });
      await page.evaluate(() => (window.rayguardPlayground.policy.text += "rulez: {}\n"));
      await settled(page);
      await note("policy");
      await page.evaluate(() => (window.rayguardPlayground.policy.text = ""));
      await settled(page);
      await note("defaults");
      await page.locator(".cm-content").first().focus();
      await page.selectOption("#sample", { label: "A RayJob" });
      await settled(page);
      await page.locator(".cm-lintRange").first().hover();
      await page.locator(".cm-tooltip").waitFor();
      await note("tooltip", false);
      found.push(...faults.map((fault) => `${place}: ${fault}`));
      await context.close();
    }
  }
  assert.equal(found.length, 0, found.join("\n"));
  console.log(
    `axe, in ${SCHEMES.length} colour schemes and ${Object.keys(SIZES).length} widths, 4 states each: 0 violations`,
  );
  console.log(`pictures: ${PICTURES}`);
}

const server = await serve(SITE);
const browser = await launch();
try {
  await load(browser, server);
  await typing(browser, server);
  await pictures(browser, server);
} finally {
  await browser.close();
  await server.close();
}
