/** On the pages of the documentation: a link to the playground below each example of KubeRay's objects, and repairs. */
import { encode, split } from "./link";

/** The address of the playground, next to this script. */
const playground = new URL("playground.html", (document.currentScript as HTMLScriptElement).src).href;

async function add(code: HTMLElement): Promise<void> {
  const link = document.createElement("a");
  link.href = playground + (await encode(split(code.textContent ?? "")));
  link.textContent = "Open in the playground";
  const line = document.createElement("p");
  line.className = "open-in-playground";
  line.append(link);
  code.closest("pre")?.after(line);
}

/** Repairs what mdBook leaves out for people who use a keyboard or a screen reader. */
function repair(): void {
  document.getElementById("mdbook-menu-bar")?.setAttribute("role", "banner");
  const label = document.getElementById("mdbook-sidebar-toggle");
  const isOpen = document.getElementById("mdbook-sidebar-toggle-anchor");
  if (label && isOpen instanceof HTMLInputElement) replaceToggle(label, isOpen);
  makeScrollable();
  window.addEventListener("resize", makeScrollable);
}

/** Puts a button in the place of the label that opens the contents, because the keyboard does not reach a label. */
function replaceToggle(label: HTMLElement, isOpen: HTMLInputElement): void {
  const button = document.createElement("button");
  button.type = "button";
  button.className = label.className;
  button.title = label.title;
  button.ariaLabel = label.ariaLabel;
  button.setAttribute("aria-controls", "mdbook-sidebar");
  button.append(...[...label.children].map((icon) => icon.cloneNode(true)));
  const update = () => (button.ariaExpanded = String(isOpen.checked));
  button.addEventListener("click", () => label.click());
  isOpen.addEventListener("change", update);
  update();
  label.style.display = "none";
  label.before(button);
}

/** Lets the keyboard reach what is wider than the page, so that it can be scrolled. */
function makeScrollable(): void {
  for (const wide of document.querySelectorAll<HTMLElement>("pre > code, .table-wrapper, p:has(> img)")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
    else wide.removeAttribute("tabindex");
  }
}

function complete(): void {
  repair();
  for (const code of document.querySelectorAll<HTMLElement>("code.language-yaml")) {
    if (/^\s*kind:\s*Ray(Cluster|Service|Job|CronJob)\b/m.test(code.textContent ?? "")) void add(code);
  }
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", complete);
else complete();
