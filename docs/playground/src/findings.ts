/** The list of findings. */
import type { Diagnostic } from "./editor";
import { create, element, plural } from "./element";
import type { Checked, Finding, Unreadable } from "./protocol";

/** A longer list is cut, so that a text with thousands of findings does not stop the page. */
const MAX_SHOWN = 200;

/** What the list and the marks can do. A finding is named by its index in the last result. */
export interface Actions {
  /** Shows the place of a finding or of an error. */
  show(place: Finding | Unreadable | undefined): void;
  /** Fixes a finding. */
  fix(finding: number): void;
}

/** What the list shows, so that it is only made again if a person would see a difference. */
let rendered = "";

/** Shows the findings of a check. */
export function render(checked: Checked, actions: Actions, last: () => Checked | undefined): void {
  const visible = ({ from, to, bytes, endLine, endColumn, ...rest }: Finding | Unreadable) => rest;
  const key = JSON.stringify([checked.errors.map(visible), checked.findings.map(visible)]);
  if (key === rendered) return;
  rendered = key;
  const items = [
    ...checked.errors.map((error, index) => unreadableItem(error, () => actions.show(last()?.errors[index]))),
    ...checked.findings.map((finding, index) =>
      findingItem(
        finding,
        () => actions.show(last()?.findings[index]),
        () => actions.fix(index),
      ),
    ),
  ];
  const shown = items.slice(0, MAX_SHOWN);
  if (items.length > MAX_SHOWN) {
    shown.push(
      create("li", { className: "note" }, `${plural(items.length - MAX_SHOWN, "other")}, marked in the editor`),
    );
  }
  replace(element("findings"), shown, element("findings-heading"));
}

/** Replaces the items of a list. If the focus is in an item, it stays at the same index. */
export function replace(list: HTMLElement, items: HTMLElement[], fallback: HTMLElement): void {
  const index = [...list.children].findIndex((item) => item.contains(document.activeElement));
  list.replaceChildren(...items);
  if (index >= 0) (items[Math.min(index, items.length - 1)]?.querySelector("button") ?? fallback).focus();
}

/** Returns the item of something that cannot be read. */
export function unreadableItem({ message, help, line, column }: Unreadable, show: () => void): HTMLElement {
  const head = create("p", { className: "head" }, create("span", { className: "severity" }, "error"));
  if (line !== undefined && column !== undefined) head.append(placeButton(line, column, show));
  const item = create("li", { className: "error" }, head, create("p", {}, message));
  if (help) item.append(helpLine(help));
  return item;
}

function findingItem(finding: Finding, show: () => void, fix: () => void): HTMLElement {
  const { rule, severity, line, column, object, path } = finding;
  const head = create(
    "p",
    { className: "head" },
    create("span", { className: "severity" }, severity),
    create("a", { href: `rules/${rule}.html` }, rule),
    placeButton(line, column, show),
  );
  if (finding.fixable) {
    const button = create("button", { type: "button", ariaLabel: `Fix ${rule} in line ${line}` }, "Fix");
    button.addEventListener("click", fix);
    head.append(button);
  }
  const where = create("p", { className: "quiet" });
  if (path) where.append(create("code", {}, path), " of ");
  where.append(`${object.kind} ${object.namespace}/${object.name}`);
  return create("li", { className: severity }, head, create("p", {}, finding.message), helpLine(finding.help), where);
}

function placeButton(line: number, column: number, show: () => void): HTMLElement {
  const button = create("button", { type: "button", className: "place" }, `line ${line}, column ${column}`);
  button.addEventListener("click", show);
  return button;
}

function helpLine(help: string): HTMLElement {
  return create("p", {}, create("span", { className: "quiet" }, "help: "), help);
}

/** Returns what the editor marks. */
export function diagnostics({ findings, errors }: Checked, fix: Actions["fix"]): Diagnostic[] {
  const found = findings.map((finding, index): Diagnostic => {
    const { rule, severity, message, help, from, to, fixable } = finding;
    return {
      from,
      to,
      severity: severity === "note" ? "info" : severity,
      source: rule,
      message: `${message}; ${help}`,
      actions: fixable ? [{ name: "Fix", apply: () => fix(index) }] : [],
    };
  });
  return [...unreadable(errors), ...found];
}

/** Returns what the editor marks of documents or keys that cannot be read. */
export function unreadable(errors: Unreadable[]): Diagnostic[] {
  return errors.map(({ from = 0, to = 0, message, help }) => ({
    from,
    to,
    severity: "error",
    message: help ? `${message}; ${help}` : message,
  }));
}

/** Returns the number of findings in words. */
export function count({ findings, errors, summary, policyErrors }: Checked): string {
  if (policyErrors.length > 0) return `Not checked: the policy has ${plural(policyErrors.length, "error")}.`;
  const parts = (["error", "warning", "note"] as const).flatMap((severity) => {
    const found = findings.filter((finding) => finding.severity === severity).length;
    return found > 0 ? [plural(found, severity)] : [];
  });
  if (errors.length > 0) parts.unshift(`${plural(errors.length, "document")} not readable`);
  const objects = summary.objects + summary.partial;
  if (parts.length === 0) {
    return objects === 0 ? "No KubeRay object in the manifest." : `Nothing found in ${plural(objects, "object")}.`;
  }
  return `${parts.join(", ")} in ${plural(objects, "object")}.`;
}
