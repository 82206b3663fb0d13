// Folders of tests, the command in them, and the project's own files.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");
/** The command to test. */
export const RAYGUARD = process.env.RAYGUARD ?? join(ROOT, "target/debug/rayguard");
/** The folder for what a run leaves for a person to look at. */
export const ARTEFACTS = process.env.ARTEFACTS ?? join(ROOT, "target/editors");

export const read = (path) => readFileSync(join(ROOT, path), "utf8");

/** Makes a folder with files. The test's end removes it. */
export function folder(test, files = {}) {
  const path = mkdtempSync(join(tmpdir(), "rayguard-editors-"));
  test.after(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) write(join(path, name), text);
  return path;
}

export function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Returns the environment of an editor in a folder: rayguard is in the PATH, and nothing comes from the user's own. */
export function environment(folder) {
  const { RAYGUARD_CONFIG, XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, XDG_CACHE_HOME, ...others } = process.env;
  return { ...others, HOME: join(folder, "home"), PATH: `${dirname(RAYGUARD)}:${others.PATH}`, TERM: "xterm-256color" };
}

/** Runs the command, and returns its status and output. */
export function rayguard(args, options = {}) {
  const ended = spawnSync(RAYGUARD, args, { encoding: "utf8", ...options });
  if (ended.error) throw ended.error;
  return ended;
}

/** Returns what `check --fix` makes of a text. */
export function fixed(test, text, name = "fixed.yaml") {
  const path = join(folder(test), name);
  write(path, text);
  rayguard(["check", "--fix", "--quiet", path]);
  return readFileSync(path, "utf8");
}
