// The entries of the package as package.json names them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Entry {
  /** As it is imported: "tessera", "tessera/nn". */
  readonly name: string;
  /** Built files, absolute. */
  readonly program: string;
  readonly types: string;
  /** What a bundler takes for a browser, where that is another file: the entry needs Node then. */
  readonly inBrowser: string | undefined;
}

type Conditions = Readonly<Record<"types" | "default", string>> & { readonly browser?: string };

const { exports: exported } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, Conditions | string>>;
};

/** In the order of package.json. */
export const entries: readonly Entry[] = Object.entries(exported).flatMap(([path, conditions]) =>
  // "./package.json", for tools that look up the version.
  typeof conditions === "string"
    ? []
    : [
        {
          name: path.replace(".", "tessera"),
          program: join(root, conditions.default),
          types: join(root, conditions.types),
          inBrowser: conditions.browser === undefined ? undefined : join(root, conditions.browser),
        },
      ],
);
