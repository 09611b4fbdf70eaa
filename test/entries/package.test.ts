// The package as others get it: npm pack, in an empty project, from JavaScript and from TypeScript.

import { execFile, execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import ts from "typescript";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { version } from "../../src/runs/version.ts";
import { entries, root } from "./entries.ts";

/** Folders below node_modules. */
const packageName = ["@tessera-gpu", "tessera"] as const;
let project: string;
/** The archive that npm makes. */
let packed: string;

/**
 * Packs what is built and puts it where `npm install tessera-gpu-tessera-0.2.0.tgz` would. Not by npm install itself, which asks the
 * registry for every dependency: they are linked from this repository's node_modules, so that the test needs no network.
 */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "tessera-package-"));
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  // --ignore-scripts: "prepare" would build anew, under the feet of tests that run beside this one.
  const packing = ["pack", "--ignore-scripts", "--silent", "--pack-destination", project];
  const shell = process.platform === "win32";
  packed = join(project, execFileSync("npm", packing, { cwd: root, encoding: "utf8", shell }).trim());
  execFileSync("tar", ["-xzf", packed], { cwd: project });
  mkdirSync(join(modules, packageName[0]));
  renameSync(join(project, "package"), join(modules, ...packageName));
  // Nor what is optional: most of these tests run without it.
  const { dependencies } = JSON.parse(
    readFileSync(join(modules, ...packageName, "package.json"), "utf8"),
  ) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  // A TypeScript project in Node has the types of Node.
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name), "junction");
  }
  writeFileSync(join(project, "package.json"), '{ "type": "module", "private": true }\n');
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** What a program of the project prints. */
async function run(file: string, ...options: string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, [...options, file], { cwd: project })).stdout;
}

/** Learns y = 2 x + 1 with a linear layer, on the CPU; prints weight and bias, and the AUC of some scores. */
const program = `
import { openEngine, valueAndGradients, type Tensor } from "@tessera-gpu/tessera";
import { kernels, type KernelName } from "@tessera-gpu/tessera/kernels";
import { auc } from "@tessera-gpu/tessera/metrics";
import { Initialiser, Linear } from "@tessera-gpu/tessera/nn";
import { operators, type Candidate } from "@tessera-gpu/tessera/operators";
import { Adam } from "@tessera-gpu/tessera/optim";
import { phantoms, type PhantomSet } from "@tessera-gpu/tessera/data";

const engine = await openEngine({ device: "reference" });
const x: Tensor = engine.tensor([[0], [1], [2], [3]]);
const y: Tensor = engine.tensor([[1], [3], [5], [7]]);
const layer = new Linear(engine, new Initialiser(engine, 1), 1, 1);
const parameters: Tensor[] = [...layer.parameters().values()];
const optimiser = new Adam(parameters, { learningRate: 0.1 });
for (let step = 0; step < 400; step++) {
  engine.scope(() => {
    const { gradients } = valueAndGradients(() => {
      const error = layer.forward(x).subtract(y);
      return error.multiply(error).mean();
    }, parameters);
    optimiser.step(gradients);
  });
}
const name: KernelName = "unary";
const drawn: PhantomSet = phantoms({ count: 1, size: 16, site: "A", seed: 1 });
const candidates: readonly Candidate[] = operators.relu.candidates([{ shape: [8], dtype: "f32" }], {}, engine.traits);
console.log(
  JSON.stringify({
    weight: await layer.weight.item(),
    bias: await layer.bias?.item(),
    auc: auc([0.1, 0.9, 0.8], [0, 1, 1]),
    bindings: kernels[name].bindings.length,
    launches: candidates[0]?.launches.length,
    pixels: drawn.pixels.length,
  }),
);
engine.close();
`;

function expectLearned(shown: string): void {
  const { weight, bias, ...rest } = JSON.parse(shown) as Record<string, number>;
  expect(weight).toBeCloseTo(2, 2);
  expect(bias).toBeCloseTo(1, 2);
  expect(rest).toEqual({ auc: 1, bindings: 3, launches: 1, pixels: 256 });
}

test("a JavaScript program runs on the packed package", async () => {
  const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
  writeFileSync(
    join(project, "plain.mjs"),
    ts.transpileModule(program, { compilerOptions: options }).outputText,
  );
  expectLearned(await run("plain.mjs"));
});

describe.each([
  { resolution: "node16", module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  { resolution: "bundler", module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
])("TypeScript with moduleResolution $resolution", ({ resolution, module, moduleResolution }) => {
  const options: ts.CompilerOptions = {
    ...{ target: ts.ScriptTarget.ES2022, lib: ["lib.es2022.d.ts"], module, moduleResolution },
    ...{ types: ["node"], strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  };

  test("a program and a use of every entry compile, with the package's declarations; the program runs", async () => {
    const every = entries.map(({ name }, i) => `import * as entry${i} from "${name}";`).join("\n");
    const all = entries.map((_, i) => `entry${i}`).join(", ");
    writeFileSync(join(project, "program.ts"), program);
    writeFileSync(join(project, "every-entry.ts"), `${every}\nexport const entries = [${all}];\n`);
    const compilation = ts.createProgram(
      ["program.ts", "every-entry.ts"].map((file) => join(project, file)),
      { ...options, typeRoots: [join(project, "node_modules", "@types")], outDir: join(project, resolution) },
    );
    // Not what others declare: the library and Node's types alone take ten seconds.
    const ours = compilation
      .getSourceFiles()
      .filter(({ fileName }) => /\/(?:program|every-entry)\.ts$|\/tessera\/dist\//u.test(fileName));
    expect(ours.length).toBeGreaterThan(100);
    const complaints = [
      ...compilation.getOptionsDiagnostics(),
      ...ours.flatMap((file) => [
        ...compilation.getSyntacticDiagnostics(file),
        ...compilation.getSemanticDiagnostics(file),
      ]),
      ...compilation.emit().diagnostics,
    ];
    const text = ({ file, messageText }: ts.Diagnostic): string =>
      `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    expect(complaints.map(text)).toEqual([]);
    expectLearned(await run(join(resolution, "program.js")));
    // Ten seconds on an idle machine.
  }, 240_000);

  test("nothing but the entries can be imported", () => {
    const resolved = (name: string): unknown =>
      ts.resolveModuleName(
        name,
        join(project, "program.ts"),
        options,
        ts.sys,
        undefined,
        undefined,
        ts.ModuleKind.ESNext,
      ).resolvedModule;
    expect(resolved("@tessera-gpu/tessera/nn")).toBeDefined();
    expect(resolved("@tessera-gpu/tessera/functions/run")).toBeUndefined();
    expect(resolved("@tessera-gpu/tessera/dist/index.js")).toBeUndefined();
  });
});

test("an entry that needs Node says so in one line where a browser's program is built", async () => {
  const nodeOnly = entries.filter(({ needsNode }) => needsNode).map(({ name }) => name);
  expect(nodeOnly).not.toEqual([]);
  writeFileSync(
    join(project, "in-browser.mjs"),
    `for (const name of ${JSON.stringify(nodeOnly)}) {
      await import(name).then(() => console.log("imported"), (error) => console.log(error.message));
    }`,
  );
  // A bundler looks files up by the same conditions.
  const lines = (await run("in-browser.mjs", "--conditions=browser")).trimEnd().split("\n");
  expect(lines).toHaveLength(nodeOnly.length);
  for (const [i, name] of nodeOnly.entries()) {
    expect(lines[i]).toMatch(
      new RegExp(`^${name} .* needs Node; in a browser import @tessera-gpu\/tessera, `),
    );
  }
});

/** Runs the command line of the package in the project. */
async function tessera(...words: string[]): Promise<{ code: number; output: string; errors: string }> {
  const { bin } = JSON.parse(
    readFileSync(join(project, "node_modules/@tessera-gpu/tessera/package.json"), "utf8"),
  ) as {
    readonly bin: { readonly tessera: string };
  };
  const program = join(project, "node_modules/@tessera-gpu/tessera", bin.tessera);
  return await promisify(execFile)(process.execPath, [program, ...words], { cwd: project }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout, errors: stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, output: stdout, errors: stderr };
    },
  );
}

test("the command of the package answers", async () => {
  expect(await tessera("--version")).toEqual({ code: 0, output: "0.2.0\n", errors: "" });
});

describe("without the native packages, webgpu and sharp", () => {
  test("they are optional peers, so that npm does not install them unasked", () => {
    const manifest = JSON.parse(
      readFileSync(join(project, "node_modules/@tessera-gpu/tessera/package.json"), "utf8"),
    ) as {
      readonly dependencies: object;
      readonly peerDependencies: object;
      readonly peerDependenciesMeta: object;
    };
    expect(Object.keys(manifest.peerDependencies)).toEqual(["sharp", "webgpu"]);
    expect(manifest.peerDependenciesMeta).toEqual({ sharp: { optional: true }, webgpu: { optional: true } });
    for (const name of ["sharp", "webgpu"]) {
      expect(manifest.dependencies).not.toHaveProperty(name);
      expect(existsSync(join(project, "node_modules", name))).toBe(false);
    }
  });

  test("an engine computes on the CPU and knows why; whoever asks for WebGPU is told what to install", async () => {
    writeFileSync(
      join(project, "engines.mjs"),
      `import { openEngine } from "@tessera-gpu/tessera";
      const engine = await openEngine();
      console.log(engine.backend.kind);
      console.log(engine.backend.unavailable.message);
      await openEngine({ device: "webgpu" }).catch((error) => console.log(error.name + ": " + error.message));`,
    );
    const [kind, why, refused, ...more] = (await run("engines.mjs")).trimEnd().split("\n");
    expect(kind).toBe("reference");
    expect(why).toMatch(/^the package "webgpu" .* is not installed: npm install webgpu; or use /);
    expect(refused).toBe(`DeviceUnavailableError: ${why ?? ""}`);
    expect(more).toEqual([]);
  });

  test("doctor names both, and the adapter that cannot be looked for is not the fault", async () => {
    const { code, output, errors } = await tessera("doctor");
    expect(code).toBe(2);
    expect(output).toMatch(
      /WRONG +package webgpu +the package "webgpu" .* is not installed: npm install webgpu/,
    );
    expect(output).toMatch(/- +package sharp +the package "sharp" .* is not installed: npm install sharp/);
    expect(errors).toBe("error: this machine lacks package webgpu; what to do is above\n");
  });

  test("a command that computes says why the CPU does; a JPEG ends it also with --skip-bad, for nothing is wrong with it", async () => {
    const image = { height: 16, width: 16, channels: 3, background: "grey" } as const;
    for (const name of ["1.jpg", "2.jpg"]) await sharp({ create: image }).jpeg().toFile(join(project, name));
    writeFileSync(join(project, "labels.csv"), "file,nodule\n1.jpg,0\n2.jpg,1\n");
    const entry = "format: table, table: labels.csv, images: ., image: file, columns: [nodule]";
    const drawn = "format: phantoms, site: both, count: 4, knows: [nodule]";
    const manifest = (source: string): string =>
      `classes: [nodule]\nimage: { height: 16, width: 16 }\nsources: [{ name: A, ${source} }]\ntest: { ${drawn} }\n`;
    writeFileSync(join(project, "files.yaml"), manifest(entry));
    writeFileSync(join(project, "drawn.yaml"), manifest(drawn));
    const common = ["--data-root", ".", "--cache", "cache", "--quiet", "--steps", "1"];

    const refused = await tessera("train", "files.yaml", "--out", "refused", "--skip-bad", ...common);
    expect(refused.code).toBe(2);
    expect(refused.errors).toMatch(
      /^error: \S+[12]\.jpg: is a JPEG: the package "sharp" .*: npm install sharp$/m,
    );

    const trained = await tessera("train", "drawn.yaml", "--out", "trained", ...common);
    expect(trained.errors).toMatch(
      /^warning: the CPU computes, slowly: the package "webgpu" .*: npm install webgpu; /m,
    );
    expect(trained.code).toBe(0);
  }, 60_000);
});

test("publint finds nothing wrong with what is packed", async () => {
  const { messages } = await publint({ pkgDir: join(project, "node_modules", ...packageName), pack: false });
  // One of them is known: the map "browser" of package.json holds for files inside the package, which "exports" cannot name.
  expect(
    messages.filter(({ code }) => code !== "USE_EXPORTS_OR_IMPORTS_BROWSER").map(({ code }) => code),
  ).toEqual([]);
});

test("every entry resolves to its program and its types wherever modules are imported", async () => {
  const checked = await checkPackage(createPackageFromTarballData(readFileSync(packed)));
  if (checked.types === false) throw new Error("the package has no types");
  // Resolution by the rules of Node before 12, and require(), cannot reach modules: the package is made of those.
  const modules = checked.problems.filter(
    ({ kind }) => kind !== "CJSResolvesToESM" && kind !== "NoResolution",
  );
  expect(modules).toEqual([]);
  for (const { resolutions } of Object.values(checked.entrypoints)) {
    for (const kind of ["node16-esm", "bundler"] as const) {
      expect(resolutions[kind].resolution?.fileName).toMatch(
        /node_modules\/@tessera-gpu\/tessera\/(?:dist\/.*\.d\.ts|package\.json)$/,
      );
    }
  }
}, 60_000);

test("the version that a page tells, which reads no file, is the package's", () => {
  const { version: packaged } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly version: string;
  };
  expect(version).toBe(packaged);
});

test("what is packed is what is used: no source, no test", () => {
  const has = (path: string): boolean => existsSync(join(project, "node_modules/@tessera-gpu/tessera", path));
  expect(["dist", "shaders", "examples", "LICENSE", "README.md"].filter((path) => !has(path))).toEqual([]);
  expect(["src", "test", "bench", "scripts", "node_modules"].filter(has)).toEqual([]);
});
