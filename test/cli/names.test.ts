// Names that come from others do nothing to the terminal on which they are printed.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { expect, test } from "vitest";
import { readJson } from "../../src/runs/read-run.ts";
import { reportDataSchema } from "../../src/runs/run-report-data.ts";
import { runBuilt, workingFolder } from "./built.ts";

const folder = workingFolder();
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u;

test("a source's name is printed without its escape sequences, in tables and in messages", async () => {
  for (const label of ["dark", "light"]) {
    mkdirSync(join(folder, "images", label), { recursive: true });
    for (const i of [1, 2, 3]) {
      const png = new PNG({ width: 16, height: 16 });
      png.data.fill(i * 20 + label.length);
      writeFileSync(join(folder, "images", label, `${i}.png`), PNG.sync.write(png));
    }
  }
  const manifest = `
classes: [dark, light]
image: { height: 16, width: 16 }
sources: [{ name: "A\\e[2J\\x9b31m", format: folder, folder: images, split: { by: image, test: 0.5 } }]
model: { stem: { features: 4, stride: 2 }, blocks: [1], growth: 4 }
`;
  writeFileSync(join(folder, "odd.yaml"), manifest);
  const { code, output, errors } = await runBuilt(folder, ["inspect", "odd.yaml", "--data-root", "."]);
  expect(`${output}${errors}`).toMatch(/A\\u001b\[2J\\u009b31m/u);
  expect(output).not.toMatch(controls);
  expect(errors).not.toMatch(controls);
  expect(code).toBe(0);
});

test("a damaged file is quoted in its error without control characters", () => {
  const file = join(folder, "report.json");
  writeFileSync(file, '{"version": \u001b[2J}');
  const read = (): unknown => readJson(file, reportDataSchema);
  expect(read).toThrow(/report\.json: cannot be used \(/u);
  expect(read).not.toThrow(controls);
});
