// Detection by patient: scores, thresholds that validation chooses, sensitivity and specificity with exact intervals, places.

import { describe, expect, test } from "vitest";
import { auc } from "../../src/metrics/auc.ts";
import { detections } from "../../src/metrics/detections.ts";
import { patientScores, thresholdAt, type ScoredImages } from "../../src/metrics/patients.ts";
import { exactInterval } from "../../src/statistics/proportions.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const [no, yes, absent] = [0, 1, 255];

describe("a patient's score", () => {
  test("is the largest of the labelled images' scores, and one positive image makes the patient positive", () => {
    const found = patientScores(
      {
        scores: [0.2, 0.9, 0.5, 0.7, 0.1, 3],
        states: Uint8Array.of(no, yes, no, no, absent, absent),
        patients: ["a", "a", "b", "b", "c", "a"],
      },
      1,
    );
    expect(found.count).toBe(3);
    // The last image of a, which nobody labelled, has the highest score: it says nothing.
    expect([...found.scores]).toEqual([0.9, 0.7, -Infinity]);
    expect([...found.states]).toEqual([yes, no, absent]);
    expect([...found.images.slice(0, 2)]).toEqual([1, 3]);
  });

  test("counts images without a patient each by itself, and passes over soft labels", () => {
    const found = patientScores({ scores: [1, 2, 3], states: Uint8Array.of(no, 150, yes) }, 1);
    expect([...found.states]).toEqual([no, absent, yes]);
  });

  test("refuses lengths that do not agree, and a score that is no number", () => {
    expect(() => patientScores({ scores: [1], states: Uint8Array.of(1, 0) }, 1)).toThrow(
      "patientScores: 1 scores and 2 label states of 1 classes",
    );
    const odd = { scores: [1, NaN], states: Uint8Array.of(no, yes) };
    expect(() => patientScores(odd, 1)).toThrow("the score of image 1 is not a number (NaN)");
  });
});

describe("a threshold", () => {
  const negatives = [5, 1, 4, 2, 3, 10, 9, 8, 7, 6];
  const scores = [...negatives, 100, -100];
  const states = [...negatives.map(() => no), yes, absent];

  test.each([
    [1, 10, 0],
    [0.95, 10, 0],
    [0.9, 9, 1],
    [0.7, 7, 3], // 0.7 x 10 is 7.000000000000001 or 6.999999999999999, and 7 is meant
    [0.65, 7, 3],
    [0, -Infinity, 10],
  ])("for specificity %f is the lowest negative score that holds it: %f", (specificity, threshold, above) => {
    expect(thresholdAt(scores, states, specificity)).toEqual({
      ...{ threshold, negatives: 10, falsePositives: above },
    });
  });

  test("calls tied negatives negative together", () => {
    expect(thresholdAt([1, 2, 2, 2], [no, no, no, no], 0.5)).toMatchObject({
      threshold: 2,
      falsePositives: 0,
    });
  });

  test("needs a negative patient, and a specificity", () => {
    expect(thresholdAt([1], [yes], 0.9)).toBeNull();
    expect(() => thresholdAt([1], [no], 95)).toThrow("a specificity is from 0 to 1, not 95");
  });
});

/** Patients of two images each, whose scores are normal with a shift of 2 for positive ones. */
function drawn(seed: number, patients: number): ScoredImages & { readonly located: Uint8Array } {
  const random = randomStream(seed, "patients");
  const images = Array.from({ length: 2 * patients }, (_, image) => {
    const state = Math.floor(image / 2) % 3 === 0 && image % 2 === 1 ? yes : no;
    return { patient: `p${Math.floor(image / 2)}`, state, score: 2 * state + random.normal() };
  });
  return {
    scores: images.map(({ score }) => score),
    states: Uint8Array.from(images, ({ state }) => state),
    patients: images.map(({ patient }) => patient),
    located: Uint8Array.from(images, ({ state }) => state),
  };
}

describe("test patients at a threshold of validation patients", () => {
  const [validation, tested] = [drawn(1, 120), drawn(2, 90)];
  const specificity = 0.9;
  const found = detections(tested, validation, ["cyst"], { specificity, resamples: 200 }).byClass.cyst;
  const byPatient = (
    images: ScoredImages,
  ): { readonly score: number; readonly state: number; readonly place: number }[] =>
    Array.from({ length: images.states.length / 2 }, (_, p) => {
      const [a, b] = [2 * p, 2 * p + 1];
      const best = images.scores[a] >= images.scores[b] ? a : b;
      return {
        score: images.scores[best],
        state: Math.max(images.states[a], images.states[b]),
        place: images.located?.[best] ?? 0,
      };
    });
  const people = byPatient(tested);
  const positives = people.filter(({ state }) => state === yes);
  const negatives = people.filter(({ state }) => state === no);

  test("have the sensitivity and specificity of plain counting, with exact intervals", () => {
    const own = byPatient(validation).filter(({ state }) => state === no);
    const threshold = found.chosen?.threshold ?? NaN;
    // Of 80 negative validation patients 8 may be above it, and are.
    expect([own.length, own.filter(({ score }) => score > threshold).length]).toEqual([80, 8]);
    const detected = positives.filter(({ score }) => score > threshold);
    const quiet = negatives.filter(({ score }) => score <= threshold);
    expect(found.sensitivity).toEqual({
      ...{ hits: detected.length, of: positives.length, rate: detected.length / positives.length },
      interval: exactInterval(detected.length, positives.length),
    });
    expect(found.specificity).toEqual({
      ...{ hits: quiet.length, of: negatives.length, rate: quiet.length / negatives.length },
      interval: exactInterval(quiet.length, negatives.length),
    });
    expect(found.located).toMatchObject({
      ...{ hits: detected.filter(({ place }) => place === 1).length, of: detected.length },
    });
    expect(found.located?.hits).toBeGreaterThan(0);
    expect(found.note).toBeNull();
  });

  test("detections can only be located in patients who have an outline", () => {
    // Every fourth patient's outline is too small for a map: nothing is given in either image.
    const isBare = (image: number): boolean => Math.floor(image / 2) % 4 === 0;
    const located = tested.located.map((place, image) => (isBare(image) || place === 0 ? 255 : place));
    const options = { specificity, resamples: 200 };
    const own = detections({ ...tested, located }, validation, ["cyst"], options).byClass.cyst;
    const threshold = own.chosen?.threshold ?? NaN;
    const detected = people.flatMap(({ score, state }, p) => (state === yes && score > threshold ? [p] : []));
    const outlined = detected.filter((p) => p % 4 !== 0);
    expect(outlined.length).toBeLessThan(detected.length);
    expect(own.located).toMatchObject({
      ...{ hits: outlined.filter((p) => people[p].place === 1).length, of: outlined.length },
    });
    expect(own.sensitivity).toEqual(found.sensitivity);
  });

  test("have an AUC over patients", () => {
    const scores = people.map(({ score }) => score);
    expect(found.auc.value).toBe(
      auc(
        scores,
        people.map(({ state }) => state),
      ),
    );
    expect(found.auc.interval?.low).toBeLessThan(found.auc.value ?? 0);
    expect([found.positives, found.negatives]).toEqual([positives.length, negatives.length]);
  });

  test("choose nothing themselves: other test labels leave the threshold as it is", () => {
    const other = { ...tested, states: tested.states.map((state) => (state === yes ? no : state)) };
    const threshold = detections(other, validation, ["cyst"], { specificity, resamples: 200 }).byClass.cyst
      .chosen;
    expect(threshold).toEqual(found.chosen);
  });

  test("scores in another unit of the same order give the same rates", () => {
    const squeezed = (images: ScoredImages): ScoredImages => ({
      ...images,
      scores: Array.from(images.scores, (score) => 1 / (1 + Math.exp(-score))),
    });
    const again = detections(squeezed(tested), squeezed(validation), ["cyst"], {
      specificity,
      resamples: 200,
    });
    expect(again.byClass.cyst.sensitivity).toEqual(found.sensitivity);
    expect(again.byClass.cyst.specificity).toEqual(found.specificity);
  });
});

describe("without enough validation patients", () => {
  const tested = drawn(3, 30);

  test("there is no threshold, the AUC stands alone, and the reason is told", () => {
    for (const [validation, note] of [
      [undefined, "no threshold: there are no validation images"],
      [drawn(4, 9), "no threshold: validation has 6 negative patients, fewer than 10"],
    ] as const) {
      const { cyst } = detections(tested, validation, ["cyst"], { resamples: 100 }).byClass;
      expect(cyst).toMatchObject({ chosen: null, sensitivity: null, specificity: null, located: null, note });
      expect(cyst.auc.value).toBeGreaterThan(0.5);
    }
  });

  test("of which none could be above the threshold, that is told", () => {
    const { cyst } = detections(tested, drawn(5, 24), ["cyst"], {
      specificity: 0.98,
      resamples: 100,
    }).byClass;
    expect(cyst.chosen).toMatchObject({ negatives: 16, falsePositives: 0 });
    expect(cyst.note).toBe(
      "the threshold rests on 16 negative validation patients: it takes 50 for one to be above it",
    );
  });

  test("a class that no test patient has keeps its specificity, and has no sensitivity", () => {
    const none = { ...tested, states: tested.states.map(() => no) };
    const { cyst } = detections(none, drawn(6, 60), ["cyst"], { resamples: 100 }).byClass;
    expect(cyst.sensitivity).toEqual({ hits: 0, of: 0, rate: null, interval: null });
    expect(cyst.specificity?.of).toBe(30);
    expect(cyst.auc.value).toBeNull();
  });
});
