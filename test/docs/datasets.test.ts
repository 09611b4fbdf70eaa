// Every manifest on the page of datasets lists files that are written here with the columns and the spelling of the real ones.
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { catalogue } from "../../src/data/catalogue/catalogue.ts";
import { combineLabels, mapLabels, settle } from "../../src/data/catalogue/mapping.ts";
import { formatOf } from "../../src/data/formats/formats.ts";
import { entriesOf, wantedLabels } from "../../src/data/manifest/entries.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { contextAt, temporaryFolder, writeFiles } from "../data/formats/list-files.ts";
import { datasets } from "./datasets.ts";
import { blocksOf } from "./markdown.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const blocks = blocksOf("yaml").filter(({ file }) => file === "docs/datasets.md");

const letter = (state = 255): string => ({ 0: "0", 1: "1", 255: "-" })[state] ?? "s";

/** As statesIn, of a whole manifest whose labels are masks; what a split deals is told part after part. */
async function statesOfMasks(text: string): Promise<Record<string, Record<string, string>>> {
  const manifest = parseManifest(text, "datasets.md");
  const { classes, lists } = await catalogue(manifest, { dataRoot: folder.path, seed: 0 });
  const found: Record<string, Record<string, string>> = {};
  for (const { source, samples, states } of lists) {
    const ofSource = (found[source] ??= {});
    for (const [k, name] of classes.entries()) {
      const all = samples.map((_, at) => letter(states[at * classes.length + k])).join("");
      if (/[^-]/u.test(all)) ofSource[name] = `${ofSource[name] ?? ""}${all}`;
    }
  }
  return found;
}

/** The states of all images, by class: "1" positive, "0" negative, "-" absent, "s" soft. */
async function statesIn(text: string): Promise<Record<string, Record<string, string>>> {
  const sections = parse(text) as { sources: Record<string, unknown>[]; task?: string };
  if (sections.task === "segmentation") return await statesOfMasks(text);
  const classes = [
    ...new Set(
      sections.sources.flatMap(({ knows, mapping, columns }) => {
        if (mapping !== undefined) return Object.values(mapping as Record<string, string>);
        return (knows ?? columns) as string[];
      }),
    ),
  ];
  const manifest = parseManifest(
    stringify({ classes, image: { height: 8, width: 8 }, ...sections }),
    "datasets.md",
  );
  const found: Record<string, Record<string, string>> = {};
  for (const { entry } of entriesOf(manifest)) {
    const listing = await formatOf(entry).list(
      entry,
      contextAt(folder.path, {
        classes,
        wanted: wantedLabels(entry, { classes }),
        entry: entry.name,
        window: entry.window,
      }),
    );
    const refuse = (path: readonly PropertyKey[], reason: string): never => {
      throw new Error(`${path.join(".")} ${reason}`);
    };
    const mapping = mapLabels(listing.labelNames, classes, entry, refuse);
    const states = settle(combineLabels(listing.rawLabels, mapping), classes, mapping, entry);
    found[entry.name] = Object.fromEntries(
      classes
        .map((name, k): [string, string] => [
          name,
          listing.records.map((_, at) => letter(states[at * classes.length + k])).join(""),
        ])
        .filter(([, all]) => /[^-]/u.test(all)),
    );
  }
  return found;
}

test("every manifest on the page has files here", () => {
  const names = blocks.map(({ text }) => (parse(text) as { sources: { name: string }[] }).sources[0]?.name);
  expect(names).toEqual(datasets.map(({ name }) => name));
});

describe("a manifest on the page", () => {
  test.each(datasets.map((dataset, at) => [dataset.name, dataset, at] as const))(
    "reads the files of %s",
    async (_, { files, states }, at) => {
      writeFiles(folder.path, files);
      expect(await statesIn(blocks[at]?.text ?? "")).toEqual(states);
    },
  );
});
