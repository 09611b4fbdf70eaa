// Outlines of phantoms: where a finding changes the picture, and nowhere else.
import { describe, expect, test } from "vitest";
import {
  drawPhantom,
  findingNames,
  outlinePhantom,
  phantoms,
  siteNames,
} from "../../../src/data/phantoms/index.ts";
import type { Finding, Site } from "../../../src/data/phantoms/index.ts";
import { background } from "../../../src/labels/label-map.ts";

const size = 48;
const mapOf = (set: ReturnType<typeof phantoms>): Uint8Array => set.maps as Uint8Array;

/** Grey levels of one patient with and without a finding. Grain and all else are the same. */
function change(finding: Finding, site: Site, index: number): { by: number[]; map: Int8Array } {
  const [ill, well] = [[finding], []].map((present) => {
    const into = new Uint8Array(size * size);
    drawPhantom({ seed: 4, site, index, present, size }, into);
    return into;
  });
  return {
    by: Array.from(ill, (value, at) => value - well[at]),
    map: outlinePhantom({ seed: 4, site, index, present: [finding], size }),
  };
}

describe("an outline", () => {
  test.each(findingNames)("of a %s lies where the picture changes", (finding) => {
    // Air darkens, everything else brightens.
    const sign = finding === "pneumothorax" ? -1 : 1;
    let [inside, outside] = [0, 0];
    for (const site of siteNames) {
      for (let index = 0; index < 8; index++) {
        const { by, map } = change(finding, site, index);
        const number = findingNames.indexOf(finding);
        const within = by.filter((_, at) => map[at] === number);
        const without = by.filter((_, at) => map[at] < 0);
        expect(new Set(map)).toEqual(new Set([-1, number]));
        expect(within.length).toBeGreaterThan(8);
        const mean = (list: readonly number[]): number =>
          list.reduce((sum, each) => sum + each, 0) / list.length;
        inside += sign * mean(within);
        outside += Math.abs(mean(without));
      }
    }
    // A large heart covers the small one: the most of it looked no other before.
    expect(inside / 16).toBeGreaterThan(finding === "cardiomegaly" ? 8 : 15);
    expect(inside).toBeGreaterThan(3 * outside);
  });

  test("of a healthy patient is none", () => {
    expect(new Set(outlinePhantom({ seed: 1, site: "A", index: 0, present: [], size: 32 }))).toEqual(
      new Set([-1]),
    );
  });

  test("is of the smaller finding where two lie over one another", () => {
    const { maps, truth } = {
      ...phantoms({ count: 60, site: "A", seed: 2, outlines: true, prevalence: 0.9 }),
    };
    const alone = phantoms({
      ...{ count: 60, site: "A", seed: 2, outlines: true, findings: ["nodule"], prevalence: 0.9 },
    });
    expect(truth.filter((each) => each === 1).length).toBeGreaterThan(250);
    // A nodule is seen wherever it is alone, but for fluid, air and a lung that has moved.
    const still = (maps as Uint8Array).filter((each, at) => each === 0 && mapOf(alone)[at] === 0).length;
    expect(still).toBeGreaterThan(0.3 * mapOf(alone).filter((each) => each === 0).length);
  });
});

describe("maps of a set", () => {
  const options = { count: 30, size, site: "B", seed: 3 } as const;
  const set = phantoms({ ...options, outlines: true });

  test("go with pictures that are no others than without them", () => {
    const plain = phantoms(options);
    expect(set.pixels).toEqual(plain.pixels);
    expect(set.truth).toEqual(plain.truth);
    expect(plain.maps).toBeUndefined();
  });

  test("have the numbers of the classes, the background elsewhere, and labels that agree", () => {
    const maps = mapOf(set);
    for (let i = 0; i < set.count; i++) {
      const seen = new Set(maps.subarray(i * size * size, (i + 1) * size * size));
      for (const k of findingNames.keys()) {
        expect(set.states[i * 6 + k]).toBe(seen.has(k) ? 1 : 0);
        if (seen.has(k)) expect(set.truth[i * 6 + k]).toBe(1);
      }
      for (const number of seen) expect(number < 6 || number === background).toBe(true);
    }
  });

  test("leave out what the site does not know: absent, and background in the map", () => {
    const findings = ["effusion", "mass"] as const;
    const partial = phantoms({ ...options, findings, knows: ["mass"], outlines: true });
    const full = phantoms({ ...options, findings, outlines: true });
    mapOf(partial).forEach((number, at) => expect(number).toBe(mapOf(full)[at] === 1 ? 1 : background));
    partial.states.forEach((state, at) => expect(state).toBe(at % 2 === 0 ? 255 : full.states[at]));
  });
});
