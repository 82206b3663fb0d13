/** The page. */
import * as draft from "./draft";
import { Editor } from "./editor";
import { create, element, plural } from "./element";
import { Engine, type EngineText } from "./engine";
import * as findings from "./findings";
import * as link from "./link";
import type { Changed, Checked, Defaults, Finding, Place, Webhook } from "./protocol";
import { samples } from "./samples";
import * as theme from "./theme";

declare global {
  interface Window {
    /** From engine.js. */
    rayguardEngine?: EngineText;
    /** For tests and measurements. */
    rayguardPlayground?: Playground;
  }
}

/** The policy that changes nothing. */
const NO_POLICY = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";

/** A text is checked after this time, in milliseconds, so that keys that are pressed together are checked together. */
const PAUSE = 30;

/** What interrupts, or is not needed at once, waits until nobody has typed for this time. */
const LONG_PAUSE = 400;

class Playground {
  readonly manifest: Editor;
  readonly policy: Editor;
  readonly engine: Engine;
  /** Grows with each change of a text. */
  version = 0;
  /** The version whose findings and defaults are shown, or which cannot be checked. */
  doneVersion = -1;
  private isWorking = false;
  private hasFailed = false;
  /** The texts of the link in the address bar. */
  private linkedTexts = "";
  private onChange: () => void = () => {};
  /** The last result. */
  private checked: Checked | undefined;
  /** The defaults that are shown, of the version that is done. */
  private defaults: Defaults | undefined;

  constructor(engine: EngineText) {
    this.engine = new Engine(engine);
    this.manifest = new Editor(element("manifest"), "Manifest in YAML", "keys", () => this.changed());
    this.policy = new Editor(element("policy"), "Policy in YAML", "policy-state", () => this.changed());
  }

  /** Shows the texts of the link, of the tab, or the first sample. */
  async begin(): Promise<void> {
    this.listen();
    const begin = (await this.linked()) ?? draft.read() ?? { text: samples[0]?.text ?? "" };
    this.policy.begin(begin.policy ?? NO_POLICY);
    this.manifest.begin(begin.text);
    element<HTMLDetailsElement>("policy-pane").open = begin.policy !== undefined;
    this.changed(); // also if the text is empty
    const about = await this.run(() => this.engine.call("about"));
    if (!about) return;
    element("version").textContent = about.version;
    const versions = [...about.kuberay].reverse().map((version) => create("option", { value: version }, version));
    element("kuberay").replaceChildren(
      create("option", { value: "" }, `${about.assumedKuberay} (assumed)`),
      ...versions,
    );
    this.showChoices();
    element<HTMLButtonElement>("copy-link").disabled = false;
  }

  private get shared(): link.Shared {
    const policy = this.policy.text;
    return policy.trim() === NO_POLICY.trim() ? { text: this.manifest.text } : { text: this.manifest.text, policy };
  }

  private async linked(): Promise<link.Shared | undefined> {
    try {
      const shared = await link.decode(location.hash);
      if (shared) this.alert("");
      this.linkedTexts = JSON.stringify(shared);
      return shared;
    } catch {
      this.alert("The link is incomplete, so its text is not shown. Copy the whole link again.");
      return undefined;
    }
  }

  private listen(): void {
    const onClick = (id: string, act: () => unknown) => element(id).addEventListener("click", act);
    const onChange = (id: string, act: (value: string) => unknown) => {
      const select = element<HTMLSelectElement>(id);
      select.addEventListener("change", () => act(select.value));
    };
    onClick("fix-all", () => this.change("fixAll", () => this.engine.call("fixAll", ...this.texts)));
    onClick("copy-link", () => this.copyLink());
    onClick("write-defaults", () => this.writeDefaults());
    element("policy-pane").addEventListener("toggle", () => this.policy.shown());
    const choose = create("option", { value: "" }, "Choose …");
    element("sample").append(
      choose,
      ...samples.map(({ name }, index) => create("option", { value: `${index}` }, name)),
    );
    onChange("sample", (index) => {
      const sample = samples[Number(index)];
      if (index !== "" && sample) this.manifest.text = sample.text;
    });
    onChange("kuberay", (value) =>
      this.choose(() => this.engine.call("setKuberay", this.policy.text, value || undefined)),
    );
    onChange("webhook", (value) =>
      this.choose(() => this.engine.call("setWebhook", this.policy.text, (value as Webhook) || undefined)),
    );
    const choices: [theme.Choice, string][] = [
      ["system", "as the system"],
      ["light", "light"],
      ["dark", "dark"],
    ];
    element("theme").append(...choices.map(([value, name]) => create("option", { value }, name)));
    element<HTMLSelectElement>("theme").value = theme.chosen();
    onChange("theme", (value) => theme.choose(value as theme.Choice));
    window.addEventListener("hashchange", async () => {
      const shared = await this.linked();
      if (!shared) return;
      this.policy.text = shared.policy ?? NO_POLICY;
      this.manifest.text = shared.text;
      if (shared.policy !== undefined) element<HTMLDetailsElement>("policy-pane").open = true;
    });
  }

  private get texts(): [text: string, policy: string] {
    return [this.manifest.text, this.policy.text];
  }

  /** A text has changed. */
  private changed(): void {
    this.version += 1;
    this.onChange();
    void this.work();
  }

  /** Checks the texts until the last change is done. */
  private async work(): Promise<void> {
    if (this.isWorking) return;
    this.isWorking = true;
    while (this.doneVersion !== this.version) {
      if (this.doneVersion >= 0) await new Promise((resolve) => setTimeout(resolve, PAUSE));
      const { version } = this;
      const checked = await this.run(() => this.engine.call("check", ...this.texts));
      if (version !== this.version) continue;
      if (checked) this.show(checked);
      if (this.doneVersion >= 0) await this.longPause();
      if (version !== this.version) continue;
      this.keep();
      if (checked) {
        this.announce(checked);
        const defaults = await this.findDefaults(checked);
        if (version !== this.version) continue;
        this.showDefaults(checked, defaults);
      }
      this.doneVersion = version;
    }
    this.isWorking = false;
  }

  /** Keeps the texts for the next time that the page is loaded. A link to other texts leaves the address bar. */
  private keep(): void {
    const { shared } = this;
    draft.write(shared);
    if (location.hash.startsWith("#1.") && JSON.stringify(shared) !== this.linkedTexts) {
      history.replaceState(null, "", location.pathname + location.search);
    }
  }

  /** Waits until nobody has typed for a while, or for the next change. */
  private longPause(): Promise<void> {
    return new Promise((resolve) => {
      this.onChange = resolve;
      setTimeout(resolve, LONG_PAUSE);
    });
  }

  private show(checked: Checked): void {
    this.checked = checked;
    if (this.hasFailed) this.alert("");
    const show = ({ from, to }: Partial<Place> = {}) => this.manifest.show(from, to);
    const fix = (index: number) => this.fix(this.checked?.findings[index]);
    findings.render(checked, { show, fix }, () => this.checked);
    this.manifest.mark(findings.diagnostics(checked, fix));
    this.policy.mark(findings.unreadable(checked.policyErrors));
    const errors = checked.policyErrors.map((error) =>
      findings.unreadableItem(error, () => this.policy.show(error.from, error.to)),
    );
    findings.replace(element("policy-errors"), errors, element("policy-heading"));
    if (errors.length > 0) element<HTMLDetailsElement>("policy-pane").open = true;
    const { assumptions } = checked;
    element("assumptions").textContent = assumptions.length > 0 ? `Assumes ${assumptions.join(", ")}.` : "";
    element<HTMLButtonElement>("fix-all").disabled = !checked.findings.some(({ fixable }) => fixable);
    this.showChoices();
    performance.mark("rayguard-findings");
  }

  /** Says how many findings there are. A screen reader reads it. */
  private announce(checked: Checked): void {
    const count = findings.count(checked);
    if (element("count").textContent !== count) element("count").textContent = count;
  }

  private showChoices(): void {
    if (!this.checked || this.checked.policyErrors.length > 0) return;
    element<HTMLSelectElement>("kuberay").value = this.checked.kuberay ?? "";
    element<HTMLSelectElement>("webhook").value = this.checked.webhook ?? "";
  }

  private async findDefaults({ policyErrors }: Checked): Promise<Defaults | undefined> {
    return policyErrors.length > 0 ? undefined : this.run(() => this.engine.call("defaults", ...this.texts));
  }

  private showDefaults({ policyErrors, webhook }: Checked, defaults: Defaults | undefined): void {
    this.defaults = defaults;
    const diff = defaults?.diff ?? "";
    element("defaults").hidden = diff === "";
    element("write-defaults").hidden = diff === "";
    element("defaults").replaceChildren(...diff.split(/(?<=\n)/).map(diffLine));
    let state = "The webhook adds nothing to this manifest.";
    if (policyErrors.length > 0) state = "Correct the policy first.";
    else if (diff !== "" && webhook === "absent") state = "The webhook is not installed, so nobody adds these lines.";
    else if (diff !== "") state = "The webhook adds these lines when the object is created.";
    const unwritten = (defaults?.unfixed ?? []).map(({ line, message }) => ` Line ${line}: ${message}.`);
    element("defaults-state").textContent = state + unwritten.join("");
  }

  private writeDefaults(): void {
    if (!this.defaults || this.doneVersion !== this.version) return;
    this.manifest.text = this.defaults.text;
    this.say("The defaults are written into the manifest.");
    this.manifest.view.focus();
  }

  private fix(finding: Finding | undefined): void {
    if (!finding) return;
    const { rule, bytes } = finding;
    void this.change("fixOne", () => this.engine.call("fixOne", ...this.texts, rule, bytes.start, bytes.end));
  }

  /** Changes the manifest by fixes. */
  private async change(name: "fixAll" | "fixOne", call: () => Promise<Changed>): Promise<void> {
    const { version } = this;
    const changed = await this.run(call);
    if (!changed || version !== this.version) return;
    const reasons = changed.unfixed.map(({ line, message }) =>
      line === undefined ? message : `line ${line}: ${message}`,
    );
    const left = name === "fixAll" || changed.count === 0 ? reasons : [];
    this.say(
      [`Fixed ${plural(changed.count, "finding")}.`, ...left.map((reason) => `Not fixed: ${reason}.`)].join(" "),
    );
    this.manifest.text = changed.text;
  }

  /** Writes a choice into the policy. */
  private async choose(call: () => Promise<Changed>): Promise<void> {
    const changed = await this.run(call);
    if (!changed) return;
    const [reason] = changed.unfixed;
    if (reason) {
      this.alert(`The choice cannot be written into the policy: ${reason.message}. Change the policy by hand.`);
      this.showChoices();
      element<HTMLDetailsElement>("policy-pane").open = true;
    } else {
      this.alert("");
      this.policy.text = changed.text;
    }
  }

  private async copyLink(): Promise<void> {
    const { shared } = this;
    const hash = await link.encode(shared);
    this.linkedTexts = JSON.stringify(shared);
    history.replaceState(null, "", hash);
    try {
      await navigator.clipboard.writeText(location.href);
      this.say(`Copied a link of ${location.href.length} characters. It is in the address bar too.`);
    } catch {
      this.say("The link is in the address bar. The browser does not let the page copy it.");
    }
  }

  /** Runs a call of the program, and says what to do if it fails. */
  private async run<Result>(call: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await call();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.alert(
        `The check failed: ${reason}. The checker starts again with the next change of the text: undo the last change, ` +
          "or check the text with the command rayguard check.",
        true,
      );
      element("count").textContent = "Not checked.";
      return undefined;
    }
  }

  /** Shows what is wrong. The next alert takes its place, and the next check takes that of a check away. */
  private alert(text: string, isOfCheck = false): void {
    const alert = element("alert");
    if (alert.textContent !== text) alert.textContent = text;
    this.hasFailed = isOfCheck;
  }

  private say(text: string): void {
    element("done").textContent = text;
  }
}

function diffLine(line: string): HTMLElement {
  const name = line.startsWith("+") ? "ins" : line.startsWith("-") ? "del" : "span";
  return create(name, {}, line);
}

if (window.rayguardEngine) {
  window.rayguardPlayground = new Playground(window.rayguardEngine);
  void window.rayguardPlayground.begin();
} else {
  element("alert").textContent =
    "A part of the page is missing: playground/engine.js. Reload the page, or build the site again with docs/build.";
}
