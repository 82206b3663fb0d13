// Neovim, as a person uses it: keys are typed, and the screen is read.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attach } from "neovim";
import { environment } from "./folder.mjs";
import { Screen } from "./screen.mjs";
import { inTime, until } from "./until.mjs";

/** Returns the minor version of the installed Neovim 0. */
export function minorVersion() {
  const found = spawnSync("nvim", ["--version"], { encoding: "utf8" });
  if (found.error) throw new Error(`no Neovim, which tests/packages installs: ${found.error.message}`);
  return Number(/^NVIM v0\.(\d+)/.exec(found.stdout)[1]);
}

const WIDTH = 130;
const HEIGHT = 24;

export class Neovim {
  #screen = new Screen();
  #ended;
  #changed = [];

  /** Starts Neovim in a folder, with an init.lua. */
  static async start(folder, init) {
    const config = join(folder, "home/.config/nvim");
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, "init.lua"), init);
    const neovim = new Neovim();
    neovim.process = spawn("nvim", ["--embed"], {
      cwd: folder,
      env: environment(folder),
      stdio: ["pipe", "pipe", "inherit"],
    });
    neovim.#ended = new Promise((resolve) => {
      neovim.process.once("exit", resolve);
      neovim.process.once("error", resolve);
    });
    neovim.api = attach({ proc: neovim.process });
    neovim.api.on("notification", (name, given) => {
      if (name === "redraw") neovim.#screen.redraw(given);
      if (name === "diagnostics") neovim.#changed.splice(0).forEach((resolve) => resolve());
    });
    await neovim.#answer(neovim.api.uiAttach(WIDTH, HEIGHT, { ext_linegrid: true }));
    await neovim.lua(
      `
      local channel = ...
      vim.api.nvim_create_autocmd('DiagnosticChanged', {
        callback = function() vim.rpcnotify(channel, 'diagnostics') end,
      })`,
      [await neovim.api.channelId],
    );
    return neovim;
  }

  /** Runs Lua code. Neovim answers when it does not wait for a key. */
  lua(code, given = []) {
    return this.#answer(this.api.lua(code, given));
  }

  /** Waits for an answer of Neovim. */
  #answer(request) {
    const end = this.#ended.then((how) => {
      throw new Error(`Neovim has ended: ${how}; tests/packages installs it`);
    });
    return inTime(Promise.race([request, end]), "Neovim", () => this.#screen.lines().join("\n"));
  }

  /** Types keys in Neovim's own notation: "ci\"", "<Esc>". */
  async type(keys) {
    let left = keys;
    while (left !== "") left = left.slice(await this.api.input(left));
  }

  /** Returns the diagnostics of the buffer in the order of their places. */
  diagnostics() {
    return this.lua(`
      local found = vim.diagnostic.get(0)
      table.sort(found, function(a, b) return a.lnum < b.lnum or a.lnum == b.lnum and a.col < b.col end)
      return vim.tbl_map(function(it)
        local severity = vim.diagnostic.severity[it.severity]
        return { place = it.lnum + 1 .. ':' .. it.col + 1, rule = it.code or '', severity = severity, message = it.message }
      end, found)`);
  }

  /** Waits until the findings are those of some rules. */
  async found(...rules) {
    const wanted = rules.sort().join(" ");
    const is = async () =>
      (await this.diagnostics())
        .map((it) => it.rule)
        .sort()
        .join(" ") === wanted;
    await until(is, `the findings ${wanted || "(none)"} in Neovim`);
  }

  /** Returns a promise of the next change of diagnostics. */
  changed() {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  async text() {
    return this.lua(`return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\\n') .. '\\n'`);
  }

  /** Returns the mode, such as n or i, and whether Neovim waits for a key and answers nothing else. */
  get mode() {
    return this.api.mode;
  }

  async screen() {
    if (!(await this.mode).blocking) await this.lua(`vim.cmd('redraw')`);
    return this.#screen.lines();
  }

  /** Waits until the screen shows a text. */
  shows(text) {
    return until(
      async () => this.#screen.lines().join("\n").includes(text),
      `${text} on the screen`,
      () => this.#screen.lines().join("\n"),
    );
  }

  /** Ends Neovim, which ends the language server. A Neovim that waits for a key is killed. */
  async end() {
    const limit = setTimeout(() => this.process.kill("SIGKILL"), 10_000);
    this.api.command("qall!").catch(() => {}); // the connection ends with the program
    await this.#ended;
    clearTimeout(limit);
  }
}
