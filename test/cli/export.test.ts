// `tessera export` on a run of its own: what it writes, and what it refuses.

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { decodeOnnx } from "../../src/interchange/onnx-messages.ts";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";

const folder = workingFolder();
const at = (...names: string[]): string => join(folder, ...names);
const tessera = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);

beforeAll(async () => {
  writeFileSync(
    at("two | sites.yaml"),
    `
classes: [nodule, effusion, cardiomegaly]
image: { height: 16, width: 16 }
sources:
  - { name: A, format: phantoms, site: A, count: 24, knows: [nodule, effusion] }
  - { name: B, format: phantoms, site: B, count: 24, knows: [effusion, cardiomegaly] }
test: { format: phantoms, site: both, count: 80 }
model: { stem: { features: 6, stride: 2 }, blocks: [1, 1], growth: 4 }
train: { batch: 16, epochs: 1, warmupEpochs: 0 }
`,
  );
  const { code, errors } = await tessera(
    "train",
    "two | sites.yaml",
    "--data-root",
    ".",
    "--out",
    "run",
    "--quiet",
  );
  expect([code, own(errors)]).toEqual([0, ""]);
}, 120_000);

test("writes each format and a card, prints them with their sizes, and says what to do next", async () => {
  const { code, output, errors } = await tessera(
    "export",
    "run",
    "--to",
    "onnx",
    "safetensors",
    "torch",
    "--out",
    "out",
  );
  expect([code, own(errors)]).toEqual([0, ""]);
  const files = ["model.onnx", "model.torchvision.safetensors", "model.pth", "README.md"];
  expect(readdirSync(at("out")).sort()).toEqual([...files].sort());
  for (const file of files) expect(output).toMatch(new RegExp(`^out/${file}  \\d+ KiB$`, "m"));
  expect(output).toMatch(/next: read out\/README\.md/);
  const { metadataProps } = decodeOnnx(readFileSync(at("out", "model.onnx")));
  const classes = metadataProps.find(({ key }) => key === "classes")?.value ?? "";
  expect(JSON.parse(classes)).toEqual(["nodule", "effusion", "cardiomegaly"]);
});

test("the card has the fields that hubs read, who labelled what, the run's results, and no folder of this machine", async () => {
  expect((await tessera("export", "run", "--to", "onnx", "--out", "card")).code).toBe(0);
  const card = readFileSync(at("card", "README.md"), "utf8");
  const [, front, text] = card.split(/^---\n/m);
  const summary = JSON.parse(readFileSync(at("run", "summary.json"), "utf8")) as { meanAuc: number };
  expect(parse(front)).toMatchObject({
    ...{
      license: "unknown",
      pipeline_tag: "image-classification",
      datasets: ["A", "B"],
      metrics: ["roc_auc"],
    },
    "model-index": [{ name: "two | sites", results: [{ task: { type: "image-classification" } }] }],
  });
  const [{ results }] = (
    parse(front) as { "model-index": { results: { metrics: { value: number }[] }[] }[] }
  )["model-index"];
  expect(results[0].metrics).toHaveLength(4);
  expect(results[0].metrics[0].value).toBeCloseTo(summary.meanAuc, 4);
  expect(text).toMatch(/^# two \\\| sites$/m);
  expect(text).toMatch(/^\| cardiomegaly +\| not labelled +\| \d+ with, \d+ without \|$/m);
  expect(text).toMatch(/^\| mean +\| +0\.\d{4} \| 0\.\d{3} to [01]\.\d{3} +\|$/m);
  expect(text).toContain("onnxruntime.InferenceSession");
  expect(text).not.toContain("torch.load");
  expect(card).not.toContain(folder);
});

test("a card that is there stays, unless --force is said; models are written anew", async () => {
  expect((await tessera("export", "run", "--to", "onnx")).code).toBe(0);
  const card = at("run", "export", "README.md");
  writeFileSync(card, "mine");
  const kept = await tessera("export", "run", "--to", "torch", "--json");
  expect(JSON.parse(kept.output)).toMatchObject({
    folder: "run/export",
    keptCard: true,
    files: [{ file: "run/export/model.pth" }],
  });
  expect(readFileSync(card, "utf8")).toBe("mine");
  expect((await tessera("export", "run", "--to", "torch", "--force")).code).toBe(0);
  expect(readFileSync(card, "utf8")).toContain('torch.load("model.pth", weights_only=True)');
});

test.each([
  [["nowhere", "--to", "onnx"], /nowhere: is not there; name the folder of a run/],
  [["run", "--to", "tflite"], /--to <format\.\.\.>.* Allowed choices are onnx, safetensors, torch/],
  [["run"], /required option '--to <format\.\.\.>' not specified/],
  [
    ["run/model.safetensors", "--to", "onnx"],
    /name the run's folder; the model card is made from what lies there/,
  ],
  [
    ["run", "--to", "onnx", "--out", "two | sites.yaml"],
    /two \| sites\.yaml.*cannot be written .*name another folder with --out/,
  ],
])("%j is refused in one line, with exit code 2, and nothing is written", async (parameters, message) => {
  const { code, errors } = await tessera("export", ...parameters);
  expect(code).toBe(2);
  expect(own(errors).trim().split("\n")).toHaveLength(1);
  expect(errors).toMatch(message);
  expect(existsSync(at("nowhere"))).toBe(false);
});
