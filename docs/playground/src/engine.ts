/** The program in its worker, which is started again after each failure. */
import type { Calls, Request, Response } from "./protocol";
import type { Start } from "./worker";

/** The text of the worker and the program, from engine.js. */
export interface EngineText {
  worker: string;
  program: string;
}

/** A request that takes longer than this has failed, so that no text stops the page. */
const LIMIT = 10_000;

/** The program failed. The message says what to do. */
export class EngineError extends Error {}

interface Pending {
  resolve(response: Response): void;
  reject(error: EngineError): void;
  timer: number;
}

/** Runs the functions of the program. */
export class Engine {
  /** How long the last request took in the worker, in milliseconds. */
  milliseconds = 0;
  /** How often the worker was started again. */
  restarts = 0;
  private readonly url: string;
  private worker: Worker | undefined;
  private ready: Promise<Worker> | undefined;
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;

  constructor(private readonly text: EngineText) {
    this.url = URL.createObjectURL(new Blob([text.worker], { type: "text/javascript" }));
    this.ready = this.start();
    this.ready.catch(() => {}); // the first call reports it
  }

  /**
   * Calls a function of the program.
   *
   * @throws {EngineError} if the program panics, takes too long, or cannot be started
   */
  async call<Name extends keyof Calls>(
    name: Name,
    ...values: Calls[Name]["arguments"]
  ): Promise<Calls[Name]["result"]> {
    const worker = await (this.ready ??= this.start());
    const id = ++this.lastId;
    const response = await new Promise<Response>((resolve, reject) => {
      const timer = window.setTimeout(() => this.fail(`this text takes longer than ${LIMIT / 1000} s`), LIMIT);
      this.pending.set(id, { resolve, reject, timer });
      const request: Request = { id, call: name, arguments: values };
      worker.postMessage(request);
    });
    if ("panic" in response) {
      this.fail("the program failed before it came to this");
      throw new EngineError(`the program failed: ${response.panic}`);
    }
    this.milliseconds = response.milliseconds;
    return JSON.parse(response.result) as Calls[Name]["result"];
  }

  private start(): Promise<Worker> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.url);
      this.worker = worker;
      worker.onmessage = ({ data }: MessageEvent<Response | "ready">) => {
        if (data === "ready") {
          resolve(worker);
        } else {
          const pending = this.pending.get(data.id);
          this.pending.delete(data.id);
          window.clearTimeout(pending?.timer);
          pending?.resolve(data);
        }
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new EngineError(`the program cannot be started: ${event.message || "the browser does not say why"}`));
        this.fail(`the program stopped: ${event.message}`);
      };
      const start: Start = { program: this.text.program };
      worker.postMessage(start);
    });
  }

  /** Ends the worker and rejects all requests. The next call starts another worker. */
  private fail(message: string): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.ready = undefined;
    this.restarts += 1;
    for (const { reject, timer } of this.pending.values()) {
      window.clearTimeout(timer);
      reject(new EngineError(message));
    }
    this.pending.clear();
  }
}
