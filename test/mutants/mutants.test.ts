// The short form of `npm run mutate` and `npm run prove:indices`: that mistakes are found, and which, and that shaders are watched.

import { expect, test } from "vitest";
import { kernels, type KernelName } from "../../src/kernels/built-in-kernels.ts";
import { mutantsOf, type Mutant } from "./mutants.ts";
import { runMutants, runWatched } from "./run-mutants.ts";
import { withWatchedIndices } from "./watched-indices.ts";

/** The one mutant of a shader that makes one text of another. */
function mutantOf(kernel: KernelName, was: string, is: string): Mutant {
  const found = mutantsOf(kernel, kernels[kernel].text).filter(
    (each) => each.was.includes(was) && each.is.includes(is),
  );
  expect(found).toHaveLength(1);
  return found[0];
}

test("mutants are found by what they compute, by their grid, and by an index that is not there", async () => {
  const killers: (string | undefined)[] = [];
  await runMutants(
    [
      mutantOf("queryInnerProduct", "first + i < sizes.batch", "first - i < sizes.batch"),
      mutantOf("sharpen", "workgroup.y * grid.x", "workgroup.y * grid.y"),
      mutantOf("queryInnerProduct", "sizes.batch - 1u", "sizes.batch + 1u"),
    ],
    (_, killedBy) => killers.push(killedBy),
  );
  expect(killers).toEqual([
    expect.stringMatching(/^queryInnerProduct, odd sizes, blocked: /),
    expect.stringContaining('sharpen.wgsl computes another "y" in reverse order'),
    expect.stringMatching(/queryInnerProduct\.wgsl has an index that binding 1 lacks/),
  ]);
});

test("an index is looked at in every array that a shader binds", () => {
  const unwatched = Object.values(kernels).flatMap((kernel) => {
    const watched = withWatchedIndices(kernel.specialise());
    return kernel.bindings
      .filter((binding) => binding.access !== "uniform" && !watched.includes(`${binding.name}[watched_`))
      .map((binding) => `${kernel.name}: ${binding.name}`);
  });
  expect(unwatched).toEqual([]);
  const text = kernels.sharpen.specialise();
  expect(withWatchedIndices(text).split("\n")).toHaveLength(text.split("\n").length + 1);
});

test("kernels that drop what they read past the edge have every index that they read", async () => {
  const wrong: string[] = [];
  const count = await runWatched(["queryInnerProduct", "clipFactor"], (found) => wrong.push(found));
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(10);
});
