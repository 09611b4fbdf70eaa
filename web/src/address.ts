// The settings in the address of the page, and back.

import { knowledge } from "../../src/cli/demos/small-training.ts";
import { findingNames, siteNames } from "../../src/data/phantoms/phantom-names.ts";
import type { Setup } from "./protocol.ts";

export const standard: Setup = {
  classes: findingNames,
  sources: siteNames.map((name) => ({ name, knows: knowledge[name] })),
  images: 400,
  size: 32,
  epochs: 6,
  seed: 1,
  device: "auto",
};

const numbers = { images: [16, 4000], size: [16, 64], epochs: [1, 100], seed: [0, 2 ** 31] } as const;

/** What an address asks for; what it says and is none is left as it is in the standard. */
export function setupOf(search: string): Setup {
  const asked = new URLSearchParams(search);
  const number = (name: keyof typeof numbers): number => {
    const [least, most] = numbers[name];
    const value = Number(asked.get(name) ?? NaN);
    return Number.isInteger(value) && value >= least && value <= most ? value : standard[name];
  };
  const device = asked.get("device");
  return {
    ...standard,
    ...{ images: number("images"), size: number("size"), epochs: number("epochs"), seed: number("seed") },
    device: device === "webgpu" || device === "reference" ? device : "auto",
    sources: standard.sources.map(({ name, knows }) => {
      // A bit a class: 111100 is the first four.
      const bits = asked.get(name.toLowerCase());
      if (bits === null || !/^[01]{6}$/.test(bits)) return { name, knows };
      return { name, knows: findingNames.filter((_, k) => bits[k] === "1") };
    }),
  };
}

/** The address of a setup: only what is not the standard. */
export function searchOf(setup: Setup): string {
  const said = new URLSearchParams();
  for (const name of ["images", "size", "epochs", "seed"] as const) {
    if (setup[name] !== standard[name]) said.set(name, String(setup[name]));
  }
  if (setup.device !== "auto") said.set("device", setup.device);
  setup.sources.forEach(({ name, knows }, i) => {
    const bits = (of: readonly string[]): string =>
      setup.classes.map((each) => (of.includes(each) ? "1" : "0")).join("");
    const own = bits(knows);
    if (own !== bits(standard.sources[i]?.knows ?? [])) said.set(name.toLowerCase(), own);
  });
  const text = said.toString();
  return text === "" ? "" : `?${text}`;
}
