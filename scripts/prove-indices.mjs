// Does a kernel ask for what its arrays do not have, also where it drops what it reads? `npm run prove:indices [-- matmul softmax]`.
//
// Runs all operators (or those that are named) on all samples by all candidates, on a checked engine whose second runs look at each index
// of each bound array. Shaders take four times as long to compile that way, so that the tests of every day do without. Fails where an
// array lacks an index, or a result is wrong.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runnerIn } from "./mutate/runner.mjs";

const folder = mkdtempSync(join(tmpdir(), "tessera-indices-"));
const failures = [];
try {
  const { runWatched } = await import(pathToFileURL(await runnerIn(folder)).href);
  const count = await runWatched(process.argv.slice(2), (found) => {
    failures.push(found);
    console.log(found);
  });
  const passed = count > 0 && failures.length === 0;
  console.log(
    `${count} samples by their candidates, ${failures.length} went wrong: ${passed ? "passed" : "failed"}`,
  );
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
