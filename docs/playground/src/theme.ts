/** The colours: those that were chosen for the documentation, or else those of the system. */

/** Where mdBook keeps the chosen theme. */
const KEY = "mdbook-theme";

/** What mdBook calls its dark themes. */
const DARK = ["coal", "navy", "ayu"];

const system = matchMedia("(prefers-color-scheme: dark)");

/** A choice in the menu. */
export type Choice = "system" | "light" | "dark";

/** Returns the choice. */
export function chosen(): Choice {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === null ? "system" : DARK.includes(stored) ? "dark" : "light";
  } catch {
    return "system"; // the browser allows no storage
  }
}

/** Keeps a choice, for the documentation too. */
export function choose(choice: Choice): void {
  try {
    if (choice === "system") localStorage.removeItem(KEY);
    else if (choice !== chosen()) localStorage.setItem(KEY, choice === "dark" ? "navy" : "light");
  } catch {
    // It is not kept.
  }
  apply(choice);
}

/** Shows the page in the colours of a choice. */
export function apply(choice: Choice): void {
  const isDark = choice === "dark" || (choice === "system" && system.matches);
  document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
}

/** Follows changes of the system. */
export function follow(): void {
  system.addEventListener("change", () => apply(chosen()));
}
