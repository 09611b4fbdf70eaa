// Packs the kernels of this tree as a package of npm without dependencies: `npm run pack:kernels [-- --out FOLDER]`.
//
//   --out FOLDER   where it is written; default runs/kernels. Only a folder that such a package lies in, or none, is replaced.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { oneModule } from "../one-module.mjs";
import { packageName } from "./names.mjs";
import { about, packageJson, readme } from "./package-files.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = join(root, "scripts/pack-kernels");

/** What is made from this tree, by path. Sources are TypeScript, which Node does not read everywhere: they are bundled. */
async function made() {
  const code = await oneModule({ target: "es2023", ssr: join(here, "contents.mjs") });
  const folder = mkdtempSync(join(tmpdir(), "tessera-kernels-"));
  try {
    const file = join(folder, "contents.mjs");
    writeFileSync(file, code);
    const { contents } = await import(pathToFileURL(file).href);
    return contents(about);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @throws Error where something lies there that this program has not written */
function checkFolder(folder) {
  if (!existsSync(folder)) return;
  const isEmpty = statSync(folder).isDirectory() && readdirSync(folder).length === 0;
  const told = join(folder, "package.json");
  if (isEmpty || (existsSync(told) && JSON.parse(readFileSync(told, "utf8")).name === packageName)) return;
  throw new Error(`${folder} is not empty and holds no ${packageName}; name another folder with --out`);
}

function bytesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesBelow(path) : statSync(path).size);
  }, 0);
}

async function pack(folder) {
  checkFolder(folder);
  const files = await made();
  rmSync(folder, { recursive: true, force: true });
  const write = (path, content) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  for (const [path, content] of files) write(path, content);
  cpSync(join(here, "static"), folder, { recursive: true });
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  write("package.json", `${JSON.stringify(packageJson(), undefined, 2)}\n`);

  const { operators } = JSON.parse(readFileSync(join(folder, "cases/index.json"), "utf8"));
  const counts = {
    kernels: files.filter(([path]) => path.endsWith(".wgsl")).length,
    operators: operators.length,
    candidates: operators.reduce((sum, { candidates }) => sum + candidates, 0),
    kilobytes: Math.round(bytesBelow(folder) / 1000),
  };
  const example = readFileSync(join(here, "example.mjs"), "utf8").replaceAll(
    "@tessera-gpu/kernels",
    packageName,
  );
  write("README.md", readme({ ...counts, example }));
  console.log(
    `${packageName}: ${counts.kernels} kernels, ${counts.candidates} candidates of ${counts.operators} operators in cases, ` +
      `${counts.kilobytes.toLocaleString("en")} KB, in ${folder}`,
  );
}

try {
  const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "runs/kernels") } } });
  await pack(resolve(values.out));
} catch (error) {
  console.error(`pack:kernels: ${error.message}`);
  process.exitCode = 1;
}
