// `tessera find-rate` as a process of its own.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { own, runBuilt, workingFolder } from "./built.ts";
import { twoSites } from "./two-sites.ts";

const folder = workingFolder();
writeFileSync(
  join(folder, "m.yaml"),
  // Its images to test on need not be there.
  twoSites({ images: 24, tested: 40, blocks: 1, train: "batch: 16, epochs: 2, ema: 0.9" }).replace(
    /^test: .*$/mu,
    "",
  ),
);
const find = (...options: string[]) =>
  runBuilt(folder, ["find-rate", "m.yaml", "--data-root", ".", "--quiet", ...options]);

test("rates rise from the first to the last, the finding is told and drawn, and the same seed gives the same", async () => {
  const command = ["--steps", "40", "--from", "1e-5", "--to", "0.5"];
  const [made, again] = [
    await find(...command, "--json", "--out", "rates"),
    await find(...command, "--json"),
  ];
  expect([made.code, own(made.errors)]).toEqual([0, ""]);
  expect(again.output).toBe(made.output);
  const { points, steps } = JSON.parse(made.output) as {
    points: { rate: number; loss: number }[];
    steps: number;
  };
  expect([points.length, points[0].rate]).toEqual([steps, 1e-5]);
  expect(points[39].rate).toBeCloseTo(0.5, 12);
  expect(points[1].rate / points[0].rate).toBeCloseTo((0.5 / 1e-5) ** (1 / 39), 10);
  expect(readFileSync(join(folder, "rates", "rates.svg"), "utf8")).toMatch(/^<svg[\s\S]*learning rate/u);
  expect(readFileSync(join(folder, "rates", "rates.csv"), "utf8").split("\n")[0]).toBe("rate,loss,smoothed");
}, 60_000);

test("it ends where the loss diverges, and says so", async () => {
  const { code, output } = await find("--steps", "60", "--from", "1e-3", "--to", "1e5");
  expect(code).toBe(0);
  expect(output).toMatch(/The loss diverged at [0-9.e+]+, after \d+ of 60 steps\./u);
}, 60_000);

test.each([
  [["--from", "1", "--to", "0.1"], /--from 1 --to 0\.1: the rate rises from the first to the second/u],
  [["--from", "0"], /--from takes a learning rate above 0, such as 1e-6/u],
])("%j is refused in one line, with code 2", async (options, message) => {
  const { code, errors } = await find(...options);
  expect([code, own(errors)]).toEqual([2, expect.stringMatching(message)]);
});
