// The examples of docs/editors.md.

import { read } from "./folder.mjs";

/** Returns the example with a title or the beginning of one: the code block after "```LANGUAGE # TITLE". */
export function example(title) {
  const blocks = [...read("docs/editors.md").matchAll(/^```\w+ # (.*)\n([^]*?)^```$/gm)];
  const found = blocks.filter(([, written]) => `${written}\n`.startsWith(title));
  if (found.length !== 1) throw new Error(`docs/editors.md has ${found.length} examples with the title ${title}`);
  return found[0][2];
}
