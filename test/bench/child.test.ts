// A process that answers questions: its answers and errors arrive, and it ends when it takes too long.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ChildError, openChild, TimeLimitError, type Child } from "../../bench/harness/child.ts";

interface Request {
  readonly wait: number;
  readonly fail?: string;
}
interface Answer {
  readonly values: Float64Array;
}

const folder = mkdtempSync(join(tmpdir(), "tessera-child-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `answerQuestions` does, for a question that is answered after so many milliseconds. */
const program = join(folder, "program.mjs");
writeFileSync(
  program,
  `process.on("message", ({ wait, fail }) => {
     if (fail === "exit") process.exit(3);
     setTimeout(() => process.send(fail ? { error: fail } : { values: Float64Array.of(wait) }), wait);
   });
   process.on("disconnect", () => process.exit(0));
   process.send({});`,
);
const open = (): Promise<Child<Request, Answer>> => openChild(program, [], "a peer");

test("answers hold typed arrays, and errors are those of the process", async () => {
  const child = await open();
  expect(await child.ask({ wait: 1 })).toEqual({ values: Float64Array.of(1) });
  await expect(child.ask({ wait: 1, fail: "no such work" })).rejects.toThrow(new ChildError("no such work"));
  expect(await child.ask({ wait: 2 }, 60)).toEqual({ values: Float64Array.of(2) });
  child.close();
});

test("one that takes longer than its limit is ended", async () => {
  const child = await open();
  await expect(child.ask({ wait: 60_000 }, 0.2)).rejects.toThrow(
    new TimeLimitError("a peer took longer than 0.2 s"),
  );
  await expect(child.ask({ wait: 1 })).rejects.toThrow(ChildError);
});

test("one that ends by itself is named with its exit code, also before it is ready", async () => {
  const child = await open();
  await expect(child.ask({ wait: 1, fail: "exit" })).rejects.toThrow(
    "the process of a peer ended (exit code 3)",
  );
  await expect(openChild(join(folder, "none.mjs"), [], "nobody")).rejects.toThrow(
    "the process of nobody ended (exit code 1)",
  );
});
