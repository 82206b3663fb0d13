// Bundles the playground: `node bundle.mjs WASM FOLDER`. WASM is the folder that wasm-bindgen has written; the page's
// files go to FOLDER. Everything is a plain script, and the program is a text in one of them, because a browser loads
// neither modules nor WebAssembly from a page that is opened as a file.
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const [wasm, folder] = process.argv.slice(2);
if (!wasm || !folder) {
  console.error("usage: node bundle.mjs WASM FOLDER");
  process.exit(2);
}

/** Returns a script with everything that it imports. */
async function bundled(name) {
  const result = await build({
    entryPoints: [path.join(here, "src", `${name}.ts`)],
    alias: { rayguard: path.join(path.resolve(wasm), "rayguard_playground.js") },
    bundle: true,
    define: { "import.meta.url": '""' }, // wasm-bindgen would load the program from there
    format: "iife",
    legalComments: "eof",
    loader: { ".yaml": "text" },
    logLevel: "warning",
    minify: true,
    target: "es2022",
    write: false,
  });
  return result.outputFiles[0].text;
}

const scripts = path.join(folder, "playground");
await mkdir(scripts, { recursive: true });
for (const [name, file] of [
  ["early", "early.js"],
  ["main", "page.js"],
  ["site", "site.js"],
]) {
  await writeFile(path.join(scripts, file), await bundled(name));
}
const program = deflateRawSync(await readFile(path.join(wasm, "rayguard_playground_bg.wasm")), { level: 9 });
const engine = { worker: await bundled("worker"), program: program.toString("base64") };
await writeFile(path.join(scripts, "engine.js"), `globalThis.rayguardEngine=${JSON.stringify(engine)};\n`);
await copyFile(path.join(here, "page.css"), path.join(scripts, "page.css"));
await copyFile(path.join(here, "page.html"), path.join(folder, "playground.html"));
