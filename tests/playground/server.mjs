// A server of static files, on the loopback interface only.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Serves a folder below a path, with gzip. Counts the bytes of the compressed files. */
export async function serve(folder, below = "/") {
  if (!folder) throw new Error("SITE names no folder; tests/playground/run sets it");
  const sent = new Map();
  const compressed = new Map();
  const server = createServer(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const file = path.join(folder, name.slice(below.length) || "index.html");
    try {
      if (!name.startsWith(below) || !file.startsWith(path.join(folder, "/"))) throw new Error("not in the folder");
      const body = compressed.get(file) ?? gzipSync(await readFile(file), { level: 9 });
      compressed.set(file, body);
      sent.set(name, body.length);
      const type = TYPES[path.extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "content-encoding": "gzip" }).end(body);
    } catch {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    url: `http://127.0.0.1:${server.address().port}${below}`,
    /** The bytes of each file that was sent. */
    sent,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
