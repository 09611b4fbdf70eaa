// Where each finding changes the attenuation of a thorax, and where it must not.
import { describe, expect, test } from "vitest";
import { diseaseOf, health } from "../../../src/data/phantoms/phantom-findings.ts";
import type { Disease } from "../../../src/data/phantoms/phantom-findings.ts";
import { findingNames } from "../../../src/data/phantoms/phantom-names.ts";
import type { Finding } from "../../../src/data/phantoms/phantom-names.ts";
import { project } from "../../../src/data/phantoms/projection.ts";
import { chord, lungPath, randomThorax } from "../../../src/data/phantoms/thorax.ts";
import type { Thorax } from "../../../src/data/phantoms/thorax.ts";
import { randomStream } from "../../../src/data/random-stream.ts";

const rays = 64;
const patients = 12;

/** A patient who stands straight and centred, so that beams and patient share coordinates. */
function patient(index: number): Thorax {
  const thorax = randomThorax(randomStream(1, "patient", index), index % 2 === 1);
  return { ...thorax, pose: { angle: 0, x: 0, y: 0, scale: 1 } };
}

function disease(thorax: Thorax, index: number, ...findings: Finding[]): Disease {
  return diseaseOf(findings, thorax, (finding) => randomStream(1, finding, index));
}

interface Change {
  readonly x: number;
  readonly y: number;
  readonly by: number;
}

/** The beams that a finding changes, and by how much. */
function changes(index: number, finding: Finding): Change[] {
  const thorax = patient(index);
  const before = project(thorax, health, rays);
  const after = project(thorax, disease(thorax, index, finding), rays);
  return Array.from(after, (value, at) => ({
    x: (2 * (at % rays) + 1) / rays - 1,
    y: (2 * Math.floor(at / rays) + 1) / rays - 1,
    by: value - before[at],
  })).filter((change) => change.by !== 0);
}

const everyPatient = (check: (index: number) => void): void => {
  for (let index = 0; index < patients; index++) check(index);
};
const inLung = (thorax: Thorax, { x, y }: Change, margin = 0): boolean =>
  lungPath(thorax.lungs[x < 0 ? 0 : 1], x, y - margin) > 0;

describe("each finding", () => {
  test("changes something in every patient, and only where there is lung", () => {
    for (const finding of findingNames) {
      everyPatient((index) => {
        const found = changes(index, finding);
        expect(found.length, `${finding} of patient ${index}`).toBeGreaterThan(4);
        expect(found.every((change) => inLung(patient(index), change))).toBe(true);
      });
    }
  });

  test("is the same whichever others are there", () => {
    everyPatient((index) => {
      const thorax = patient(index);
      const all = disease(thorax, index, ...findingNames);
      expect(all.balls).toEqual([
        ...disease(thorax, index, "nodule").balls,
        ...disease(thorax, index, "mass").balls,
      ]);
      expect(all.clouds).toEqual(disease(thorax, index, "consolidation").clouds);
      expect(all.effusion).toEqual(disease(thorax, index, "effusion").effusion);
      expect(all.collapse).toEqual(disease(thorax, index, "pneumothorax").collapse);
      expect(all.heart).toEqual(disease(thorax, index, "cardiomegaly").heart);
    });
  });
});

describe("a nodule, a mass and a consolidation", () => {
  test("add attenuation in one lung, near their place", () => {
    everyPatient((index) => {
      for (const finding of ["nodule", "mass"] as const) {
        const [ball] = disease(patient(index), index, finding).balls;
        for (const { x, y, by } of changes(index, finding)) {
          expect(by).toBeGreaterThan(0);
          expect(Math.hypot(x - ball.x, y - ball.y)).toBeLessThan(
            finding === "nodule" ? ball.a : 1.4 * ball.a,
          );
        }
      }
      const found = changes(index, "consolidation");
      expect(found.every((change) => change.by > 0)).toBe(true);
      expect(new Set(found.map((change) => Math.sign(change.x))).size).toBe(1);
    });
  });

  test("are graded: every mass is larger than every nodule, by at least a little", () => {
    const radius = (index: number, finding: Finding): number =>
      disease(patient(index), index, finding).balls[0].a;
    const indices = Array.from({ length: 200 }, (_, i) => i);
    const largestNodule = Math.max(...indices.map((index) => radius(index, "nodule")));
    const smallestMass = Math.min(...indices.map((index) => radius(index, "mass")));
    expect(smallestMass).toBeGreaterThan(largestNodule);
    expect(smallestMass).toBeLessThan(1.4 * largestNodule);
  });

  test("lie where they can be seen: not behind a heart, not even a large one", () => {
    for (let index = 0; index < 200; index++) {
      const thorax = patient(index);
      const heart = disease(thorax, index, "cardiomegaly").heart ?? thorax.heart;
      for (const finding of ["nodule", "mass"] as const) {
        const [ball] = disease(thorax, index, finding).balls;
        expect(chord(heart, ball.x, ball.y)).toBe(0);
      }
    }
  });
});

describe("an effusion", () => {
  test("fills one lung from below, and stands highest at the chest wall", () => {
    everyPatient((index) => {
      const found = changes(index, "effusion");
      expect(found.every((change) => change.by > 0 && change.y > -0.2)).toBe(true);
      expect(new Set(found.map((change) => Math.sign(change.x))).size).toBe(1);
      const top = (within: (change: Change) => boolean): number =>
        Math.min(...found.filter(within).map(({ y }) => y));
      const side = patient(index).lungs[found[0].x < 0 ? 0 : 1];
      const wall = top(({ x }) => (x - side.x) * side.side > 0.8 * side.halfWidth);
      const middle = top(({ x }) => Math.abs(x - side.x) < 0.3 * side.halfWidth);
      expect(wall).toBeLessThan(middle);
    });
  });
});

describe("a pneumothorax", () => {
  test("lightens the rim of one lung and thickens what is left of it", () => {
    everyPatient((index) => {
      const thorax = patient(index);
      const found = changes(index, "pneumothorax");
      expect(new Set(found.map((change) => Math.sign(change.x))).size).toBe(1);
      const lung = thorax.lungs[found[0].x < 0 ? 0 : 1];
      const rim = found.filter(({ x, y }) => (x - lung.x) * lung.side > 0.8 * lung.halfWidth && y < 0.2);
      expect(rim.length).toBeGreaterThan(3);
      expect(rim.every((change) => change.by < 0)).toBe(true);
      const core = found.filter(({ x, y }) => Math.hypot(x - lung.hilum.x, y - lung.hilum.y) < 0.08);
      expect(core.filter((change) => change.by > 0).length).toBeGreaterThan(core.length / 2);
    });
  });
});

describe("cardiomegaly", () => {
  test("widens the heart's shadow at its edge and touches nothing outside of it", () => {
    everyPatient((index) => {
      const thorax = patient(index);
      const { heart } = disease(thorax, index, "cardiomegaly");
      if (heart === undefined) throw new Error("cardiomegaly gives a heart");
      expect(heart.a).toBeGreaterThan(1.2 * thorax.heart.a);
      for (const { x, y, by } of changes(index, "cardiomegaly")) {
        expect(by).toBeGreaterThan(0);
        expect(chord(heart, x, y)).toBeGreaterThan(0);
      }
    });
  });
});

test("the path through an ellipsoid is what marching along the beam finds", () => {
  const shape = { x: 0.1, y: -0.2, a: 0.3, b: 0.5, c: 0.4 };
  for (const [x, y] of [
    [0.1, -0.2],
    [0.3, 0],
    [-0.1, -0.5],
    [0.5, 0.5],
  ]) {
    let marched = 0;
    for (let z = -0.5; z < 0.5; z += 1e-4) {
      if (((x - 0.1) / 0.3) ** 2 + ((y + 0.2) / 0.5) ** 2 + (z / 0.4) ** 2 < 1) marched += 1e-4;
    }
    expect(chord(shape, x, y)).toBeCloseTo(marched, 3);
  }
});
