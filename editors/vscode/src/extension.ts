// The extension: it starts the language server `rayguard lsp` for YAML and JSON.

import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";
import { ProgramNotFound, type Settings, findProgram, initializationOptions } from "./program.ts";

const LANGUAGES = ["yaml", "json"];
const OPEN_SETTINGS = "Open Settings";
const TRY_AGAIN = "Try Again";

let client: LanguageClient | undefined;
/** The starts and stops, one after the other. */
let queue: Promise<void> = Promise.resolve();

export function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(
    vscode.commands.registerCommand("rayguard.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("rayguard")) void restart();
    }),
  );
  return restart();
}

export function deactivate(): Promise<void> {
  return enqueue(stop);
}

function restart(): Promise<void> {
  return enqueue(async () => {
    await stop();
    await start();
  });
}

function enqueue(work: () => Promise<void>): Promise<void> {
  queue = queue.then(work, work);
  return queue;
}

async function stop(): Promise<void> {
  const stopped = client;
  client = undefined;
  await stopped?.dispose();
}

async function start(): Promise<void> {
  const settings = read();
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  try {
    const command = findProgram(settings.path, { variables: process.env, platform: process.platform, folder });
    const server = { command, args: ["lsp"], ...(folder ? { options: { cwd: folder } } : {}) };
    client = new LanguageClient("rayguard", "rayguard", server, {
      // Texts that are not saved yet are checked too.
      documentSelector: LANGUAGES.flatMap((language) => [
        { scheme: "file", language },
        { scheme: "untitled", language },
      ]),
      initializationOptions: initializationOptions(settings),
    });
    await client.start();
  } catch (error) {
    report(error);
  }
}

function read(): Settings {
  const settings = vscode.workspace.getConfiguration("rayguard");
  const text = (name: string) => settings.get<string>(name, "");
  return { path: text("path"), config: text("config"), namespace: text("namespace"), docsUrl: text("docsUrl") };
}

/** Shows why the language server does not run. Nothing waits for the answer. */
function report(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const message = error instanceof ProgramNotFound ? text : `rayguard's language server does not start: ${text}`;
  void vscode.window.showErrorMessage(message, OPEN_SETTINGS, TRY_AGAIN).then((chosen) => {
    if (chosen === OPEN_SETTINGS) void vscode.commands.executeCommand("workbench.action.openSettings", "rayguard.path");
    if (chosen === TRY_AGAIN) void restart();
  });
}
