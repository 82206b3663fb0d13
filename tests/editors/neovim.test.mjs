// A recorded session in Neovim, set up as docs/editors.md says for its version: a fault is typed, seen and fixed.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { print } from "./figures.mjs";
import { ARTEFACTS, fixed, folder, rayguard, write } from "./folder.mjs";
import { example } from "./guide.mjs";
import { SHORT, SOUND, TIMEOUT, long, replace } from "./manifest.mjs";
import { Neovim, minorVersion } from "./neovim.mjs";
import { inTime } from "./until.mjs";

const MINOR = minorVersion();
const SETUP = MINOR < 8 ? "init.lua of Neovim 0.7" : MINOR < 11 ? "init.lua of Neovim 0.8" : "init.lua of Neovim 0.11";
const INIT = example(SETUP) + example("init.lua, in addition");
/** The version with which the session was recorded: other versions draw the screen in another way. */
const RECORDED = 7;
const TRANSCRIPT = join(import.meta.dirname, "session.txt");
const FAULTY = replace(SOUND, [[TIMEOUT, SHORT]]);

/** Starts Neovim with a file, and waits until it has been checked. */
async function open(test, text) {
  const path = folder(test);
  write(join(path, "cluster.yaml"), text);
  const neovim = await Neovim.start(path, INIT);
  test.after(() => neovim.end());
  const checked = neovim.changed();
  await neovim.type(":edit cluster.yaml<CR>");
  await inTime(checked, "the first findings");
  return { neovim, path: join(path, "cluster.yaml") };
}

test("a fault is seen while it is typed, and fixed", async (test) => {
  const { neovim, path } = await open(test, SOUND);
  let transcript = "";
  const record = async (step) => {
    const screen = (await neovim.screen())
      .join("\n")
      .trimEnd()
      .replace(/\d+ seconds? ago/, "N seconds ago");
    transcript += `### ${step}\n\n${screen}\n\n`;
    if ((await neovim.mode).blocking) return;
    const found = (await neovim.diagnostics()).map((it) => `${it.place} ${it.severity} ${it.rule}: ${it.message}`);
    transcript += `findings:${found.map((it) => `\n  ${it}`).join("") || " none"}\n\n`;
  };

  await neovim.found();
  await record("The file without faults is open.");

  await neovim.type(`/${TIMEOUT}<CR>ci"12`);
  await neovim.found("worker-reconnect-timeout");
  await neovim.type("0");
  await neovim.shows("after 120 s");
  assert.equal((await neovim.mode).mode, "i", "the text is still typed");
  assert.equal(await neovim.text(), FAULTY);
  assert.equal(readFileSync(path, "utf8"), SOUND, "nothing is saved");
  await record(`A timeout of 120 s is typed: ci"120. The mode is still insert, and the file is not saved.`);

  await neovim.type("<Esc>K");
  await neovim.shows("GCS reconnect timeout");
  await record("K shows the values that are in effect, and the document of the rule.");

  await neovim.type("<Esc>jkgra");
  await neovim.shows("Type number and <Enter>");
  await record("gra offers the code actions.");
  await neovim.type("1<CR>");
  await neovim.found();
  assert.equal(await neovim.text(), fixed(test, FAULTY), "the quick fix writes what check --fix writes");
  await record("1 is chosen, and the finding is fixed.");

  await neovim.type("u");
  await neovim.found("worker-reconnect-timeout");
  assert.equal(await neovim.text(), FAULTY);
  await record("u undoes the fix.");

  await neovim.type("\\rf");
  await neovim.found();
  await record("\\rf fixes all.");
  assert.equal(await neovim.text(), fixed(test, FAULTY), '"fix all" writes what check --fix writes');

  await neovim.type("u");
  await neovim.found("worker-reconnect-timeout");
  await neovim.type(":write<CR>");
  await neovim.found();
  await record(":write also fixes all.");
  assert.equal(readFileSync(path, "utf8"), fixed(test, FAULTY));
  assert.equal(rayguard(["check", "--quiet", path]).status, 0);

  mkdirSync(ARTEFACTS, { recursive: true });
  writeFileSync(join(ARTEFACTS, "session.txt"), transcript);
  if (MINOR !== RECORDED) return;
  if (process.env.UPDATE) writeFileSync(TRANSCRIPT, transcript);
  assert.equal(transcript, readFileSync(TRANSCRIPT, "utf8"), "UPDATE=1 tests/editors/run accepts the session");
});

for (const [name, text] of [
  ["the README's example", SOUND],
  ["1,000 lines", long(1000)],
]) {
  test(`latency of ${name} in Neovim`, async (test) => {
    const { neovim } = await open(test, text);
    await neovim.found();
    await neovim.type(`/${TIMEOUT}<CR>ci"120`);
    await neovim.found("worker-reconnect-timeout");
    const durations = [];
    for (let count = 0; count < 24; count++) {
      const changed = neovim.changed();
      const start = performance.now();
      await neovim.type("<BS>0".slice(count % 2 ? 0 : 4));
      await inTime(changed, "the findings");
      durations.push(performance.now() - start);
    }
    print(
      test,
      `${text.trimEnd().split("\n").length} lines, from a key to the findings in Neovim, which collects changes for 150 ms`,
      durations,
    );
  });
}
