// Finds the file that the decoding threads run.
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Folders of src whose code the threads run. */
const folders = ["data/images", "data/cache", "files", "errors"];

/**
 * The program of a decoding thread. Node 20 loads no TypeScript, so where the sources themselves run, as in tests, it is the
 * built file.
 *
 * @param from the URL of a module beside it
 * @throws when the sources are newer than the built file: the threads would run old code
 */
export function workerFile(from: string): string {
  if (!from.endsWith(".ts")) return fileURLToPath(new URL("decode-worker.js", from));
  const changed = folders.flatMap((folder) => {
    const sources = fileURLToPath(new URL(`../../${folder}`, from));
    return readdirSync(sources)
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
      .map((name) => ({
        source: `${sources}/${name}`,
        built: fileURLToPath(new URL(`../../../dist/${folder}/${name.replace(/ts$/u, "js")}`, from)),
      }))
      .filter(({ source, built }) => {
        const { mtimeMs = 0 } = statSync(built, { throwIfNoEntry: false }) ?? {};
        return mtimeMs < statSync(source).mtimeMs;
      });
  });
  if (changed.length > 0) {
    const [{ source }] = changed;
    throw new Error(`${source} is newer than what was built of it, which decoding runs: run npm run build`);
  }
  return fileURLToPath(new URL("../../../dist/data/cache/decode-worker.js", from));
}
