// Emacs as a daemon, in which keys are typed.

import { execFile, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { environment, write } from "./folder.mjs";
import { inTime, until } from "./until.mjs";

const run = promisify(execFile);

export class Emacs {
  /** Starts Emacs in a folder, with an init.el. */
  static async start(folder, init) {
    const emacs = new Emacs();
    emacs.folder = folder;
    emacs.socket = join(folder, "socket/emacs");
    mkdirSync(join(folder, "socket"), { mode: 0o700 });
    write(join(folder, "home/.emacs.d/init.el"), `;;; -*- lexical-binding: t -*-\n${init}`);
    const given = [`--fg-daemon=${emacs.socket}`];
    emacs.process = spawn("emacs", given, {
      cwd: folder,
      env: environment(folder),
      stdio: ["ignore", "ignore", "pipe"],
    });
    emacs.log = "";
    emacs.process.stderr.on("data", (data) => (emacs.log += data));
    emacs.ended = new Promise((resolve) => emacs.process.once("exit", resolve));
    const answers = () =>
      emacs.eval("t").then(
        () => true,
        () => emacs.process.exitCode !== null,
      );
    await until(answers, "Emacs", () => emacs.log);
    return emacs;
  }

  /** Evaluates an expression in the buffer of the file, and returns what it prints of the value as JSON. */
  async eval(expression) {
    const given = [
      "--socket-name",
      this.socket,
      "--eval",
      `(with-current-buffer (window-buffer) (json-serialize ${expression}))`,
    ];
    const { stdout } = await inTime(
      run("emacsclient", given, { env: environment(this.folder) }),
      expression,
      () => this.log,
    );
    return JSON.parse(JSON.parse(stdout));
  }

  /** Types keys in Emacs' own notation: "C-s 8 4 0 RET". */
  type(keys) {
    return this.eval(`(progn (execute-kbd-macro (kbd ${JSON.stringify(keys)})) t)`);
  }

  text() {
    return this.eval("(buffer-substring-no-properties (point-min) (point-max))");
  }

  /** Returns the text and the message of each finding. */
  findings() {
    return this.eval(`
      (vconcat (mapcar
        (lambda (it) (list :text (buffer-substring-no-properties (flymake-diagnostic-beg it) (flymake-diagnostic-end it))
                           :message (substring-no-properties (flymake-diagnostic-text it))))
        (flymake-diagnostics)))`);
  }

  /** Waits until a text has a finding and the others have none, or until there is none. */
  async found(...texts) {
    const is = async () => {
      const found = await this.findings();
      return JSON.stringify(found.map((it) => it.text)) === JSON.stringify(texts);
    };
    const state = async () => `${JSON.stringify(await this.findings())}\n${this.log}`;
    await until(is, `findings at ${JSON.stringify(texts)} in Emacs`, state);
  }

  async end() {
    this.process.kill(); // Emacs ends in order, and ends the language server
    const limit = setTimeout(() => this.process.kill("SIGKILL"), 10_000);
    await this.ended;
    clearTimeout(limit);
  }
}
