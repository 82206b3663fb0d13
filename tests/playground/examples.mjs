// The examples in the documents of the rules, as the command prints them.
import { execFileSync } from "node:child_process";

/** Returns each example as `{name, text, policy}`. An example may begin with a policy file. */
export function examples() {
  const command = (...values) => execFileSync(process.env.RAYGUARD, values, { encoding: "utf8", maxBuffer: 64 << 20 });
  return JSON.parse(command("rules", "--output", "json")).flatMap(({ name }) => {
    const blocks = [...command("explain", name).matchAll(/^```yaml\n(.*?)^```$/gms)];
    return blocks.map(([, block], index) => ({ name: `${name}, example ${index + 1}`, ...split(block) }));
  });
}

/** Returns a policy at the beginning of a text apart from the rest. */
function split(text) {
  const [first, ...others] = text.split(/^---\n/m);
  return /^kind: Policy$/m.test(first) ? { text: others.join("---\n"), policy: first } : { text };
}
