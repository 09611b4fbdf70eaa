// The manifests of the documentation are read as manifests: whole ones as they stand, and sections in the place of those of
// an example.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { parseTablePlan } from "../../src/tabular/plan/table-plan.ts";
import { settingsOf } from "../../src/assemble/manifest-settings.ts";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { formatNames, formats } from "../../src/data/formats/formats.ts";
import { blocksOf, placeOf, root } from "./markdown.ts";

type Sections = Readonly<Record<string, unknown>>;
const sectionsOf = (text: string): Sections => parse(text) as Sections;
const exampleOf = (name: string): Sections =>
  sectionsOf(readFileSync(join(root, "examples", `${name}.yaml`), "utf8"));
const example = exampleOf("two-sites");
const outlines = exampleOf("phantom-outlines");

/** Classes that the entries of a manifest name, whose section of classes is left out. */
function classesOf({ sources = [] }: Sections): unknown[] {
  const named = (sources as Sections[]).flatMap(({ knows, mapping, columns }) => [
    ...((knows ?? []) as unknown[]),
    ...Object.values((mapping ?? {}) as Sections),
    ...((columns ?? []) as unknown[]),
  ]);
  // A section of sources that name no class is about images and patients.
  return named.length === 0 ? ["mass"] : [...new Set(named)];
}

test.each(blocksOf("yaml").map((block) => [placeOf(block), block] as const))(
  "%s is a manifest",
  (place, { text }) => {
    const sections = sectionsOf(text);
    if ("table" in sections) {
      expect(parseTablePlan(text, place).table.length).toBeGreaterThan(0);
      return;
    }
    const isWhole = "classes" in sections;
    const classes = "sources" in sections ? { classes: classesOf(sections) } : {};
    const whole = sections["task"] === "segmentation" ? outlines : example;
    const manifest = isWhole ? text : stringify({ ...whole, ...classes, ...sections });
    const read = parseTrainingManifest(manifest, place);
    expect(read.classes.length).toBeGreaterThan(0);
    // Sections that another room reads are settings of a training.
    expect(settingsOf(read, 0).batch).toBeGreaterThan(0);
  },
);

test("the README's manifest is the example that it trains on, but for what that sets beside", () => {
  const [block] = blocksOf("yaml").filter(({ file }) => file === "README.md");
  const { train, ...shown } = sectionsOf(block?.text ?? "");
  const { train: whole, ...all } = example;
  expect(all).toMatchObject(shown);
  expect(whole).toMatchObject(train as Sections);
});

test("the table of formats has each format, and all of its fields", () => {
  const text = readFileSync(join(root, "docs/manifests.md"), "utf8");
  const formatsSection = text.slice(text.indexOf("## Formats"), text.indexOf("## Images"));
  for (const name of formatNames) {
    const row = formatsSection.split("\n").find((line) => line.startsWith(`| \`${name}\` `));
    // Those of a table, of which there are many, are in its examples and in a table of their own.
    const place = name === "table" ? formatsSection : row;
    for (const field of Object.keys(formats[name].fields)) {
      expect(place, `${name}: ${field}`).toMatch(new RegExp(`\\b${field}\\b`, "u"));
    }
  }
});
