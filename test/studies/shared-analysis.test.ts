// A study that several processes share is analysed by one of them, and none waits for it longer than it is asked to.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claim } from "../../src/runs/run-lock.ts";
import { StudyFolder } from "../../src/studies/study-folder.ts";

test("one process analyses a shared study, another finds that done, and a signal ends the wait for it", async () => {
  const path = mkdtempSync(join(tmpdir(), "tessera-shared-"));
  const folder = new StudyFolder(path, "overlap", { join: true });
  try {
    await folder.begin({ study: "overlap", manifest: { text: "classes: [a]" }, settings: {} });
    const other = claim(join(path, "analysed.json.claim"));
    expect(other).toBeDefined();
    const ending = new AbortController();
    const written: string[] = [];
    const write = (): Promise<void> => {
      written.push("once");
      return Promise.resolve();
    };
    const waiting = folder.analyseOnce(["a", "b"], write, ending.signal);
    ending.abort();
    expect(await waiting).toBe("nobody");
    expect(written).toEqual([]);
    other?.release();
    expect(await folder.analyseOnce(["a", "b"], write)).toBe("this process");
    expect(await folder.analyseOnce(["b", "a"], write)).toBe("another");
    expect(written).toEqual(["once"]);
  } finally {
    folder.close();
    rmSync(path, { recursive: true });
  }
});
