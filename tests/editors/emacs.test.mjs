// Debian's Emacs with eglot, set up as docs/editors.md says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Emacs } from "./emacs.mjs";
import { fixed, folder, write } from "./folder.mjs";
import { example } from "./guide.mjs";
import { SHORT, SOUND, TIMEOUT, replace } from "./manifest.mjs";
import { until } from "./until.mjs";

const INIT = example("init.el\n") + example("init.el, in addition");
const FAULTY = replace(SOUND, [[TIMEOUT, SHORT]]);

test("a fault is found while it is typed in Emacs, and fixed", async (test) => {
  const path = folder(test);
  const file = join(path, "cluster.yaml");
  write(file, SOUND);
  const emacs = await Emacs.start(path, INIT);
  test.after(() => emacs.end());
  await emacs.type(`C-x C-f ${[...file].join(" ")} RET`);
  await until(
    () => emacs.eval("(if (eglot-managed-p) t :false)"),
    "eglot",
    () => emacs.log,
  );
  await emacs.found();

  await emacs.type("M-< C-s 8 4 0 RET DEL DEL DEL 1 2 0");
  assert.equal(await emacs.text(), FAULTY);
  await emacs.found(SHORT);
  assert.equal(readFileSync(file, "utf8"), SOUND, "nothing is saved");

  await emacs.type("M-x rayguard-fix-all RET");
  await emacs.found();
  assert.equal(await emacs.text(), fixed(test, FAULTY));

  await emacs.type("M-< C-s 8 4 0 RET DEL DEL DEL 1 2 0");
  await emacs.found(SHORT);
  await emacs.type("C-x C-s");
  assert.equal(readFileSync(file, "utf8"), fixed(test, FAULTY), "each save fixes all");
  await emacs.found();
});
