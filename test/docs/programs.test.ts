// The programs of the documentation: they compile against the built package, run, and do what the text says. A block
// without an import goes on where the block before it in its file ends.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf, placeOf, root, type Block } from "./markdown.ts";

const dist = join(root, "dist");
const packageName = "@tessera-gpu/tessera";

/** The built file of an entry of the package. */
const { exports: entries } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Readonly<Record<string, string | { readonly default: string }>>;
};
function builtFile(entry: string): string {
  const found = entries[entry.replace(packageName, ".")];
  if (typeof found !== "object") throw new Error(`package.json has no entry ${entry}`);
  return join(root, found.default);
}

/** Blocks of one file that are one program. */
const programs: { readonly first: Block; text: string }[] = [];
for (const block of blocksOf("ts")) {
  const last = programs.at(-1);
  if (/^import /m.test(block.text) || last?.first.file !== block.file) {
    programs.push({ first: block, text: block.text });
  } else last.text += block.text;
}
const programOf = (words: string): string => {
  const found = programs.filter(({ text }) => text.includes(words));
  if (found.length !== 1)
    throw new Error(`the documentation has ${found.length} programs with "${words}", not one`);
  return found[0]?.text ?? "";
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tessera-docs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
/** Runs a TypeScript program that imports "tessera" in a process of its own, on the built files. */
async function run(program: string): Promise<string> {
  const linked = program.replace(/from "(@tessera-gpu\/tessera[\w/]*)"/g, (_, entry: string) => {
    return `from ${JSON.stringify(pathToFileURL(builtFile(entry)).href)}`;
  });
  const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
  const file = join(folder, `program-${++made}.mjs`);
  writeFileSync(file, ts.transpileModule(linked, { compilerOptions: options }).outputText);
  return (await promisify(execFile)(process.execPath, [file], { cwd: root })).stdout;
}

/** What the compiler says of programs that import "@tessera-gpu/tessera". */
function complaints(programs: readonly string[]): string[] {
  // Not written: only their place matters.
  const files = new Map(programs.map((text, i) => [join(root, "test", "docs", `program-${i}.ts`), text]));
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node", "@webgpu/types"],
    strict: true,
    noUnusedLocals: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  host.fileExists = (path) => files.has(path) || disk.fileExists(path);
  host.readFile = (path) => files.get(path) ?? disk.readFile(path);
  host.getCurrentDirectory = () => root;
  return ts
    .getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))
    .map(
      ({ file, messageText }) =>
        `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
}

/** The numbers of a line. */
const numbersIn = (line = ""): number[] =>
  [...line.matchAll(/(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.(])/g)].map(([text]) => Number(text));
/** Arrays are printed over several lines; of each, its numbers alone. */
const arraysIn = (shown: string): number[][] =>
  [...shown.matchAll(/Float(?:32|64)Array\(\d+\) \[([^\]]*)\]/g)].map(([, inside]) => numbersIn(inside));

/** What is before and behind a program that is not one alone, and what it must print. */
interface Expectation {
  /** A text that this program alone has. */
  readonly has: string;
  readonly before?: string;
  readonly after?: string;
  /** Where it writes into a folder of the checkout: that of the test instead. */
  readonly folder?: string;
  readonly check: (shown: string) => void;
}

const near = (found: readonly number[] | undefined, wanted: readonly number[], within: number): void => {
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((value, i) => expect(Math.abs((found?.[i] ?? NaN) - value)).toBeLessThan(within));
};

/** A dispatch of the kernel example's text, on a device of its own. */
const dispatch = {
  before: `
import { openGpu } from ${JSON.stringify(pathToFileURL(join(dist, "device", "gpu.js")).href)};
const gpu = await openGpu();
const { device } = gpu;
`,
  after: `
const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = { STORAGE: 128, UNIFORM: 64, COPY_SRC: 4, COPY_DST: 8, MAP_READ: 1 };
const values = Float32Array.from({ length: sizes.count }, (_, i) => i / 100 - 5);
const bytes = values.byteLength;
const layout = device.createBuffer({ size: uniforms.byteLength, usage: UNIFORM | COPY_DST });
device.queue.writeBuffer(layout, 0, uniforms);
const input = device.createBuffer({ size: bytes, usage: STORAGE | COPY_DST });
device.queue.writeBuffer(input, 0, values);
const output = device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC });
const back = device.createBuffer({ size: bytes, usage: COPY_DST | MAP_READ });
const pipeline = await device.createComputePipelineAsync({
  layout: "auto",
  compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
});
const byAccess = { uniform: layout, read: input, readWrite: output };
const entries = unary.bindings.map(({ index, access }) => ({ binding: index, resource: { buffer: byAccess[access] } }));
const commands = device.createCommandEncoder();
const pass = commands.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
pass.dispatchWorkgroups(x, y);
pass.end();
commands.copyBufferToBuffer(output, 0, back, 0, bytes);
device.queue.submit([commands.finish()]);
await back.mapAsync(1);
const results = new Float32Array(back.getMappedRange());
const worst = Math.max(...results.map((value, i) => Math.abs(value - 1 / (1 + Math.exp(-values[i])))));
gpu.check();
console.log(JSON.stringify({ worst }));
gpu.destroy();
`,
};

const expectations: readonly Expectation[] = [
  {
    // Adam's first step moves a weight by its rate, whatever the gradient.
    has: "rate: 0.1 }, { parameters: groups[1] }",
    after: `
      const anew = new Initialiser(engine, 1);
      for (const [made, inputs, outputs] of [[features, 8, 4], [head, 4, 1]]) {
        const moved = made.weight.subtract(new Linear(engine, anew, inputs, outputs).weight);
        console.log(Math.max(...(await moved.read()).map(Math.abs)));
      }`,
    check: (shown) => {
      const [ofFeatures, ofHead] = numbersIn(shown);
      expect(ofFeatures).toBeCloseTo(1e-4, 6);
      expect(ofHead).toBeCloseTo(1e-3, 6);
    },
  },
  {
    has: "trainSegmenter(",
    check: (shown) => {
      const [dice] = numbersIn(shown.split("mean Dice")[1]);
      expect(dice).toBeGreaterThan(0.5);
      expect(dice).toBeLessThanOrEqual(1);
      expect(shown).toMatch(/^of 6 findings 2 are learned/);
      expect(shown).toMatch(/^a map of 24 x 24: \d+ pixels of a class$/m);
    },
  },
  {
    // By hand: seven entries are labelled or inferred, of one the second source says nothing.
    has: "exclusionBits([[0, 1]], 2)",
    check: (shown) => {
      const [total, losses, dice] = arraysIn(shown);
      const [hit, even] = [Math.log1p(Math.exp(-1)), Math.log(2)];
      const bce = (4 * hit + 3 * even) / 7;
      const pseudo = 0.125 ** 2;
      near(total, [bce + 0.2 * pseudo], 1e-6);
      near(losses, [bce + 0.2 * pseudo, bce, pseudo, pseudo], 1e-6);
      const a = 1 / (1 + Math.exp(-1));
      near(dice, [1 - ((2 * (a + 0.5) + 1) / 5 + (2 * a + 1) / 3.5) / 2], 1e-6);
    },
  },
  {
    has: "class SmallUNet extends Module",
    check: (shown) => {
      expect(
        numbersIn(shown.split("\n").find((line) => line.startsWith("loss of the pixels")))[0],
      ).toBeLessThan(0.3);
      expect(Number(/right (\d+)/.exec(shown)?.[1])).toBeGreaterThan(230);
    },
  },
  {
    has: "class Classifier extends Module",
    check: (shown) => {
      expect(
        numbersIn(shown.split("\n").find((line) => line.startsWith("loss of the texts")))[0],
      ).toBeLessThan(0.3);
      expect(Number(/right (\d+)/.exec(shown)?.[1])).toBeGreaterThan(14);
    },
  },
  {
    has: "[3, 3, 1, 1]",
    check: (shown) => near(arraysIn(shown)[0], [1, 0, -1, 2, 0, -2, 1, 0, -1], 0.05),
  },
  {
    has: "x.multiply(2).add(1).relu()",
    check: (shown) => {
      const [chain, sums] = arraysIn(shown);
      near(chain, [3, 0, 7, 9], 1e-6);
      near(sums, [1, 7], 1e-6);
      expect(shown).toContain(
        'UsageError: conv2d: there is no option "pad"; did you mean "padding"? it has stride',
      );
    },
  },
  {
    has: "new Sequential(engine, {",
    check: (shown) => {
      expect(shown).toMatch(/^\[ 1, 16, 16, 3 \]/m);
      expect(shown).toMatch(/^7 \[ 'head\.weight' \]/m);
    },
  },
  {
    has: "const target = engine.feed(() => [1, 3, 4, 6]",
    check: (shown) => {
      const [weight, bias, ...followed] = arraysIn(shown);
      near(weight, [3, 2], 0.05);
      near(bias, [1], 0.05);
      expect(shown).toMatch(/Map\(\d\) \{ 'forward' => \d+, 'backward' => \d+, 'optimiser' => 1 \} \d+/);
      const loss = numbersIn(shown.split("\n").find((line) => /^[\d.e-]+$/.test(line)));
      // The recorded step goes on where the loop ended, to a smaller error.
      near(loss, [0], 1e-4);
      expect(followed).toHaveLength(2);
      for (const reading of followed) near(reading, [0], 1e-4);
    },
  },
  {
    has: "LastingEngine",
    check: (shown) => expect(numbersIn(shown)).toEqual([3, 3]),
  },
  {
    has: "robustness: false",
    check: (shown) => expect(numbersIn(shown)).toEqual([6]),
  },
  {
    has: "addRows(upstream",
    check: (shown) => {
      const [logits, gradient, ...sums] = arraysIn(shown);
      expect(logits).toEqual([2, 2, 1, 0, 2, 2]);
      near(gradient, [0, 0, 0, 0, -1 / 3, 1 / 3], 1e-5);
      expect(sums).toEqual([[2, 2, 0, 0, 4, 4], [2, 2, 0, 0, 4, 4]]); // prettier-ignore
    },
  },
  {
    has: "activationMaps(classifier",
    check: (shown) => {
      expect(shown).toMatch(/^class-activation \[ 4, 8, 8, 2 \] Float32Array\(8\)/);
      expect(shown.trim().split("\n").slice(-4)).toEqual(["0 1024", "1 1024", "2 1024", "3 1024"]);
    },
  },
  {
    has: "trainRun(start",
    folder: "runs/program",
    check: (shown) => {
      expect(shown).toMatch(/1,600 images to train on, in memory; 400 test images/);
      expect(shown).toMatch(/step 50 of \d+: loss \d/);
      const [mean] = numbersIn(
        shown
          .trim()
          .split("\n")
          .find((line) => /^0\.\d+ \{/.test(line)),
      );
      expect(mean).toBeGreaterThan(0.5);
    },
  },
  {
    has: "const double: Operator",
    check: (shown) => {
      const message = 'double: unary.wgsl writes behind the end of "y" (12 bytes), 0 bytes behind it';
      expect(shown.trim().split("\n").at(-1)).toBe(`KernelError: a checked launch went wrong: ${message}`);
    },
  },
  {
    has: "const task: Task<",
    check: (shown) => {
      const [weight, bias] = arraysIn(shown);
      near(weight, [3], 0.01);
      near(bias, [2], 0.01);
    },
  },
  {
    has: "kernelOf(",
    check: (shown) => {
      const [by64, by256, gradient, minimum, launches] = shown.trim().split("\n");
      expect([by64, by256]).toEqual([
        expect.stringMatching(/^swish by64: off by /),
        expect.stringMatching(/^swish by256: off by /),
      ]);
      for (const line of [by64, by256]) {
        const [error] = numbersIn(line);
        expect(error).toBeGreaterThan(0); // two backends that agree to the last bit would be one
        expect(error).toBeLessThan(2e-6);
      }
      near(numbersIn(gradient), [0], 1e-8);
      near(numbersIn(minimum), [-27.8465], 0.01);
      expect(launches).toMatch(/'forward' => \d/);
    },
  },
  {
    has: "engine.candidatesOf(",
    check: (shown) => {
      const lines = shown.trim().split("\n");
      expect(lines.length).toBeGreaterThan(2);
      expect(lines.filter((line) => line.includes(" (taken): "))).toHaveLength(1);
      for (const line of lines) expect(line).toMatch(/^[\w ]+(?: \(taken\))?: \d+\.\d\d ms$/);
    },
  },
  {
    has: "gpujsInput()",
    check: (shown) => {
      expect(shown).toMatch(/^u32 \[ 3, 2 \] \[\s*1, 4, 2, 5, 3, 6\s*\] \[ 2, 3 \]/);
      expect(arraysIn(shown)).toEqual([[1, 4], [2, 5], [3, 6]]); // prettier-ignore
    },
  },
  {
    has: "planImages(chosen",
    check: (shown) => {
      expect(shown.trim().split("\n")).toEqual(["idx: 2 images of 0 and 1, 8 bytes", "0 1 1 0"]);
    },
  },
  {
    has: "encoderTask(bag",
    folder: "runs/notes-encoder",
    check: (shown) => {
      const lines = shown.trim().split("\n");
      const losses = lines.filter((line) => line.startsWith("step ")).map((line) => numbersIn(line).at(-1));
      expect(losses).toHaveLength(4);
      expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
      expect(lines.filter((line) => /^-?\d\.\d{4} .* \{/.test(line))).toHaveLength(3);
      expect(shown).toMatch(/^\d\.\d{4} Barriers \{/m);
      const further = lines.filter((line) => line.startsWith("fine-tuning: "));
      expect(further.flatMap((line) => numbersIn(line)).every((loss) => loss < 0.5)).toBe(true);
      expect(further).toHaveLength(5);
    },
  },
  {
    has: "indexByLsa(texts)",
    folder: "runs/notes-index",
    check: (shown) => {
      const [first, ...others] = shown.trim().split("\n");
      expect(first).toMatch(/^tiles: Tiles in workgroup memory \(rank by words 1, matched .*workgroup/);
      expect(others).toHaveLength(4);
      for (const nearest of others.slice(2)) expect(nearest).toMatch(/^[a-z]+ 0\.\d+$/);
    },
  },
  {
    // Nobody is retired before 65, in the rows and by the constraint; both models keep more of the pairs than shuffled columns do.
    has: "fitCopula(coded)",
    check: (shown) => {
      const [names, ...lines] = shown.trim().split("\n");
      expect(names).toBe("age,work,days");
      const rows = lines.slice(0, -2).map((line) => line.split(","));
      expect(rows).toHaveLength(50);
      for (const [age, work] of rows) {
        expect(Number(age)).toBeGreaterThanOrEqual(50);
        expect(Number(age) > 64 || work !== "retired").toBe(true);
      }
      expect(new Set(rows.map(([, work]) => work))).toContain("retired");
      for (const line of lines.slice(-2)) {
        const [value, floor, ceiling] = numbersIn(line);
        expect(value).toBeGreaterThan(floor);
        expect(value).toBeLessThan(ceiling);
      }
    },
  },
  {
    has: "trainingTexts(engine",
    check: (shown) => {
      expect(shown.trim()).toBe("true");
    },
  },
  {
    has: "@tessera-gpu/tessera/metrics",
    check: (shown) => {
      const [first = "", ...others] = shown.split("\n");
      near(numbersIn(first), [0.75, 5 / 6, 0.5], 1e-12);
      const rest = others.join("\n");
      expect(rest).toMatch(/truePositives: 1,\s+falsePositives: 1,\s+trueNegatives: 1,\s+falseNegatives: 1/);
      expect(rest).toMatch(/\{ cat: 0\.66\d+, dog: 1 \} 0\.83/);
      expect(rest).toMatch(/r: 0\.8\d*,\s+p: 0\.(?:2|19999)/);
      near(numbersIn(rest.trim().split("\n").at(-1)), [0.05], 1e-4);
    },
  },
  {
    has: "@tessera-gpu/tessera/kernels",
    ...dispatch,
    check: (shown) => {
      const { worst } = JSON.parse(shown.trim().split("\n").at(-1) ?? "") as { worst: number };
      expect(worst).toBeLessThan(1e-6);
    },
  },
];

test("every program has a row that says what it prints", () => {
  const strange = programs.filter(
    ({ text }) => expectations.filter(({ has }) => text.includes(has)).length !== 1,
  );
  expect(strange.map(({ first }) => `${placeOf(first)}: nothing tells how this block is run`)).toEqual([]);
});

test("the programs compile, with nothing unused", () => {
  const use = (text: string): string =>
    text.includes("@tessera-gpu/tessera/kernels") ? `${text}export { code, uniforms, x, y };` : text;
  expect(complaints(programs.map(({ text }) => use(text)))).toEqual([]);
});

test.each(expectations)(
  "the program with $has prints what the text says",
  async ({ has, before = "", after = "", folder: written, check }) => {
    const program = programOf(has);
    if (written !== undefined) expect(program).toContain(written);
    const moved = written === undefined ? program : program.replaceAll(written, join(folder, "written"));
    check(await run(`${before}${moved}${after}`));
  },
);

test("autograd takes as many lines as its title says", () => {
  const [block] = blocksOf("ts").filter(({ file }) => file === "docs/recording.md");
  const lines = (block?.text ?? "").split("\n").filter((line) => line.trim() !== "");
  expect(lines.length).toBeLessThanOrEqual(20);
});

test("an operator with its kernel and its gradient takes as many lines as the README says", () => {
  const [block] = blocksOf("ts").filter(({ file }) => file === "docs/own-operators.md");
  expect((block?.text ?? "").trim().split("\n").length).toBeLessThanOrEqual(52);
});

test("no program takes 1 - sigmoid as a difference, which loses the digits of a small one", () => {
  const blocks = blocksOf("ts").filter(({ text }) => /\bsigmoid\(/.test(text));
  expect(blocks.length).toBeGreaterThan(0);
  for (const { file, text } of blocks)
    expect(text, file).not.toMatch(/-1, 1\)|\b1 - sigmoid\(|subtract\(1, /);
});

describe("@tessera-gpu/tessera/kernels", () => {
  test("needs neither Node nor a package", () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, path = ""] of readFileSync(file, "utf8").matchAll(
        /^(?:import|export)\b[^;]*?from "(.*?)"/gm,
      )) {
        expect(path, `an import of ${file}`).toMatch(/^\./);
        visit(join(dirname(file), path));
      }
    };
    visit(builtFile("@tessera-gpu/tessera/kernels"));
    expect([...seen].map((file) => file.slice(dist.length + 1)).sort()).toEqual([
      "errors/arguments.js",
      "errors/errors.js",
      "errors/nearest.js",
      ...readdirSync(join(dist, "kernels"))
        // A page's bundler takes the bare texts instead of the others.
        .filter((name) => name.endsWith(".js") && name !== "bare-shaders.generated.js")
        .map((name) => `kernels/${name}`)
        .sort(),
    ]);
  });
});
