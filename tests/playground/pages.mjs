// Opens each page of the documentation site in Chromium, in each width and colour scheme: `node pages.mjs`, with SITE and
// PICTURES as folders. It fails if a page is wider than the window, if axe finds a violation, or if something is missing.
// With names of pages, it opens only these.
import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { SCHEMES, SIZES, launch, open, overflow, violations } from "./browser.mjs";
import { rules, settled } from "./playground.mjs";
import { serve } from "./server.mjs";

const { SITE, PICTURES } = process.env;

/** Pages that are not documents: parts of mdBook's own. */
const PARTS = ["toc.html"];

const named = process.argv.slice(2);
const all = (await readdir(SITE, { recursive: true })).filter((it) => it.endsWith(".html") && !PARTS.includes(it));
const pages = named.length > 0 ? named : all;
const server = await serve(SITE);
const browser = await launch();
const found = new Map();
let count = 0;

async function look(name) {
  for (const scheme of SCHEMES) {
    for (const [width, viewport] of Object.entries(SIZES)) {
      const { context, page, faults } = await open(browser, server.url + name, { colorScheme: scheme, viewport });
      await page.evaluate(() => document.fonts.ready);
      const wider = await overflow(page);
      // The pages of the rules differ in their texts only, so two views of each are enough for axe.
      const isLike = name.startsWith("rules/") && (scheme === "light") !== (width === "1280");
      const all = isLike ? [] : await violations(page);
      if (wider > 0) all.push(`${wider} px wider than the window`);
      for (const fault of [...faults.splice(0), ...all]) {
        const place = `${name} (${scheme}, ${width} px)`;
        if (!found.has(fault)) console.error(`${place}: ${fault}`);
        found.set(fault, [...(found.get(fault) ?? []), place]);
      }
      const picture = `${name.replaceAll("/", "-").replace(/\.html$/, "")}-${scheme}-${width}.png`;
      await page.screenshot({ path: path.join(PICTURES, picture), fullPage: true });
      count += 1;
      await context.close();
    }
  }
}

/** Opens an example of a rule in the playground. */
async function openExample(rule) {
  const { context, page, faults } = await open(browser, `${server.url}rules/${rule}.html`);
  await page.getByRole("link", { name: "Open in the playground" }).first().click();
  await page.waitForURL(/playground\.html#1\./);
  await settled(page);
  assert.deepEqual([...new Set(await rules(page))], [rule]);
  assert.deepEqual(faults, []);
  await context.close();
}

try {
  await openExample("worker-reconnect-timeout");
  await openExample("unsupported-by-kueue"); // with a policy
  await mkdir(PICTURES, { recursive: true });
  const left = [...pages];
  const worker = async () => {
    for (let name; (name = left.shift());) await look(name);
  };
  await Promise.all([worker(), worker()]);
} finally {
  await browser.close();
  await server.close();
}
for (const [fault, places] of found) {
  if (places.length > 1) console.error(`${places.length} views: ${fault}`);
}
console.log(`${pages.length} pages, ${count} views, ${found.size} kinds of faults; pictures: ${PICTURES}`);
assert.equal(found.size, 0);
