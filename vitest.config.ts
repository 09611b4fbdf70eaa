import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // One worker per core: lavapipe itself spreads a launch over all cores, more workers only queue.
    maxWorkers: 2,
    // A cold driver compiles a pipeline in 60 ms to 2 s on 2 cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
