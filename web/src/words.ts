// Words and places of the page.

import { assembledName, type Adapter, type Estimate } from "./protocol.ts";

/** An element of the page, by its id. */
export function element<Kind extends HTMLElement>(id: string, kind: abstract new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} "${id}"`);
  return found;
}

/** Shows a text in an element, or hides it. */
export function showText(id: string, text: string | undefined): void {
  const place = element(id, HTMLElement);
  place.hidden = text === undefined;
  place.textContent = text ?? "";
}

export const nameOfArm = (arm: string): string =>
  arm === assembledName ? "both, assembled" : `hospital ${arm} alone`;

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A number of two digits, as a guess has no more. */
const rough = (value: number): number => {
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.ceil(value / digit) * digit;
};

export function estimateWords({ bytes, seconds, measuredSteps }: Estimate, { device }: Adapter): string {
  const memory = `${rough(bytes / 1e6).toLocaleString("en")} MB of ${device === "webgpu" ? "graphics memory" : "memory"}`;
  const why = measuredSteps === 0 ? "a guess, now being measured" : `by ${measuredSteps} steps measured here`;
  return `Training takes about ${duration(rough(seconds))} and ${memory}: ${why}.`;
}

/** What to do about an estimate that is too much; undefined where it is not. */
export function tooMuch({ seconds }: Estimate): string | undefined {
  if (seconds < 3600) return undefined;
  return "That is long: take fewer epochs, fewer images or smaller ones, in the address of this page (epochs=2, images=100, size=16).";
}
