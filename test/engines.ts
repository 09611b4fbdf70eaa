// Engines for tests. A machine without an adapter fails here with what to install: nothing is skipped.

import { afterAll, beforeAll } from "vitest";
import { openEngine, type EngineOptions } from "../src/runtime/open-engine.ts";
import type { Engine } from "../src/runtime/engine.ts";

/** Opens an engine before the tests of the current block and closes it after them. */
export function useEngine(options: EngineOptions): () => Engine {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await openEngine(options);
  });
  afterAll(() => engine?.close());
  return () => {
    if (engine === undefined) throw new Error("the engine did not open");
    return engine;
  };
}
