/** Keeps the texts in the storage of the tab, so that the page can be reloaded. */
import type { Shared } from "./link";

const KEY = "rayguard-playground";

/** Returns the texts of this tab. */
export function read(): Shared | undefined {
  try {
    const stored = sessionStorage.getItem(KEY);
    return stored === null ? undefined : (JSON.parse(stored) as Shared);
  } catch {
    return undefined; // the browser allows no storage
  }
}

/** Keeps the texts. */
export function write(shared: Shared): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(shared));
  } catch {
    // The texts are too long, or the browser allows no storage.
  }
}
