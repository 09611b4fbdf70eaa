// Proof that many processes share a study: `npm run prove:join [-- --processes 4] [-- --kills 4] [-- --seeds 3]`.
//
// Carries a small study out by one process, then once more by several that join it (`tessera study --join`), of which some are killed
// with SIGKILL at random moments and others take their place. Fails unless each run and the scores are what the one process found, byte for
// byte but for times, no run was finished twice, and the analysis was written by one. Prints the seed of the moments; --moments SEED takes
// them again.

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { momentsOf } from "./moments.mjs";

const tessera = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const { values: options } = parseArgs({
  options: {
    processes: { type: "string", default: "4" },
    kills: { type: "string", default: "4" },
    seeds: { type: "string", default: "3" },
    moments: { type: "string", default: String(Date.now() % 1e6) },
  },
});
const [processes, kills, seeds, moments] = ["processes", "kills", "seeds", "moments"].map((name) =>
  Number(options[name]),
);
const random = momentsOf(moments);

const folder = mkdtempSync(join(tmpdir(), "tessera-prove-"));
const manifest = join(folder, "study.yaml");
writeFileSync(
  manifest,
  `classes: [nodule, effusion, cardiomegaly]
image: { height: 16, width: 16 }
sources:
  - { name: A, format: phantoms, site: A, count: 48, knows: [nodule, effusion] }
  - { name: B, format: phantoms, site: B, count: 48, knows: [effusion, cardiomegaly] }
test: { format: phantoms, site: both, count: 32 }
model: { stem: { features: 8, kernel: 3, stride: 2, pool: false }, blocks: [2, 2], growth: 4 }
train: { batch: 8, steps: 60, warmupSteps: 20, evaluate: end }
`,
);

/** Starts a process of the study; `ended` gives its exit code and signal, and what it said. */
function study(out, ...more) {
  const given = ["study", "overlap", manifest, "--data-root", folder, "--out", out, "--seeds", String(seeds)];
  const started = spawn(
    process.execPath,
    [tessera, ...given, "--tuning", "none", "--at-once", "1", ...more],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  started.stderr.on("data", (text) => (said += text));
  const ended = new Promise((resolve) => {
    started.on("close", (code, signal) => resolve({ code, signal, said }));
  });
  return { process: started, ended };
}

/** The files of runs and the scores, without what tells times. */
function found(out) {
  const runs = readdirSync(join(out, "runs")).filter((name) => /\.(json|csv)$/.test(name));
  const texts = runs.sort().map((name) => [name, readFileSync(join(out, "runs", name), "utf8")]);
  return [...texts, ["scores.json", readFileSync(join(out, "scores.json"), "utf8")]].map(
    ([name, text]) => `${name}\n${text.replace(/"seconds": [\d.]+/g, '"seconds": 0')}`,
  );
}

const fails = [];
try {
  const alone = join(folder, "alone");
  const one = await study(alone).ended;
  if (one.code !== 0) throw new Error(`the study ended with ${one.code}: ${one.said}`);
  const whole = found(alone);

  const shared = join(folder, "shared");
  let killed = 0;
  let analysed = 0;
  const took = [];
  const take = async () => {
    for (;;) {
      const begun = performance.now();
      const own = study(shared, "--join");
      const isKilled = killed < kills;
      if (isKilled) {
        killed++;
        setTimeout(() => own.process.kill("SIGKILL"), 1500 + 6000 * random());
      }
      const { code, signal, said } = await own.ended;
      took.push(`${signal ?? code} after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
      if (signal === "SIGKILL") continue;
      if (code !== 0) fails.push(`a process ended with ${code}: ${said.trim().split("\n").at(-1)}`);
      else if (!said.includes("another process has written the analysis")) analysed++;
      return;
    }
  };
  await Promise.all(Array.from({ length: processes }, take));
  console.log(`${processes} processes, ${killed} times one was to be killed: ${took.join(", ")}`);
  const many = found(shared);
  whole.forEach((text, i) => {
    if (text !== many[i]) fails.push(`${text.split("\n")[0]} is not what one process found`);
  });
  if (many.length !== whole.length) fails.push(`${many.length - 1} files of runs, not ${whole.length - 1}`);
  if (analysed > 1) fails.push(`${analysed} processes wrote the analysis`);
  const left = readdirSync(join(shared, "runs")).filter(
    (name) => name.endsWith(".claim") || name.endsWith(".safetensors"),
  );
  if (left.length > 0) fails.push(`left behind: ${left.join(", ")}`);
  console.log(`${whole.length - 1} files of runs and scores.json: equal but for times; moments ${moments}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (fails.length > 0) {
  console.error(`FAILED: ${fails.join("; ")} (moments ${moments})`);
  process.exitCode = 1;
} else console.log("passed");
