// Losses while models train, on a canvas: cheap enough to be drawn four times a second.

import type { StepLosses } from "./protocol.ts";

const redraw = 250;

export class LossChart {
  readonly #canvas: HTMLCanvasElement;
  readonly #lines = new Map<string, StepLosses[]>();
  readonly #colour: (arm: string) => string;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(canvas: HTMLCanvasElement, colour: (arm: string) => string) {
    this.#canvas = canvas;
    this.#colour = colour;
    new ResizeObserver(() => this.#soon()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#soon());
  }

  clear(): void {
    this.#lines.clear();
    this.#soon();
  }

  add(arm: string, reports: readonly StepLosses[]): void {
    // A model that goes on from its checkpoint tells some steps again.
    const from = reports[0]?.step ?? 0;
    const line = (this.#lines.get(arm) ?? []).filter(({ step }) => step < from);
    this.#lines.set(arm, [...line, ...reports]);
    this.#soon();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
    }, redraw);
  }

  #draw(): void {
    const canvas = this.#canvas;
    const scale = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    if (context === null || width === 0) return;
    context.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const ink = style.color;
    const [left, bottom, top, right] = [40, 22, 8, 8];
    const all = [...this.#lines.values()].flat();
    const steps = Math.max(1, ...all.map(({ steps: most }) => most));
    const smooth = new Map([...this.#lines].map(([arm, line]) => [arm, smoothed(line)]));
    const highest = Math.max(0.1, ...[...smooth.values()].flat().map(({ total }) => total));
    const x = (step: number): number => left + ((width - left - right) * step) / steps;
    const y = (loss: number): number => top + (height - top - bottom) * (1 - loss / highest);
    context.font = `12px ${style.fontFamily}`;
    context.fillStyle = ink;
    context.strokeStyle = ink;
    context.globalAlpha = 0.25;
    context.lineWidth = 1;
    const marks = all.length === 0 ? [0] : [0, highest / 2, highest];
    for (const loss of marks) {
      context.beginPath();
      context.moveTo(left, y(loss));
      context.lineTo(width - right, y(loss));
      context.stroke();
    }
    context.globalAlpha = 0.8;
    context.textAlign = "right";
    for (const loss of marks) context.fillText(loss.toFixed(2), left - 6, y(loss) + 4);
    if (all.length > 0) context.fillText(String(steps), width - right, height - 6);
    context.textAlign = "left";
    context.fillText("steps", left, height - 6);
    context.globalAlpha = 1;
    context.lineWidth = 2;
    for (const [arm, line] of smooth) {
      context.strokeStyle = this.#colour(arm);
      context.beginPath();
      line.forEach(({ step, total }, i) => {
        if (i === 0) context.moveTo(x(step), y(total));
        else context.lineTo(x(step), y(total));
      });
      context.stroke();
    }
  }
}

/** A moving mean that weighs the last ten steps most: batches differ. */
function smoothed(line: readonly StepLosses[]): StepLosses[] {
  let mean: number | undefined;
  return line.map((each) => {
    mean = mean === undefined ? each.total : 0.9 * mean + 0.1 * each.total;
    return { ...each, total: mean };
  });
}
