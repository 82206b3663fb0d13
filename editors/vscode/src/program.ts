// Where the program is, and how it is started. Nothing here needs an editor.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";

/** The settings of the extension, as they are in the editor. An empty text means that nothing is set. */
export interface Settings {
  path: string;
  config: string;
  namespace: string;
  docsUrl: string;
}

/** What is around the program: the variables of the process, and the first folder of the workspace. */
export interface Surroundings {
  variables: Record<string, string | undefined>;
  platform: string;
  folder: string | undefined;
}

/** The program is not there. The message says how to get it. */
export class ProgramNotFound extends Error {}

const HOW_TO_INSTALL =
  'Install it ("cargo install --locked --path . --no-default-features" in the sources of rayguard), ' +
  'or set "rayguard.path" to the program.';

/**
 * Returns the path of the program.
 *
 * @throws {ProgramNotFound} it is not where the setting says, or not in the PATH
 */
export function findProgram(setting: string, around: Surroundings): string {
  const name = setting.trim() || "rayguard";
  const candidates = hasFolder(name) ? [absolute(name, around)] : inPath(name, around);
  const found = candidates.flatMap((path) => withExtensions(path, around.platform)).find(isProgram);
  if (found) return found;
  const problem = hasFolder(name)
    ? `${candidates[0]} of the setting "rayguard.path" is not a program.`
    : `There is no program "${name}" in the PATH of the editor.`;
  throw new ProgramNotFound(`${problem} ${HOW_TO_INSTALL}`);
}

/** Returns the initialization options of the language server. */
export function initializationOptions({ config, namespace, docsUrl }: Settings): Record<string, string> {
  const options = Object.entries({ config, namespace, docsUrl }).map(([name, value]) => [name, value.trim()] as const);
  return Object.fromEntries(options.filter(([, value]) => value !== ""));
}

function hasFolder(name: string): boolean {
  return name.startsWith("~") || name.includes("/") || name.includes("\\");
}

function absolute(name: string, { variables, folder }: Surroundings): string {
  const home = variables["HOME"] ?? variables["USERPROFILE"];
  if (home && /^~[/\\]/.test(name)) return join(home, name.slice(2));
  return isAbsolute(name) ? name : resolve(folder ?? ".", name);
}

function inPath(name: string, { variables }: Surroundings): string[] {
  const folders = (variables["PATH"] ?? variables["Path"] ?? "").split(delimiter);
  return folders.filter((folder) => folder !== "").map((folder) => join(folder, name));
}

function withExtensions(path: string, platform: string): string[] {
  return platform === "win32" ? [path, `${path}.exe`] : [path];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
