// The examples in the documents of the rules.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT, read } from "./folder.mjs";

const FOLDER = "crates/policy/src/rules";

/** Returns every example of a manifest in every document, with a name. */
export function examples() {
  const names = readdirSync(join(ROOT, FOLDER)).filter((name) => name.endsWith(".md"));
  return names.flatMap((name) => {
    const blocks = [...read(join(FOLDER, name)).matchAll(/^```yaml\n([^]*?)^```$/gm)];
    return blocks.map(([, text], index) => ({ name: `${name.replace(".md", "")}-${index + 1}.yaml`, text }));
  });
}
