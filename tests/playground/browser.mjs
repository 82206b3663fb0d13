// Chromium, pages that watch what happens in them, and axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

/** Widths and heights of a desk and of a telephone. */
export const SIZES = { 1280: { width: 1280, height: 900 }, 390: { width: 390, height: 844 } };

/** The colour schemes. */
export const SCHEMES = ["light", "dark"];

/** The time limit for anything that a test waits for, in milliseconds. CI can be slow. */
export const LIMIT = 60_000;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Starts Chromium. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

/** Opens a page, and collects everything that went wrong in it. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: SIZES[1280], colorScheme: "light", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT);
  const faults = [];
  const requests = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("requestfailed", (request) => faults.push(`request: ${request.url()}: ${request.failure()?.errorText}`));
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`response: ${response.status()} ${response.url()}`);
  });
  context.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  return { context, page, faults, requests };
}

/** Returns what axe finds, one line for each element. */
export async function violations(page) {
  // The page's Content-Security-Policy does not apply to what the debugger evaluates.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${failureSummary.replaceAll(/\s+/g, " ")} (at ${target})`),
  );
}

/** Returns by how many pixels the page is wider than the window. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
