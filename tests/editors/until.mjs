// Waits for conditions.

import { setTimeout } from "node:timers/promises";

const LIMIT_MS = 60_000;
const INTERVAL_MS = 10;

/** Waits until a condition holds. After a minute it fails, with what was waited for and a description of the state. */
export async function until(condition, what, state = () => "") {
  const end = Date.now() + LIMIT_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}\n${await state()}`);
    await setTimeout(INTERVAL_MS);
  }
}

/** Fails if a promise takes longer than a minute, with what was waited for and a description of the state. */
export async function inTime(promise, what, state = () => "") {
  const abort = new AbortController();
  const limit = setTimeout(LIMIT_MS, undefined, { signal: abort.signal, ref: true }).then(
    () => {
      throw new Error(`waited in vain for ${what}\n${state()}`);
    },
    () => {},
  );
  try {
    return await Promise.race([promise, limit]);
  } finally {
    abort.abort();
  }
}
