// What is written beside label maps of what their numbers mean.
import { expect, test } from "vitest";
import { originsTable } from "../../src/runs/mask-legend.ts";

test("the numbers of where pixels are from have greys, which no class has", () => {
  const [head, ...rows] = originsTable().trim().split(/\r?\n/u);
  expect(head).toBe("number,meaning,colour");
  const colours = rows.map((row) => row.slice(-7));
  expect(colours).toHaveLength(4);
  expect(new Set(colours).size).toBe(4);
  for (const colour of colours) expect(colour).toMatch(/^#([0-9a-f]{2})\1\1$/u);
});
