/** What the page and the program in WebAssembly (crates/playground) say to each other. */

/** The severity of a finding. */
export type Severity = "error" | "warning" | "note";

/** A place in a text. Lines and columns start at 1; `from` and `to` count UTF-16 units from 0, as an editor does. */
export interface Place {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  from: number;
  to: number;
  /** The same place in bytes of UTF-8, for the program. */
  bytes: { start: number; end: number };
}

/** A finding about an object. */
export interface Finding extends Place {
  rule: string;
  category: string;
  level: string;
  severity: Severity;
  message: string;
  help: string;
  /** The field, as Kubernetes writes it. */
  path: string;
  object: { apiVersion: string; kind: string; namespace: string; name: string };
  fixable: boolean;
}

/** A document that cannot be read, or an error of the policy. */
export interface Unreadable extends Partial<Place> {
  message: string;
  help?: string;
}

/** The answer to a text and a policy. */
export interface Checked {
  findings: Finding[];
  /** Documents that cannot be read. */
  errors: Unreadable[];
  summary: { documents: number; objects: number; partial: number; passedBy: number; exempted: number };
  /** Errors of the policy. If there are any, nothing is checked. */
  policyErrors: Unreadable[];
  /** What the policy says about the cluster; `null` if it does not say. */
  kuberay: string | null;
  webhook: Webhook | null;
  /** What the verdict assumes about the cluster, in a few words each. */
  assumptions: string[];
}

/** Whether the webhook is in the cluster. */
export type Webhook = "installed" | "absent";

/** What the webhook would write into a text. */
export interface Defaults extends Changed {
  /** The change as a unified diff; empty if nothing would be written. */
  diff: string;
}

/** A changed text. */
export interface Changed {
  text: string;
  /** The number of changes. */
  count: number;
  /** Changes that were not possible, with the reason. */
  unfixed: Unreadable[];
}

/** What the program knows. */
export interface About {
  version: string;
  /** The versions of KubeRay, the oldest first. */
  kuberay: string[];
  /** The version that is assumed if the policy names none. */
  assumedKuberay: string;
}

/** The functions of the program, with their arguments and their results. */
export interface Calls {
  about: { arguments: []; result: About };
  check: { arguments: [text: string, policy: string]; result: Checked };
  defaults: { arguments: [text: string, policy: string]; result: Defaults };
  fixAll: { arguments: [text: string, policy: string]; result: Changed };
  fixOne: { arguments: [text: string, policy: string, rule: string, start: number, end: number]; result: Changed };
  setKuberay: { arguments: [policy: string, version: string | undefined]; result: Changed };
  setWebhook: { arguments: [policy: string, state: Webhook | undefined]; result: Changed };
}

/** A request to the worker. */
export interface Request {
  id: number;
  call: keyof Calls;
  arguments: unknown[];
}

/** The answer of the worker: a result as JSON, or the message of a panic. */
export type Response = { id: number; result: string; milliseconds: number } | { id: number; panic: string };
