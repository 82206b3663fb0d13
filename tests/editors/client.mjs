// A client of the language server, on the library of the protocol that VS Code's own client uses.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TextDocument } from "vscode-languageserver-textdocument";
import {
  CodeActionRequest,
  CodeActionResolveRequest,
  DidChangeTextDocumentNotification,
  DidChangeWatchedFilesNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  HoverRequest,
  InitializeRequest,
  InitializedNotification,
  PublishDiagnosticsNotification,
  RegistrationRequest,
  ShowMessageNotification,
  ShutdownRequest,
  createProtocolConnection,
} from "vscode-languageserver-protocol/node";
import { RAYGUARD, environment } from "./folder.mjs";
import { inTime, until } from "./until.mjs";

export class Client {
  #documents = new Map();
  #published = new Map();
  /** The messages that the server asked to show. */
  messages = [];
  /** The capabilities that the server registered after its start. */
  registrations = [];

  /** Starts the server in a folder, which is its workspace. */
  static async start(folder, initializationOptions = {}) {
    const client = new Client();
    client.folder = folder;
    client.process = spawn(RAYGUARD, ["lsp"], {
      cwd: folder,
      env: environment(folder),
      stdio: ["pipe", "pipe", "inherit"],
    });
    client.ended = once(client.process, "exit");
    client.connection = createProtocolConnection(client.process.stdout, client.process.stdin);
    client.connection.onNotification(PublishDiagnosticsNotification.type, (given) => client.#take(given));
    client.connection.onNotification(ShowMessageNotification.type, ({ message }) => client.messages.push(message));
    client.connection.onRequest(RegistrationRequest.type, ({ registrations }) => {
      client.registrations.push(...registrations);
    });
    client.connection.listen();
    client.server = await client.#request(InitializeRequest.type, {
      processId: process.pid,
      rootUri: pathToFileURL(folder).href,
      workspaceFolders: [{ uri: pathToFileURL(folder).href, name: "tests" }],
      initializationOptions,
      capabilities: {
        textDocument: {
          publishDiagnostics: { relatedInformation: true, versionSupport: true, codeDescriptionSupport: true },
          codeAction: {
            codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix", "source.fixAll"] } },
            dataSupport: true,
            resolveSupport: { properties: ["edit"] },
          },
          hover: { contentFormat: ["markdown"] },
        },
        workspace: {
          workspaceEdit: { documentChanges: true },
          didChangeWatchedFiles: { dynamicRegistration: true },
        },
      },
    });
    await client.connection.sendNotification(InitializedNotification.type, {});
    return client;
  }

  uri(name) {
    return pathToFileURL(join(this.folder, name)).href;
  }

  document(name) {
    return this.#documents.get(this.uri(name));
  }

  text(name) {
    return this.document(name).getText();
  }

  /** Opens a document, and returns its findings. */
  async open(name, text) {
    const document = TextDocument.create(this.uri(name), "yaml", 1, text);
    this.#documents.set(document.uri, document);
    const { uri, languageId, version } = document;
    await this.#notify(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId, version, text } });
    return this.findings(name);
  }

  /** Replaces the text of a document, and returns its findings. */
  async change(name, text) {
    const document = this.document(name);
    TextDocument.update(document, [{ text }], document.version + 1);
    const { uri, version } = document;
    await this.#notify(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges: [{ text }],
    });
    return this.findings(name);
  }

  async close(name) {
    const uri = this.uri(name);
    await this.#notify(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
    this.#documents.delete(uri);
    this.#published.delete(uri);
  }

  /** Returns the findings of the newest version of a document. */
  async findings(name) {
    const { uri, version } = this.document(name);
    return this.wait(
      name,
      (published) => published.version === version,
      `the findings of version ${version} of ${uri}`,
    );
  }

  /** Waits until the findings of a document are such, and returns them. */
  wait(name, is, what) {
    const uri = this.uri(name);
    const state = () => JSON.stringify(this.#published.get(uri)?.now);
    return inTime(
      new Promise((resolve) => {
        const published = this.#published.get(uri) ?? { waiting: [] };
        this.#published.set(uri, published);
        published.waiting.push({ is, resolve });
        this.#settle(published);
      }),
      what,
      state,
    );
  }

  /** Waits until the server has asked to show a message. */
  shown(text) {
    return until(() => this.messages.some((message) => message.includes(text)), `the message ${text}`);
  }

  /** Returns the actions at a range, of some kinds. */
  actions(name, range, only) {
    const context = { diagnostics: [], only };
    return this.#request(CodeActionRequest.type, { textDocument: { uri: this.uri(name) }, range, context });
  }

  /**
   * Returns what an action makes of the text of a document. An action without an edit is completed first; it can turn out
   * that it does nothing, and then the server shows why.
   */
  async after(name, action) {
    const document = this.document(name);
    const { edit } = action.edit ? action : await this.#request(CodeActionResolveRequest.type, action);
    if (!edit) {
      await this.shown("nothing is fixed");
      return document.getText();
    }
    const changes = edit.documentChanges.map(({ textDocument, edits }) => {
      if (textDocument.uri !== document.uri || textDocument.version !== document.version) {
        throw new Error(`the edit is for ${JSON.stringify(textDocument)}`);
      }
      return edits;
    });
    return TextDocument.applyEdits(document, changes.flat());
  }

  /** Returns the text of a hover at a part of the text of a document. */
  async hover(name, part) {
    const document = this.document(name);
    const position = document.positionAt(document.getText().indexOf(part));
    const hover = await this.#request(HoverRequest.type, { textDocument: { uri: document.uri }, position });
    return hover?.contents.value ?? "";
  }

  /** Tells the server that a file has changed on the disk. */
  touched(name) {
    return this.#notify(DidChangeWatchedFilesNotification.type, { changes: [{ uri: this.uri(name), type: 2 }] });
  }

  /** Ends the server as an editor does, and returns its exit status. */
  async end() {
    await this.#request(ShutdownRequest.type);
    await this.#notify(ExitNotification.type);
    const [status] = await inTime(this.ended, "the end of the server");
    this.connection.dispose();
    return status;
  }

  #take({ uri, diagnostics, version }) {
    const published = this.#published.get(uri) ?? { waiting: [] };
    this.#published.set(uri, published);
    published.now = { diagnostics, version };
    this.#settle(published);
  }

  #settle(published) {
    if (!published.now) return;
    published.waiting = published.waiting.filter(({ is, resolve }) => {
      const holds = is(published.now);
      if (holds) resolve(published.now.diagnostics);
      return !holds;
    });
  }

  #request(type, given) {
    const request = given ? this.connection.sendRequest(type, given) : this.connection.sendRequest(type);
    return inTime(request, `the answer to ${type.method}`);
  }

  #notify(type, given) {
    return given ? this.connection.sendNotification(type, given) : this.connection.sendNotification(type);
  }
}
