/**
 * Links that carry a manifest and a policy in their fragment, which a browser does not send to a server:
 * `#1.` and JSON, compressed with deflate, in base64url.
 */

/** What a link carries. */
export interface Shared {
  text: string;
  /** The policy; without it, the built-in one. */
  policy?: string;
}

/** The version of the format. */
const VERSION = "1.";

/** No more is unpacked, so that a link cannot fill the memory. */
const MAX_BYTES = 8 << 20;

/** Returns the fragment for a manifest and a policy. */
export async function encode(shared: Shared): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(shared));
  const packed = await collect(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw")));
  let binary = "";
  for (const byte of packed) binary += String.fromCharCode(byte);
  return `#${VERSION}${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

/**
 * Returns what a fragment carries, or `undefined` if it is not one of these links.
 *
 * @throws if the link is incomplete
 */
export async function decode(fragment: string): Promise<Shared | undefined> {
  if (!fragment.startsWith(`#${VERSION}`)) return undefined;
  const base64 = fragment
    .slice(VERSION.length + 1)
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  const packed = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const bytes = await collect(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")));
  const shared: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (typeof shared !== "object" || shared === null || !("text" in shared) || typeof shared.text !== "string") {
    throw new TypeError("no text");
  }
  const policy = "policy" in shared && typeof shared.policy === "string" ? shared.policy : undefined;
  return policy === undefined ? { text: shared.text } : { text: shared.text, policy };
}

/** Returns all bytes of a stream. */
async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_BYTES) {
      await reader.cancel();
      throw new RangeError("too long");
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Splits a policy file off a text that begins with one, as the examples of rules do. */
export function split(text: string): Shared {
  const match = /^(?:---[^\n]*\n)?((?:(?!---)[^\n]*\n)*?)---[^\n]*\n/.exec(text);
  const first = match?.[1] ?? "";
  if (match && /^kind:\s*["']?Policy["']?\s*(#.*)?$/m.test(first)) {
    return { text: text.slice(match[0].length), policy: first };
  }
  return { text };
}
