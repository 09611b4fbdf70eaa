// Counts of real excerpts are those that their publishers and our notes on them give.
import { join } from "node:path";
import { expect, test } from "vitest";
import { catalogue } from "../../../src/data/catalogue/catalogue.ts";
import { countLabels, type ListCount } from "../../../src/data/inspection/index.ts";
import { readManifest } from "../../../src/data/manifest/manifest.ts";
import { chestFindings } from "../published-counts.ts";
import { dataRoot, repository, withData } from "../real-data.ts";

async function countsOf(example: string): Promise<{ classes: readonly string[]; counts: ListCount[] }> {
  const manifest = await readManifest(join(repository, "examples", example));
  const { classes, lists } = await catalogue(manifest, { dataRoot, seed: 0 });
  return { classes, counts: lists.map((list) => countLabels(list, classes.length)) };
}

withData(
  ["medmnist", "chestxray14", "covid-chestxray"],
  "the counts of examples/chest-assembly.yaml",
  async () => {
    const { classes, counts } = await countsOf("chest-assembly.yaml");
    const total = (source: string, name: string, kind: "positive" | "absent"): number =>
      counts
        .filter((count) => count.source === source)
        .reduce((sum, count) => sum + count.classes[classes.indexOf(name)][kind], 0);

    test.each(Object.entries(chestFindings))(
      "of ChestX-ray14 have %s %i times in all parts together",
      (name, images) => {
        expect(total("ChestX-ray14", name, "positive")).toBe(images);
        expect(total("ChestX-ray14", name, "absent")).toBe(0);
      },
    );

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
  },
);
