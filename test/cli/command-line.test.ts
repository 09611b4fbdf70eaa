// The built command line: bad input is one line and exit code 2, results land in the run folder, Ctrl-C stops cleanly.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";
import { twoSites } from "./two-sites.ts";

const folder = workingFolder();
const tessera = (
  parameters: readonly string[],
  onError?: (text: string, kill: () => void) => void,
): Promise<Ended> => runBuilt(folder, parameters, onError);

const manifest = twoSites({ images: 96, tested: 60, train: "batch: 32, epochs: 2, warmupEpochs: 1" });
const put = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

describe("an error", () => {
  const training = (file: string, ...more: string[]): string[] => [
    ...["train", file, "--data-root", folder, "--out", join(folder, "never"), "--device", "reference"],
    ...more,
  ];
  const cases: [name: string, parameters: () => string[], message: RegExp][] = [
    ["an unknown command", () => ["trian"], /unknown command 'trian'.*train/],
    ["an unknown option", () => ["demo", "--sead", "1"], /unknown option '--sead'.*--seed/],
    ["an unknown backend", () => ["demo", "--device", "cuda"], /'cuda' is invalid.*auto, webgpu, reference/],
    [
      "a number that is none",
      () => ["demo", "--seed", "1.5"],
      /--seed takes a whole number from 0 to 2147483648/,
    ],
    [
      "a number that is too large",
      () => ["demo", "--seed", "2147483649"],
      /--seed takes a whole number from 0 to 2147483648/,
    ],
    ...["1", "256"].map((folds): [string, () => string[], RegExp] => [
      `${folds} folds`,
      () => ["cross-validate", "m.yaml", "--folds", folds],
      /--folds takes a whole number from 2 to 255\./,
    ]),
    [
      "an unknown adapter",
      () => ["demo", "--adapter", "no such"],
      /no WebGPU adapter is named like "no such"/,
    ],
    ["an adapter for the CPU", () => training("m.yaml", "--adapter", "x"), /--adapter.*--device reference/],
    [
      "a preference for the CPU",
      () => training("m.yaml", "--power", "low-power"),
      /--power.*--device reference/,
    ],
    [
      "checks that the CPU has not",
      () => training("m.yaml", "--no-robustness"),
      /--no-robustness.*--device reference/,
    ],
    ["a plan for the CPU", () => ["plan", "m.yaml", "--device", "reference"], /reference.*WebGPU adapter/],
    [
      "an image size that is none",
      () => ["plan", "m.yaml", "--image", "224"],
      /--image takes HEIGHTxWIDTHxCHANNELS/,
    ],
    ["a missing option", () => ["train", "m.yaml", "--out", "x"], /required option '--data-root/],
    ["a missing manifest", () => training("missing.yaml"), /missing\.yaml.*does not exist/],
    [
      "a malformed manifest",
      () => training(put("bad.yaml", "classes: [a\nimage: }")),
      /bad\.yaml.*not valid YAML/,
    ],
    [
      "a misspelt field",
      () => training(put("field.yaml", manifest.replace("growth", "grwoth"))),
      /field\.yaml:8.*model\.grwoth.*growth/,
    ],
    [
      "a class that no source has",
      () => training(put("class.yaml", manifest.replace("knows: [nodule, effusion]", "knows: [effusion]"))),
      /class\.yaml.*classes\[0\].*"nodule".*no source/,
    ],
    [
      "a missing data file",
      () =>
        training(
          put(
            "idx.yaml",
            manifest
              .replace(
                /sources:[^]*test:[^\n]*/,
                "sources:\n  - { name: A, format: idx, images: no.gz, labels: no2.gz, knows: ['1'] }\ntest: { format: idx, images: no3.gz, labels: no4.gz }",
              )
              .replace("[nodule, effusion, cardiomegaly]", "['1']"),
          ),
        ),
      /no\.gz/,
    ],
    [
      "a demo that there is not",
      () => ["demo", "--task", "detection"],
      /'detection' is invalid.*segmentation/,
    ],
    [
      "a picture of outlines that cannot be written",
      () => [
        ...["demo", "--task", "segmentation", "--quiet", "--device", "reference"],
        ...["--sheet", join(put("file", ""), "sheet.png")],
      ],
      /--sheet .*is a file, not a folder/,
    ],
    [
      "a sheet that cannot be written",
      () => ["demo", "--quiet", "--device", "reference", "--sheet", join(put("file", ""), "sheet.png")],
      /--sheet .*cannot be written/,
    ],
  ];
  test.each(cases)("%s is one line with what to do, and exit code 2", async (_, parameters, message) => {
    const { code, output, errors } = await tessera(parameters());
    expect(own(errors)).toMatch(message);
    expect(own(errors).split("\n")).toHaveLength(1);
    expect(own(errors)).not.toMatch(/\n\s+at /);
    expect([code, output]).toEqual([2, ""]);
  });

  test("a run that fails on good input is one line too, and exit code 1", async () => {
    const diverging = manifest.replace("batch: 32,", "batch: 32, learningRate: 1.0e+300,");
    const { code, output, errors } = await tessera([
      ...[
        "train",
        put("diverging.yaml", diverging),
        "--data-root",
        folder,
        "--out",
        join(folder, "diverged"),
      ],
      ...["--device", "reference", "--quiet"],
    ]);
    expect(own(errors)).toMatch(
      /^error: epoch 1, step \d: the (loss is|weights are) not finite.*learning rate[^\n]*$/,
    );
    expect([code, output]).toEqual([1, ""]);
  });

  test("--debug adds the stack trace", async () => {
    const { code, errors } = await tessera(["--debug", ...training("missing.yaml")]);
    expect(code).toBe(2);
    expect(errors).toMatch(/\n\s+at /);
  });
});

describe("tessera devices", () => {
  test("lists the adapter and the reference backend, as a table and as JSON", async () => {
    const json = JSON.parse((await tessera(["devices", "--json"])).output) as {
      device: string;
      adapter: string;
    }[];
    const kinds = json.map(({ device }) => device);
    expect(kinds.length).toBeGreaterThan(1);
    expect(kinds).toEqual([...Array<string>(kinds.length - 1).fill("webgpu"), "reference"]);
    const { output, code } = await tessera(["devices"]);
    expect(code).toBe(0);
    for (const { adapter } of json) expect(output).toContain(adapter);
  });
});

describe("tessera doctor", () => {
  interface Finding {
    readonly what: string;
    readonly found: string;
    readonly fine: boolean;
    readonly advice: string;
  }

  test("finds a machine that computes, to a kernel whose results are right", async () => {
    const { output, code } = await tessera(["doctor", "--json"]);
    expect(code).toBe(0);
    const found = JSON.parse(output) as Finding[];
    expect(found.filter(({ fine }) => !fine)).toEqual([]);
    expect(found.at(-1)?.found).toMatch(/^matmul on ".+" differs by \S+e-\d+$/);
  });

  test("says what to install where there is no adapter, with code 2", async () => {
    const none = { VK_DRIVER_FILES: "/none", VK_ICD_FILENAMES: "/none" };
    const { output, errors, code } = await runBuilt(folder, ["doctor"], undefined, none);
    expect(code).toBe(2);
    expect(output).toMatch(/WRONG +adapter +none/);
    expect(output).toMatch(/adapter: install a Vulkan driver/);
    expect(errors).toContain("error: this machine lacks adapter; what to do is above");
  });
});

describe("tessera plan", () => {
  test("prints launches and bytes, as a table and as JSON, in proportion to the batch", async () => {
    const file = put("plan.yaml", manifest);
    const { code, output } = await tessera(["plan", file]);
    expect(code).toBe(0);
    expect(output).toMatch(/parameters; batches of 32 images, 16 x 16 x 1/);
    expect(output).toMatch(/launches, backward\s+\d+\s+\d+/);
    interface Step {
      readonly views: number;
      readonly launches: Record<string, number>;
      readonly reusedBytes: number;
      readonly perImageBytes: number;
    }
    const json = async (...more: string[]): Promise<Step[]> =>
      (JSON.parse((await tessera(["plan", file, "--json", ...more])).output) as { steps: Step[] }).steps;
    const [[weak, both], [large]] = [await json(), await json("--batch", "256", "--image", "32x32")];
    expect([weak.views, both.views]).toEqual([1, 2]);
    expect(weak.launches["optimiser"]).toBe(1);
    // Both views go through the network at once, in launches twice as large.
    expect(both.launches["forward"]).toBeGreaterThan(weak.launches["forward"]);
    expect(both.launches["forward"]).toBeLessThan(1.2 * weak.launches["forward"]);
    expect(large.perImageBytes).toBeGreaterThan(3 * weak.perImageBytes);
    expect(large.reusedBytes).toBeGreaterThan(8 * 3 * weak.reusedBytes);
  });
});

describe("tessera train", () => {
  const parameters = (file: string, out: string, ...more: string[]): string[] => [
    ...["train", file, "--data-root", folder, "--out", join(folder, out), ...more],
  ];

  test("writes metrics and a summary, equal for equal seeds, and never over an earlier run", async () => {
    const file = put("run.yaml", manifest);
    const first = await tessera(parameters(file, "one", "--seed", "5", "--quiet"));
    expect(own(first.errors)).toBe("");
    expect(first.code).toBe(0);
    expect(first.output).toMatch(/nodule\s+[\d.]+/);
    expect((await tessera(parameters(file, "two", "--seed", "5"))).code).toBe(0);
    const metrics = readFileSync(join(folder, "one", "metrics.jsonl"), "utf8");
    expect(readFileSync(join(folder, "two", "metrics.jsonl"), "utf8")).toBe(metrics);
    const lines = metrics
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { kind: string });
    expect(lines.map(({ kind }) => kind).join(" ")).toBe(
      [...Array<string>(6).fill("step"), "epoch", ...Array<string>(6).fill("step"), "epoch"].join(" "),
    );
    const summary = JSON.parse(readFileSync(join(folder, "one", "summary.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(summary).toMatchObject({ epochs: 2, seed: 5, device: "webgpu", interrupted: false });
    expect(Object.keys(summary["auc"] as object)).toEqual(["nodule", "effusion", "cardiomegaly"]);
    for (const field of ["meanAuc", "seconds", "adapter"]) expect(summary).toHaveProperty(field);

    const again = await tessera(parameters(file, "one"));
    expect(again.code).toBe(2);
    expect(own(again.errors)).toMatch(/one: the folder is not empty.*--force/);
    expect(readFileSync(join(folder, "one", "metrics.jsonl"), "utf8")).toBe(metrics);
    expect((await tessera(parameters(file, "one", "--force", "--epochs", "1", "--limit", "32"))).code).toBe(
      0,
    );
    expect(readdirSync(join(folder, "one")).sort()).toEqual([
      ...[
        "checkpoint.safetensors",
        "metrics.jsonl",
        "model.safetensors",
        "patients.salt",
        "report.html",
        "report.json",
        "run.json",
        "summary.json",
      ],
      "test-predictions.csv",
    ]);
  });

  test.each(["webgpu", "reference"])(
    "Ctrl-C stops a run on %s after the step under way with a summary",
    async (device) => {
      const file = put("long.yaml", manifest.replace("epochs: 2", "epochs: 5000"));
      let killed = false;
      const out = `stopped-${device}`;
      const { code, errors } = await tessera(parameters(file, out, "--device", device), (text, kill) => {
        if (!killed && text.includes("epoch 1/5000 done")) {
          killed = true;
          kill();
        }
      });
      expect(errors).toMatch(/stopping after this step/);
      expect(code).toBe(130);
      const summary = JSON.parse(readFileSync(join(folder, out, "summary.json"), "utf8")) as {
        interrupted: boolean;
        epochs: number;
      };
      expect(summary.interrupted).toBe(true);
      expect(summary.epochs).toBeGreaterThan(0);
    },
  );
});
