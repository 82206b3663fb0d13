// Manifests: the README's example, what it would be without faults, and a long one.

import { read } from "./folder.mjs";

/** The README's example. */
export const CANNOT_SURVIVE = read("docs/cannot-survive.yaml");

/** The README's example without its faults. */
export const SOUND = replace(CANNOT_SURVIVE, [
  ["redisAddress: redis", "redisAddress: redis:6379"],
  ["redisPassword: {}", "redisPassword: {valueFrom: {secretKeyRef: {name: redis, key: password}}}"],
  ['"120"', '"840"'],
  [/^# .*\n/, ""],
]);

/** The timeout of the workers in `SOUND`, and one that is too short. */
export const TIMEOUT = '"840"';
export const SHORT = '"120"';

/** Returns `SOUND` with so many groups of workers that it has a number of lines at least. */
export function long(lines) {
  const start = SOUND.indexOf("  - groupName: small\n");
  const [rest, group] = [SOUND.slice(0, start), SOUND.slice(start)];
  let text = rest + group;
  for (let count = 1; text.split("\n").length <= lines; count++) text += group.replace("small", `small-${count}`);
  return text;
}

/** Replaces the first occurrence of each text, which must be there. */
export function replace(text, pairs) {
  return pairs.reduce((text, [before, after]) => {
    const replaced = text.replace(before, after);
    if (replaced === text) throw new Error(`${before} is not in the manifest`);
    return replaced;
  }, text);
}
