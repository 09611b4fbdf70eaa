// Facts about this package: from its package.json, and a digest of the program itself.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const { version, description, engines } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as {
  readonly version: string;
  readonly description: string;
  readonly engines: { readonly node: string };
};
export { version, description };

/** The versions of Node that Tessera runs on: ">=20.19.0". */
export const nodeRange = engines.node;

/**
 * SHA-256 of the program without its commands and reports, which compute nothing. It changes with the code, while the
 * version stays the same between releases.
 */
export function programDigest(): string {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  const counts = (name: string): boolean =>
    /\.[jt]s$/.test(name) && !name.endsWith(".d.ts") && !/^(?:cli|report)[/\\]/.test(name);
  const hash = createHash("sha256");
  for (const name of names.filter(counts).sort()) {
    hash.update(`${name}\n`).update(readFileSync(join(root, name)));
  }
  return hash.digest("hex");
}
