// Proof that others compute what Tessera does: `npm run prove:onnx -- [--large]`.
//
// Small networks of each kind train for a few steps with each kind of head (prove-onnx/runs.mjs), `tessera predict` says what 200
// drawn images show, and `tessera export` writes the model. Then onnxruntime computes the probabilities of the same images, which
// may differ by 1e-5. With --large, a DenseNet-121 and a ResNet-18 follow, whose weights torchvision loads from both files
// (prove-onnx/check.py; needs Debian's python3-torchvision) and whose logits it computes, too.
//
// onnxruntime-node is a package of prove-onnx/, which is installed when it is missing.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import { PNG } from "pngjs";
import { largeRuns, smallRuns } from "./prove-onnx/runs.mjs";

const bound = 1e-5;
const count = 200;
const { values: named } = parseArgs({ options: { large: { type: "boolean", default: false } } });
const python = process.env.PYTHON ?? "/usr/bin/python3";
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const runtimeFolder = fileURLToPath(new URL("prove-onnx", import.meta.url));
const check = join(runtimeFolder, "check.py");

if (!existsSync(join(runtimeFolder, "node_modules"))) {
  console.log("installing onnxruntime-node (288 MB, once) ...");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: runtimeFolder,
    shell: process.platform === "win32",
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("npm ci in scripts/prove-onnx failed; check the network");
}
const { InferenceSession, Tensor } = createRequire(join(runtimeFolder, "package.json"))("onnxruntime-node");

const folder = mkdtempSync(join(tmpdir(), "tessera-onnx-"));
let failed = 0;
function report(right, what) {
  if (!right) failed++;
  console.log(`${right ? "ok    " : "FAILED"} ${what}`);
}

function tessera(...parameters) {
  const made = spawnSync(process.execPath, [main, ...parameters], {
    encoding: "utf8",
    env: { ...process.env, TESSERA_CACHE: folder },
  });
  if (made.status !== 0) throw new Error(`tessera ${parameters.join(" ")}: ${made.stderr}`);
}

/** Blots, lines and noise, so that images differ as a network sees them. */
function drawn(index, size, channels) {
  let state = 2654435761 * (index + 1);
  const random = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0), state / 2 ** 32);
  const [x0, y0, radius, slope, base] = [
    size * random(),
    size * random(),
    size * random(),
    random(),
    200 * random(),
  ];
  return Float32Array.from({ length: channels * size * size }, (_, i) => {
    const [channel, y, x] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
    const inside = Math.hypot(x - x0, y - y0) < radius ? 90 : 0;
    const value = base + inside + 2 * slope * (x - y) + 20 * channel + 40 * (random() - 0.5);
    return Math.round(Math.min(255, Math.max(0, value)));
  });
}

/** Planes of an image as a PNG file. */
function png(planes, size, channels) {
  const image = new PNG({ width: size, height: size });
  for (let i = 0; i < size * size; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = planes[(channels === 1 ? 0 : c) * size * size + i];
    image.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(image, { colorType: channels === 1 ? 0 : 2 });
}

/** Folders with the same images as files and as numbers, by size and channels. */
const drawnImages = new Map();
function imagesOf(size, channels) {
  const key = `images-${size}-${channels}`;
  if (!drawnImages.has(key)) {
    const at = join(folder, key);
    mkdirSync(at);
    const pixels = new Float32Array(count * channels * size * size);
    for (let i = 0; i < count; i++) {
      const planes = drawn(i, size, channels);
      pixels.set(planes, i * planes.length);
      writeFileSync(join(at, `${String(i).padStart(3, "0")}.png`), png(planes, size, channels));
    }
    drawnImages.set(key, { at, pixels });
  }
  return drawnImages.get(key);
}

for (const { name, manifest, size, channels, isLarge } of [...smallRuns, ...(named.large ? largeRuns : [])]) {
  const { at, pixels } = imagesOf(size, channels);
  const [file, run, table] = ["yaml", "run", "csv"].map((end) =>
    join(folder, `${name.replaceAll(/\W+/g, "-")}.${end}`),
  );
  writeFileSync(file, manifest);
  tessera("train", file, "--data-root", folder, "--steps", "4", "--out", run, "--no-report", "--quiet");
  tessera("predict", run, "--images", at, "--logits", "--out", table, "--quiet");
  const formats = name.includes("dynamic") ? ["onnx"] : ["onnx", "safetensors", "torch"];
  tessera("export", run, "--to", ...formats);

  const out = join(run, "export");
  const session = await InferenceSession.create(join(out, "model.onnx"));
  const { logits, probabilities } = await session.run({
    pixels: new Tensor("float32", pixels, [count, channels, size, size]),
  });
  const rows = parse(readFileSync(table), { columns: true });
  const classes = Object.keys(rows[0]).slice(-logits.dims[1]);
  let [ofLogits, ofProbabilities, least, most] = [0, 0, 1, 0];
  for (const [i, row] of rows.entries()) {
    for (const [k, column] of classes.entries()) {
      const expected = Number(row[column]);
      const probability = 1 / (1 + Math.exp(-expected));
      const at = i * classes.length + k;
      ofLogits = Math.max(ofLogits, Math.abs(expected - logits.data[at]));
      ofProbabilities = Math.max(ofProbabilities, Math.abs(probability - probabilities.data[at]));
      [least, most] = [Math.min(least, probability), Math.max(most, probability)];
    }
  }
  const spread = `probabilities ${least.toFixed(3)} to ${most.toFixed(3)}`;
  report(
    rows.length === count && ofProbabilities <= bound && most > least,
    `${name}: onnxruntime differs by ${ofProbabilities.toExponential(1)} (logits ${ofLogits.toExponential(1)}); ${spread}`,
  );
  if (isLarge === true) {
    const few = 8;
    const input = {
      pixels: [...pixels.subarray(0, few * channels * size * size)],
      shape: [few, channels, size, size],
    };
    writeFileSync(join(folder, "input.json"), JSON.stringify(input));
    const { stdout, stderr, status } = spawnSync(python, [check, out, join(folder, "input.json")], {
      encoding: "utf8",
    });
    const found = status === 0 ? JSON.parse(stdout) : {};
    if (status !== 0) console.log(stderr.trim().split("\n").at(-1));
    for (const [format, values] of Object.entries(found)) {
      const worst = Math.max(...values.map((value, i) => Math.abs(value - logits.data[i])));
      report(
        worst <= 1e-4,
        `${name}: torchvision with the ${format} weights: logits differ by ${worst.toExponential(1)}`,
      );
    }
    if (Object.keys(found).length !== 2) report(false, `${name}: torchvision did not load both files`);
  }
}
rmSync(folder, { recursive: true });
console.log(failed === 0 ? "passed" : `FAILED: ${failed}`);
process.exitCode = failed === 0 ? 0 : 1;
