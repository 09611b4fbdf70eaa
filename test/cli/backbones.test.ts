// Backbones on the command line: a plan of one of full size, and a name that there is not.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "../data/real-data.ts";
import { own, runBuilt, workingFolder } from "./built.ts";

const folder = workingFolder();
const example = join(repository, "examples/cifar-resnet18.yaml");

test("the example with a ResNet-18 is planned at full width", async () => {
  const { code, output, errors } = await runBuilt(folder, ["plan", example, "--json"]);
  expect(own(errors)).toBe("");
  expect(code).toBe(0);
  const { parameterCount } = JSON.parse(output) as { parameterCount: number };
  // torchvision's 11,176,512 but for the stem's filter of 3 x 3 pixels, and the head: ten queries and an fc.
  const backbone = 11_176_512 - (7 * 7 - 3 * 3) * 3 * 64;
  expect(parameterCount).toBe(backbone + 10 * 10 + 10 * 512 + 512);
}, 60_000);

test("a backbone that does not exist is one line with a near name", async () => {
  const file = join(folder, "m.yaml");
  writeFileSync(file, readFileSync(example, "utf8").replace("backbone: resnet18", "backbone: resnet-18"));
  const { code, errors } = await runBuilt(folder, ["plan", file]);
  expect(own(errors)).toMatch(
    /^error: .*m\.yaml:\d+: model\.backbone must be one of densenet, .*, not "resnet-18"; did you mean "resnet18"\?$/u,
  );
  expect(code).toBe(2);
});
