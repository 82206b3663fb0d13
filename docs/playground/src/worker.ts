/**
 * The worker that runs the program. It has no network: it is started from the page's own text, so the page's
 * Content-Security-Policy applies to it too.
 */
import * as program from "rayguard";
import type { Calls, Request, Response } from "./protocol";

/** The first message: the program in WebAssembly, compressed with deflate, in base64. */
export interface Start {
  program: string;
}

declare const self: DedicatedWorkerGlobalScope;

interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent<Start | Request>) => void) | null;
  postMessage(message: Response | "ready"): void;
  atob(text: string): string;
}

const functions: { [name in keyof Calls]: (...values: Calls[name]["arguments"]) => string } = {
  about: program.about,
  check: program.check,
  defaults: program.defaults,
  fixAll: program.fix_all,
  fixOne: program.fix_one,
  setKuberay: program.set_kuberay,
  setWebhook: program.set_webhook,
};

/** Returns the program without its compression. */
async function inflate(base64: string): Promise<ArrayBuffer> {
  const text = self.atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new globalThis.Response(stream).arrayBuffer();
}

function answer(request: Request): Response {
  const { id, call } = request;
  const start = performance.now();
  try {
    const run = functions[call] as (...values: unknown[]) => string;
    const result = run(...request.arguments);
    return { id, result, milliseconds: performance.now() - start };
  } catch (error) {
    // The state of the program is unknown now. The page starts another worker.
    return { id, panic: program.last_panic() ?? String(error) };
  }
}

self.onmessage = async ({ data }) => {
  if ("program" in data) {
    program.initSync({ module: await inflate(data.program) });
    self.postMessage("ready");
  } else {
    self.postMessage(answer(data));
  }
};
