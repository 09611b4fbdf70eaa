// Names of patients as hashes: the same in one folder, others elsewhere, also inside the names of images.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { RunFolderError } from "../../src/errors/training-errors.ts";
import { withoutName } from "../../src/runs/hidden-names.ts";
import { namesOf, passingNames, saltFile } from "../../src/runs/patient-names.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-names-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const newFolder = (name: string): string => {
  mkdirSync(join(folder, name));
  return join(folder, name);
};

describe("a patient's hash", () => {
  test("is the same whenever it is made from one folder, and another in another folder", () => {
    const [first, second] = [newFolder("first"), newFolder("second")];
    const hash = namesOf(first).hashOf("A/Jane Doe");
    expect(hash).toMatch(/^[0-9a-f]{12}$/u);
    expect(namesOf(first).hashOf("A/Jane Doe")).toBe(hash);
    expect(namesOf(first).hashOf("A/John Doe")).not.toBe(hash);
    expect(namesOf(second).hashOf("A/Jane Doe")).not.toBe(hash);
    expect(passingNames().hashOf("A/Jane Doe")).not.toBe(hash);
    expect(namesOf(first).hashOf("")).toBe("");
  });

  test("needs a salt that is whole, and is made without one that can be kept", () => {
    const damaged = newFolder("damaged");
    writeFileSync(join(damaged, saltFile), "short");
    expect(() => namesOf(damaged)).toThrow(RunFolderError);
    expect(readFileSync(join(damaged, saltFile), "utf8")).toBe("short");
    const nowhere = join(folder, "nowhere");
    expect(namesOf(nowhere).hashOf("A/1")).toMatch(/^[0-9a-f]{12}$/u);
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe("an image without its patient's name", () => {
  const names = { hashOf: (patient: string): string => (patient === "" ? "" : "00c0ffee") };
  const shown = (image: string, patient: string): readonly string[] => {
    const found = withoutName({ source: "A", image, patient }, names);
    return [found.image, found.patient];
  };

  test("has the hash where its own name holds the patient's", () => {
    expect(shown("patient00012/study1/view1.jpg", "A/patient00012")).toEqual([
      "00c0ffee/study1/view1.jpg",
      "00c0ffee",
    ]);
    expect(shown("00000012_003.png", "A/12")).toEqual(["00c0ffee_003.png", "00c0ffee"]);
    expect(shown("p10/s1/p10-1.png", "A/p10")).toEqual(["00c0ffee/s1/00c0ffee-1.png", "00c0ffee"]);
    expect(shown("Doe (Jane).png", "A/Doe (Jane)")).toEqual(["00c0ffee.png", "00c0ffee"]);
  });

  test("keeps what is not the patient's name", () => {
    expect(shown("img112.png", "A/12")).toEqual(["img112.png", "00c0ffee"]);
    expect(shown("a.png", "")).toEqual(["a.png", ""]);
  });
});
