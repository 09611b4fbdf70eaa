// Proof that whole networks are torchvision's: `npm run prove:torchvision -- [--networks densenet121,resnet18] [--seed 2] [--apart 3]`.
//
// PyTorch writes random weights, and what it makes of them in float64: every stage, in training and at inference, and the
// gradients of all parameters (prove-torchvision/reference.py). test/torch/networks.test.ts reads these files as users' weights
// are read, and holds Tessera to 2e-5 of the largest value in a stage, and 1e-3 in a gradient. Needs Debian's python3-torchvision.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: asked } = parseArgs({
  options: {
    networks: { type: "string", default: "densenet121,resnet18" },
    seed: { type: "string", default: "2" },
    apart: { type: "string", default: "3" },
  },
});
const python = process.env.PYTHON ?? "/usr/bin/python3";
const reference = fileURLToPath(new URL("prove-torchvision/reference.py", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tessera-torchvision-"));
try {
  for (const name of asked.networks.split(",")) {
    console.log(`PyTorch computes ${name} in float64 ...`);
    const file = join(folder, `${name}.pth`);
    const { status } = spawnSync(
      python,
      [reference, name, file, "--seed", asked.seed, "--apart", asked.apart],
      {
        stdio: "inherit",
      },
    );
    if (status !== 0)
      throw new Error(`${python} ${reference} ${name} failed; apt-get install python3-torchvision`);
  }
  const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [vitest, "run", "test/torch/networks.test.ts"], {
    env: { ...process.env, TORCHVISION_NETWORKS: folder },
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
