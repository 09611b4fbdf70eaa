// Counts of real excerpts are those that their publishers and our notes on them give, where the data is at hand: in
// $TESSERA_DATA, or in ../shared/data.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { catalogue } from "../../../src/data/catalogue.ts";
import { countLabels, type ListCount } from "../../../src/data/inspection/index.ts";
import { readManifest } from "../../../src/data/manifest.ts";

const repository = resolve(import.meta.dirname, "../../..");
const dataRoot = process.env["TESSERA_DATA"] ?? resolve(repository, "../shared/data");

async function countsOf(example: string): Promise<{ classes: readonly string[]; counts: ListCount[] }> {
  const manifest = await readManifest(join(repository, "examples", example));
  const { classes, lists } = await catalogue(manifest, { dataRoot, seed: 0 });
  return { classes, counts: lists.map((list) => countLabels(list, classes.length)) };
}

if (existsSync(join(dataRoot, "covid-chestxray")) && existsSync(join(dataRoot, "chestxray14"))) {
  describe("the counts of examples/chest-assembly.yaml", async () => {
    const { classes, counts } = await countsOf("chest-assembly.yaml");
    const total = (source: string, name: string, kind: "positive" | "absent"): number =>
      counts
        .filter((count) => count.source === source)
        .reduce((sum, count) => sum + count.classes[classes.indexOf(name)][kind], 0);

    test.each([
      ...[["Effusion", 170] as const, ["Infiltration", 162] as const, ["Atelectasis", 95] as const],
      ...[["Cardiomegaly", 83] as const, ["Consolidation", 42] as const, ["Pneumothorax", 40] as const],
      ...[["Nodule", 39] as const, ["Emphysema", 37] as const, ["Mass", 35] as const],
      ...[["Fibrosis", 32] as const, ["Edema", 31] as const, ["Pleural_Thickening", 29] as const],
      ...[["Pneumonia", 11] as const, ["Hernia", 9] as const],
    ])("of ChestX-ray14 have %s %i times in all parts together", (name, images) => {
      expect(total("ChestX-ray14", name, "positive")).toBe(images);
      expect(total("ChestX-ray14", name, "absent")).toBe(0);
    });

    test("of the COVID collection leave its 84 images of `todo`, and 1 of Unknown, without a label", () => {
      const covid = counts.filter(({ source }) => source === "COVID");
      expect(covid.reduce((sum, { images }) => sum + images, 0)).toBe(360);
      expect(covid.reduce((sum, { unlabelled }) => sum + unlabelled, 0)).toBe(84 + 1);
      expect(total("COVID", "COVID-19", "positive")).toBe(192 + 9); // COVID-19, and COVID-19 with ARDS
    });

    test("of PneumoniaMNIST are MedMNIST's", () => {
      const pneumonia = counts.filter(({ source }) => source === "PneumoniaMNIST");
      const column = classes.indexOf("Pneumonia");
      expect(pneumonia.map(({ classes: each }) => [each[column].negative, each[column].positive])).toEqual([
        [1214, 3494],
        [135, 389],
        [234, 390],
      ]);
    });
  });
} else {
  test("real data is not here, and the checks on its counts did not run", () => {
    console.info(
      `No folders chestxray14 and covid-chestxray in ${dataRoot}: set TESSERA_DATA to check real counts.`,
    );
  });
}
