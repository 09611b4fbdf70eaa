// Phantom radiographs: reproducible image by image, true to their labels, and different from site to site.
import { describe, expect, test } from "vitest";
import { DataError, ManifestError } from "../../../src/errors/data-errors.ts";
import { expose } from "../../../src/data/phantoms/exposure.ts";
import { drawPhantom, findingNames, phantoms, siteNames } from "../../../src/data/phantoms/index.ts";
import type { Finding, Site } from "../../../src/data/phantoms/index.ts";
import { randomStream } from "../../../src/data/random-stream.ts";

describe("phantoms", () => {
  test("are the same for the same seed and site, and other patients for another", () => {
    const draw = (seed: number, site: Site): Uint8Array => phantoms({ count: 4, site, seed }).pixels;
    expect(draw(1, "A")).toEqual(draw(1, "A"));
    expect(draw(2, "A")).not.toEqual(draw(1, "A"));
    expect(draw(1, "B")).not.toEqual(draw(1, "A"));
  });

  test("do not depend on how many others are drawn, nor on what the site knows", () => {
    const few = phantoms({ count: 3, site: "B", seed: 5 });
    const many = phantoms({ count: 11, site: "B", seed: 5, knows: ["mass"] });
    expect(many.pixels.subarray(0, few.pixels.length)).toEqual(few.pixels);
    expect(many.truth.subarray(0, few.truth.length)).toEqual(few.truth);
  });

  test("show each finding as often as its prevalence says, independently of the others", () => {
    const count = 1000;
    const { truth } = phantoms({
      count,
      size: 16,
      site: "A",
      seed: 1,
      prevalence: { mass: 0.1, effusion: 0.6 },
    });
    const share = (wanted: (row: Uint8Array) => boolean): number =>
      Array.from({ length: count }, (_, i) => truth.subarray(6 * i, 6 * i + 6)).filter(wanted).length / count;
    const expected = [0.3, 0.1, 0.3, 0.6, 0.3, 0.3];
    for (const [k, p] of expected.entries()) {
      expect(Math.abs(share((row) => row[k] === 1) - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / count));
    }
    expect(Math.abs(share((row) => row[0] === 1 && row[3] === 1) - 0.18)).toBeLessThan(0.06);
  });

  test("never or always show a finding of prevalence 0 or 1", () => {
    const { truth } = phantoms({
      count: 50,
      size: 16,
      site: "B",
      seed: 1,
      findings: ["mass", "nodule"],
      prevalence: { mass: 1, nodule: 0 },
    });
    expect([...truth]).toEqual(Array.from({ length: 50 }, () => [1, 0]).flat());
  });

  test("carry labels of the findings that the site knows, and absent ones elsewhere", () => {
    const set = phantoms({ count: 60, size: 16, site: "A", seed: 3, knows: ["nodule", "effusion"] });
    for (const [i, state] of set.states.entries()) {
      expect(state).toBe([0, 3].includes(i % 6) ? set.truth[i] : 255);
    }
  });

  test("are refused with the name of what cannot be", () => {
    const wrong = ["efusion"] as unknown as Finding[];
    expect(() => phantoms({ count: 1, site: "A", seed: 1, findings: wrong })).toThrow(ManifestError);
    expect(() => phantoms({ count: 1, site: "A", seed: 1, findings: wrong })).toThrow(
      /did you mean "effusion"/u,
    );
    expect(() => phantoms({ count: 1, site: "A", seed: 1, findings: ["mass"], knows: ["nodule"] })).toThrow(
      /knows names "nodule"/u,
    );
    expect(() => phantoms({ count: 0, site: "A", seed: 1 })).toThrow(DataError);
  });
});

describe("the two sites", () => {
  const size = 32;
  /** Grey levels behind even attenuation. */
  const flat = (site: Site, attenuation: number): number[] => {
    const pixels = new Uint8Array(size * size);
    expose(new Float32Array(4 * size * size).fill(attenuation), size, site, randomStream(1, site), pixels);
    return [...pixels];
  };
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
  const deviation = (values: readonly number[]): number =>
    Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2)));

  test("show the same step of attenuation with more contrast at A, and more grain at B", () => {
    const step = (site: Site): number => mean(flat(site, 2)) - mean(flat(site, 1.5));
    expect(step("A")).toBeGreaterThan(1.15 * step("B"));
    expect(step("B")).toBeGreaterThan(20);
    expect(deviation(flat("B", 2.5))).toBeGreaterThan(1.8 * deviation(flat("A", 2.5)));
  });

  test("grow grainier where fewer photons arrive", () => {
    for (const site of siteNames)
      expect(deviation(flat(site, 3))).toBeGreaterThan(1.3 * deviation(flat(site, 1.5)));
  });
});

describe("on the picture", () => {
  test("each finding leaves a visible mark, and the rest of the picture hardly changes", () => {
    const size = 32;
    const draw = (site: Site, index: number, present: readonly Finding[]): Uint8Array => {
      const pixels = new Uint8Array(size * size);
      drawPhantom({ seed: 9, site, index, present, size }, pixels);
      return pixels;
    };
    for (const site of siteNames) {
      for (const finding of findingNames) {
        let visible = 0;
        for (let index = 0; index < 12; index++) {
          const without = draw(site, index, []);
          const marks = draw(site, index, [finding])
            .map((value, at) => Math.abs(value - without[at]))
            .sort();
          // The strongest mark against the middle one: most of the picture lies outside of any finding.
          if (marks[size * size - 3] >= 12) visible++;
          expect(marks[(size * size) / 2]).toBeLessThanOrEqual(3);
        }
        expect(visible, `${finding} at ${site}`).toBeGreaterThanOrEqual(11);
      }
    }
  });
});
