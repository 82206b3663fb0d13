// The playground in a page of Chromium.
import { open } from "./browser.mjs";

/** Opens the playground, and waits for the findings. */
export async function openPlayground(browser, url, options) {
  const opened = await open(browser, url, options);
  await settled(opened.page);
  return opened;
}

/** Waits until the findings and the defaults are those of the texts. */
export function settled(page) {
  return page.waitForFunction(() => {
    const playground = window.rayguardPlayground;
    return playground !== undefined && playground.doneVersion === playground.version;
  });
}

/** Replaces the text of the manifest as one change. */
export async function write(page, text) {
  await page.evaluate((text) => (window.rayguardPlayground.manifest.text = text), text);
  await settled(page);
}

/** Returns the text of the manifest. */
export function read(page) {
  return page.evaluate(() => window.rayguardPlayground.manifest.text);
}

/** Returns the text of the policy. */
export function readPolicy(page) {
  return page.evaluate(() => window.rayguardPlayground.policy.text);
}

/** Returns the names of the rules in the list of findings, in their order. */
export function rules(page) {
  return page.locator("#findings > li a").allTextContents();
}

/** Calls a function of the program in the page's worker. */
export function call(page, ...values) {
  return page.evaluate((values) => window.rayguardPlayground.engine.call(...values), values);
}
