// Whom a report names: nobody, unless it is asked for.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeReport } from "../../src/report/write-report.ts";
import { predicted, reportData, scores } from "./studies.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-named-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const [mistake] = predicted.mistakes.found;
const shown = { ...mistake, source: "A", patient: "A/Jane-Doe", image: "Jane-Doe/view1.png" };
const write = async (found: readonly unknown[], identify?: boolean): Promise<string> => {
  writeFileSync(join(folder, "scores.json"), JSON.stringify(scores));
  const data = { ...reportData, predicted: { ...predicted, mistakes: { ...predicted.mistakes, found } } };
  writeFileSync(join(folder, "report.json"), JSON.stringify(data));
  return readFileSync(await writeReport(folder, undefined, identify), "utf8");
};

test("a report shows patients as hashes, the same each time, and names on request alone", async () => {
  await write([mistake]);
  expect(existsSync(join(folder, "patients.salt"))).toBe(false);
  const page = await write([shown, { ...shown, image: "other.png" }]);
  expect(page).not.toContain("Jane");
  const [hash] = /[0-9a-f]{12}(?=\/view1\.png)/u.exec(page) ?? ["none"];
  expect(page.split(hash).length - 1).toBeGreaterThanOrEqual(4); // both rows of the table, and the image by name
  expect(await write([shown, { ...shown, image: "other.png" }])).toBe(page);
  const named = await write([shown], true);
  expect(named).toContain("A/Jane-Doe");
  expect(named).toContain("Jane-Doe/view1.png");
});
