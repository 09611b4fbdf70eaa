// AUC of each class and model on the test radiographs: a table, a chart by epoch, and what assembling gains.

import { armsOf, assembledName, type EpochAuc, type Setup } from "./protocol.ts";
import { nameOfArm } from "./words.ts";

const shown = (auc: number | null | undefined): string =>
  auc === null || auc === undefined ? "–" : auc.toFixed(3).replace(/^0/, "");

/** Whole numbers, ten at most. */
function epochTicks(epochs: number): number[] {
  const each = Math.ceil(epochs / 10);
  return Array.from({ length: Math.floor(epochs / each) }, (_, i) => each * (i + 1));
}

export class AucTable {
  readonly #table: HTMLTableElement;
  readonly #chart: HTMLElement;
  readonly #gain: HTMLElement;
  readonly #colour: (arm: string) => string;
  readonly #epochs = new Map<string, EpochAuc[]>();
  #setup: Setup | undefined;

  constructor(
    table: HTMLTableElement,
    chart: HTMLElement,
    gain: HTMLElement,
    colour: (arm: string) => string,
  ) {
    [this.#table, this.#chart, this.#gain, this.#colour] = [table, chart, gain, colour];
  }

  begin(setup: Setup): void {
    this.#setup = setup;
    this.#epochs.clear();
    this.#gain.textContent = "";
    this.#show();
  }

  add(arm: string, { epoch, meanAuc, auc }: EpochAuc): void {
    const before = (this.#epochs.get(arm) ?? []).filter((each) => each.epoch < epoch);
    this.#epochs.set(arm, [...before, { epoch, meanAuc, auc }]);
    this.#show();
  }

  #show(): void {
    const setup = this.#setup;
    if (setup === undefined) return;
    const arms = armsOf(setup);
    const last = (arm: string): EpochAuc | undefined => this.#epochs.get(arm)?.at(-1);
    const head = document.createElement("thead");
    const names = head.insertRow();
    for (const text of ["AUC on new images", ...arms.map(({ name }) => nameOfArm(name))]) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = text;
      names.append(cell);
    }
    const body = document.createElement("tbody");
    const row = (title: string, of: (arm: string) => number | null | undefined): HTMLTableRowElement => {
      const made = document.createElement("tr");
      const name = document.createElement("th");
      name.scope = "row";
      name.textContent = title;
      made.append(name);
      for (const { name: arm } of arms) {
        const auc = of(arm);
        const cell = made.insertCell();
        cell.textContent = shown(auc);
        const bar = document.createElement("span");
        bar.className = "bar";
        bar.style.setProperty("--colour", this.#colour(arm));
        // From chance to perfect.
        bar.style.width = `${Math.max(0, ((auc ?? 0.5) - 0.5) * 200)}%`;
        cell.append(bar);
      }
      return made;
    };
    for (const name of setup.classes) body.append(row(name, (arm) => last(arm)?.auc[name]));
    const foot = document.createElement("tfoot");
    foot.append(row("mean of those it answers for", (arm) => last(arm)?.meanAuc));
    this.#table.replaceChildren(head, body, foot);
    this.#showGain(setup);
    void this.#draw();
  }

  /** Over the classes that a single hospital answers for, against the better one. */
  #showGain(setup: Setup): void {
    const of = (arm: string, name: string): number | null => this.#epochs.get(arm)?.at(-1)?.auc[name] ?? null;
    const alone = armsOf(setup).filter(({ name }) => name !== assembledName);
    const gains = setup.classes.flatMap((name) => {
      const assembled = of(assembledName, name);
      const single = alone.flatMap(({ name: arm }) => of(arm, name) ?? []);
      return assembled === null || single.length === 0 ? [] : [assembled - Math.max(...single)];
    });
    if (gains.length === 0) return;
    const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
    const sign = mean < 0 ? "−" : "+";
    this.#gain.textContent = `Both together: ${sign}${Math.abs(mean).toFixed(3).replace(/^0/, "")} AUC over the better single hospital, on average.`;
  }

  /** Plot is loaded when there is something to draw. */
  async #draw(): Promise<void> {
    const points = [...this.#epochs].flatMap(([arm, epochs]) =>
      epochs.flatMap(({ epoch, meanAuc }) => (meanAuc === null ? [] : [{ arm, epoch, auc: meanAuc }])),
    );
    if (points.length === 0) {
      this.#chart.replaceChildren();
      return;
    }
    const { plot, lineY, dot, ruleY } = await import("@observablehq/plot");
    const drawn = plot({
      width: this.#chart.clientWidth,
      height: this.#chart.clientHeight,
      style: { background: "none", fontSize: "12px" },
      x: {
        label: "epoch",
        domain: [1, Math.max(2, this.#setup?.epochs ?? 2)],
        ticks: epochTicks(this.#setup?.epochs ?? 2),
        tickFormat: "d",
      },
      y: { label: null, domain: [Math.min(0.5, ...points.map(({ auc }) => auc)), 1], grid: true },
      marks: [
        ruleY([0.5], { strokeDasharray: "4 3" }),
        lineY(points, {
          x: "epoch",
          y: "auc",
          z: "arm",
          stroke: ({ arm }: { arm: string }) => this.#colour(arm),
          strokeWidth: 2,
        }),
        dot(points, { x: "epoch", y: "auc", fill: ({ arm }: { arm: string }) => this.#colour(arm), r: 3 }),
      ],
    });
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", "mean AUC of each model by epoch; the table has the numbers");
    this.#chart.replaceChildren(drawn);
  }
}
