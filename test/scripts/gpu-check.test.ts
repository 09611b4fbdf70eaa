// The check kit for GPU machines, rehearsed on whatever adapter there is: packed quickly, and run where there is neither
// Node nor, if this system lets us take it away, a network.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEngine } from "../../src/runtime/open-engine.ts";

const pack = fileURLToPath(new URL("../../scripts/gpu-check/pack.mjs", import.meta.url));

/** All that run.sh may use of the machine. No python3, so that PyTorch is absent everywhere. */
const tools = "bash cat dirname grep head ldconfig ldd ls mkdir mv rm sha256sum tail tar".split(" ");

const folder = mkdtempSync(join(tmpdir(), "tessera-gpu-check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function run(program: string, ...parameters: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { cwd: folder });
    let output = "";
    child.stdout.on("data", (data) => (output += String(data)));
    child.stderr.on("data", (data) => (output += String(data)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** What takes the network from a command: as root, or else as a user who may have namespaces; nothing where neither is. */
function withoutNetwork(): readonly string[] {
  for (const options of ["-n", "-rn"])
    if (spawnSync("unshare", [options, "true"]).status === 0) return ["unshare", options];
  console.warn("gpu-check: unshare may not take the network away here; the kit is rehearsed with it");
  return [];
}

/** Runs stages of the kit in an environment of the given variables alone. */
function runKit(variables: Readonly<Record<string, string>>, ...stages: string[]): Promise<Ended> {
  const all = {
    PATH: join(folder, "tools"),
    HOME: folder,
    KIT: join(folder, "kit"),
    OUT: join(folder, "out"),
    ...variables,
  };
  const environment = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  const [program, ...parameters] = [...withoutNetwork(), "env", "-i", ...environment];
  return run(program, ...parameters, "bash", join(folder, ".gpu", "run.sh"), ...stages);
}

/** Rows of the last table: status and note by the name of the stage. */
function rowsOf(output: string): Readonly<Record<string, string>> {
  const rows = output.slice(output.lastIndexOf("== summary")).trim().split("\n").slice(1);
  return Object.fromEntries(
    rows.map((row) => {
      const [, name, status, note] = /^(\S+) +(.+?) +\d+ of \d+ s *(.*)$/.exec(row) ?? [];
      return [name, note === "" ? status : `${status}; ${note}`];
    }),
  );
}

if (process.platform !== "linux" || process.arch !== "x64") {
  it("says that it is packed on Linux x86-64 alone", async () => {
    const { code, output } = await run(process.execPath, pack, "--quick", folder);
    expect(code).toBe(1);
    expect(output).toContain("pack on Linux x86-64");
  });
} else {
  describe("the check kit for GPU machines", () => {
    beforeAll(async () => {
      const { code, output } = await run(process.execPath, pack, "--quick", folder);
      if (code !== 0) throw new Error(output);
      mkdirSync(join(folder, "tools"));
      for (const tool of tools) {
        const place = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
          .map((bin) => join(bin, tool))
          .find(existsSync);
        if (place === undefined) throw new Error(`${tool}: not on this machine, and run.sh needs it`);
        symlinkSync(place, join(folder, "tools", tool));
      }
    }, 240_000);

    it("runs its stages without Node and a network, and says what is missing or too slow", async () => {
      const { code, output } = await runKit(
        { REHEARSE: "1" },
        ...["adapter:120", "parity:120", "bench:240", "ladder:1", "densenet:180", "torch:60"],
      );
      expect(rowsOf(output), output).toEqual({
        adapter: "ok",
        parity: expect.stringMatching(/^ok; [1-9]\d* passed, 0 failed, 0 skipped$/) as string,
        bench: "ok",
        ladder: "TIMED OUT",
        densenet: "ok",
        torch: "ABSENT",
      });
      expect(output).toContain("tfjs is not in this kit");
      expect(output).toMatch(/^densenet121-batch-8 +tessera +[\d.]+ ms/m);
      expect(output).toContain("python3 cannot import torch and torchvision on this machine");
      expect(output).toContain(readFileSync(join(folder, "out", "summary.txt"), "utf8"));
      expect(code).toBe(1);
    }, 600_000);

    it("takes no software adapter for a GPU", async () => {
      const engine = await openEngine({ device: "webgpu" });
      const { isSoftware } = engine.traits;
      engine.close();
      const { code, output } = await runKit({}, "adapter:90");
      expect(code, output).toBe(isSoftware ? 3 : 0);
      expect(output.includes("NO GPU ADAPTER")).toBe(isSoftware);
    }, 180_000);

    it("names the stages to who asks for another", async () => {
      const { code, output } = await runKit({}, "parity");
      expect(code).toBe(2);
      expect(output).toContain('"parity" is not STAGE:SECONDS; the stages are adapter, parity, determinism');
    });
  });
}
