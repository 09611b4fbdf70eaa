// What a command loads before it begins: nothing that only comparing studies needs.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** How many files of the library of distributions a process holds that imported a built module. */
function distributionFiles(module: string): number {
  const path = fileURLToPath(new URL(`../../dist/${module}`, import.meta.url));
  const script = `
    import { _cache } from "node:module";
    import { pathToFileURL } from "node:url";
    await import(pathToFileURL(${JSON.stringify(path)}));
    console.log(Object.keys(_cache).filter((file) => file.includes("@stdlib")).length);`;
  return Number(
    execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" }),
  );
}

test("training, inspecting and reporting do not load the distributions that comparing studies does", () => {
  expect(distributionFiles("studies/analysis.js")).toBeGreaterThan(0);
  for (const module of ["cli/commands/train.js", "cli/commands/inspect.js", "cli/commands/report.js"]) {
    expect(distributionFiles(module), module).toBe(0);
  }
  // Four processes: on a loaded machine each takes seconds.
}, 60_000);
