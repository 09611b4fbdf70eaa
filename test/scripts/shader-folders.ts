// Folders with a few shaders in them, for the checks that read shaders.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";

/** Makes folders whose shaders/ holds some texts by name; each is deleted after its test. */
export function useShaders(): (shaders: Readonly<Record<string, string>>) => string {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  return (shaders) => {
    const root = mkdtempSync(join(tmpdir(), "shaders-"));
    folders.push(root);
    mkdirSync(join(root, "shaders"));
    for (const [name, text] of Object.entries(shaders)) {
      writeFileSync(join(root, "shaders", `${name}.wgsl`), text);
    }
    return root;
  };
}
