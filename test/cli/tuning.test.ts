// `tessera tune`, and what `tessera train` makes of tuning files, candidates and profiles.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { own, runBuilt, workingFolder } from "./built.ts";
import { twoSites } from "./two-sites.ts";

const folder = workingFolder();
writeFileSync(
  join(folder, "m.yaml"),
  twoSites({ images: 16, tested: 20, blocks: 1, train: "batch: 16, epochs: 2, warmupEpochs: 1" }),
);

const tessera = (...parameters: readonly string[]): ReturnType<typeof runBuilt> =>
  runBuilt(folder, parameters);
const train = (out: string, ...more: readonly string[]): ReturnType<typeof runBuilt> =>
  tessera("train", "m.yaml", "--data-root", ".", "--out", out, ...more);

interface SummaryFile {
  readonly tuning: { readonly file: string; readonly digest: string; readonly works: number } | null;
  readonly candidates: Readonly<Record<string, string>>;
}
const summaryOf = (out: string): SummaryFile =>
  JSON.parse(readFileSync(join(folder, out, "summary.json"), "utf8")) as SummaryFile;

describe("tessera tune", () => {
  test("keeps a file that tessera train follows, says so, and notes down", async () => {
    const untuned = await train("untuned");
    expect(untuned.errors).not.toMatch(/tuning/);
    expect(summaryOf("untuned")).toMatchObject({ tuning: null, candidates: {} });

    const tuned = await tessera("tune", "m.yaml");
    expect(own(tuned.errors)).toMatch(
      /\d+ different works in batches of 16, \d+ with more than one candidate/,
    );
    expect(tuned.code).toBe(0);
    expect(tuned.output).toMatch(/works take another candidate/);
    expect(tuned.output).toMatch(/both views: .* ms with the rule, .* ms tuned/);
    const [name] = readdirSync(join(folder, "tuning"));
    const file = join(folder, "tuning", name);
    expect(tuned.errors).toContain(`kept in ${file}`);

    const followed = await train("followed");
    expect(own(followed.errors)).toMatch(
      /tuning: \d+ of \d+ works with a choice follow .*json; in \d+ of them/,
    );
    expect(summaryOf("followed").tuning).toMatchObject({ file });
    expect(summaryOf("followed").tuning?.works).toBeGreaterThan(0);
    const without = await train("without", "--tuning", "none");
    expect(without.errors).not.toMatch(/tuning:/);
    expect(summaryOf("without").tuning).toBeNull();

    // The same bits as without a tuning file, and the file's choices decide them otherwise.
    const metrics = (out: string): string => readFileSync(join(folder, out, "metrics.jsonl"), "utf8");
    expect(metrics("without")).toBe(metrics("untuned"));

    // A run goes on from another folder, too, with the file that it followed.
    const relative = await train("relative", "--tuning", join("tuning", name));
    expect(relative.code).toBe(0);
    rmSync(join(folder, "relative", "summary.json"));
    mkdirSync(join(folder, "elsewhere"));
    const resume = ["train", "--resume", join(folder, "relative"), "--quiet"];
    const resumed = await runBuilt(join(folder, "elsewhere"), resume);
    expect([resumed.code, own(resumed.errors)]).toEqual([0, ""]);
    expect(summaryOf("relative").tuning).toEqual(summaryOf("followed").tuning);
    expect(metrics("relative")).toBe(metrics("followed"));

    writeFileSync(file, readFileSync(file, "utf8").slice(0, 200));
    const damaged = await train("damaged", "--quiet");
    expect(damaged.code).toBe(0);
    expect(own(damaged.errors).split("\n")).toHaveLength(1);
    expect(own(damaged.errors)).toMatch(/^warning: the tuning file .*json is damaged.*ignored/);
    expect(metrics("damaged")).toBe(metrics("untuned"));
    rmSync(file);
  }, 180_000);

  test("stops when its time is over, and says what was left", async () => {
    const { code, output, errors } = await tessera(
      "tune",
      "m.yaml",
      "--seconds",
      "1",
      "--tuning",
      "mine.json",
    );
    expect(code).toBe(0);
    expect(output).toMatch(/works? take another candidate/);
    expect(own(errors)).toMatch(/kept in mine\.json|nothing was measured/);
  });
});

describe("--candidate", () => {
  test("wins over the rule, and the summary says so", async () => {
    const { code } = await train("direct", "--candidate", "conv2d=direct", "--candidate", "relu=first");
    expect(code).toBe(0);
    expect(summaryOf("direct").candidates).toEqual({ conv2d: "direct", relu: "first" });
  });
});

describe("--profile", () => {
  test("prints a table and writes a trace, and the run stays the same", async () => {
    await train("plain", "--epochs", "1");
    const profiled = await train("profiled", "--epochs", "1", "--profile");
    expect(profiled.code).toBe(0);
    expect(profiled.output).toMatch(/one training step, the weak view, 16 images/);
    expect(profiled.output).toMatch(/ceilings measured here: [\d.]+ GFLOP\/s/);
    expect(profiled.output).toMatch(/kernel +launches +ms +share +MB bound/);
    expect(profiled.output).toMatch(/layers +launches +forward ms +backward ms +optimiser ms +ms +share/);
    expect(profiled.output).toMatch(/\noptimiser +1 +[\d.]+ +[\d.]+ +[\d.]+ %\n/);
    expect(profiled.output).toMatch(/MB bound: the buffers that a kernel is given, whole/);
    const trace = JSON.parse(readFileSync(join(folder, "profiled", "profile.json"), "utf8")) as {
      readonly traceEvents: readonly { readonly cat?: string }[];
      readonly otherData: { readonly classes: readonly { readonly launches: number }[] };
    };
    const launches = Number(/in all +(\d+)/.exec(profiled.output)?.[1]);
    expect(trace.traceEvents.filter(({ cat }) => cat === "launch")).toHaveLength(launches);
    const counts = trace.otherData.classes.map((each) => each.launches);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(launches);
    const metrics = (out: string): string => readFileSync(join(folder, out, "metrics.jsonl"), "utf8");
    expect(metrics("profiled")).toBe(metrics("plain"));
  });
});

describe("--profile --quiet", () => {
  test("prints the table and the result, and no progress", async () => {
    const { code, output, errors } = await train("quiet", "--epochs", "1", "--profile", "--quiet");
    expect(own(errors)).toBe("");
    expect([code, output]).toEqual([0, expect.stringMatching(/one training step[^]*mean/)]);
  });
});

describe("an error", () => {
  const cases: [name: string, parameters: readonly string[], message: RegExp][] = [
    [
      "an unknown operator",
      ["train", "--candidate", "conv2=direct"],
      /no operator "conv2"; did you mean "conv2d"\?/,
    ],
    [
      "an unknown candidate",
      ["train", "--candidate", "conv2d=dirct"],
      /conv2d has no candidate "dirct" here; did you mean "direct"\? it has .*direct/,
    ],
    [
      "an operator that does not occur",
      ["train", "--candidate", "tanh=first"],
      /this training does not run tanh; it runs/,
    ],
    ["half a candidate", ["train", "--candidate", "conv2d"], /--candidate takes OPERATOR=NAME/],
    [
      "a tuning file that is missing",
      ["train", "--tuning", "no.json"],
      /--tuning no\.json: there is no such/,
    ],
    [
      "candidates for the CPU",
      ["train", "--device", "reference", "--candidate", "conv2d=direct"],
      /--candidate.*--device reference/,
    ],
    [
      "a tuning file for the CPU",
      ["train", "--device", "reference", "--tuning", "no.json"],
      /--tuning.*--device reference/,
    ],
    ["a profile of the CPU", ["train", "--device", "reference", "--profile"], /nothing to profile/],
    ["tuning the CPU", ["tune", "--device", "reference"], /--device reference has no kernels to tune/],
    [
      "a tuning file asked for that is none",
      ["train", "--tuning", "m.yaml"],
      /--tuning m\.yaml: it is damaged: not valid JSON; make another with tessera tune/,
    ],
    ["a tuning file that cannot be written over", ["tune", "--tuning", "m.yaml"], /m\.yaml is damaged/],
  ];
  test.each(cases)("%s is one line with what to do, and exit code 2", async (_, parameters, message) => {
    const [command, ...options] = parameters;
    const places = command === "train" ? ["--data-root", ".", "--out", "never"] : [];
    const { code, output, errors } = await tessera(command, "m.yaml", ...places, "--quiet", ...options);
    expect(own(errors)).toMatch(message);
    expect(own(errors).split("\n")).toHaveLength(1);
    expect([code, output]).toEqual([2, ""]);
  });
});
