// The command, in a folder with manifests and a policy.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** The policy that changes nothing. */
const NO_POLICY = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";

/**
 * Runs rayguard in a folder with policy.yaml and with the texts as 0.yaml, 1.yaml and so on, which are the last
 * arguments. Returns its output, and the texts after it.
 */
export async function runOver(texts, policy, ...values) {
  const folder = await mkdtemp(path.join(tmpdir(), "rayguard-playground-"));
  try {
    const files = texts.map((_, index) => `${index}.yaml`);
    await Promise.all(files.map((file, index) => writeFile(path.join(folder, file), texts[index])));
    await writeFile(path.join(folder, "policy.yaml"), policy ?? NO_POLICY);
    const output = await new Promise((resolve, reject) => {
      const options = { cwd: folder, maxBuffer: 64 << 20 };
      const all = [...values, "--config", "policy.yaml", ...files];
      execFile(process.env.RAYGUARD, all, options, (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") reject(error);
        else resolve({ status: error?.code ?? 0, stdout, stderr });
      });
    });
    const after = await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")));
    return { ...output, texts: after };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs rayguard over one text, and returns its output and the text after it. */
export async function run({ text, policy }, ...values) {
  const { texts, ...output } = await runOver([text], policy, ...values);
  return { ...output, text: texts[0] };
}

/** Returns a unified diff without the names of its files, as the playground shows it. */
export function withoutNames(diff) {
  return diff.split("\n").slice(2).join("\n");
}
