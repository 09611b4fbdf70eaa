// The entries of the package as package.json names them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Entry {
  /** As it is imported: "@tessera-gpu/tessera", "@tessera-gpu/tessera/nn". */
  readonly name: string;
  /** Built files, absolute. */
  readonly program: string;
  readonly types: string;
  /** What a bundler takes for a browser: the same file, or one with what needs no files. */
  readonly inBrowser: string;
  /** Whether the entry needs Node: what a bundler takes says so when it runs. */
  readonly needsNode: boolean;
}

type Built = Readonly<Record<"types" | "default", string>>;
type Conditions = Built & { readonly browser?: Built | string };
type Twins = Readonly<Record<"browser" | "default", string>>;

const { exports: exported, imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, Conditions | string>>;
  readonly imports: Readonly<Record<string, Twins>>;
};

/** The built file that a name with # leads to. */
export const twinOf = (name: string, condition: keyof Twins): string => join(root, imports[name][condition]);

const inBrowserOf = ({ browser, default: program }: Conditions): string =>
  typeof browser === "string" ? browser : (browser?.default ?? program);

/** In the order of package.json. */
export const entries: readonly Entry[] = Object.entries(exported).flatMap(([path, conditions]) =>
  // "./package.json", for tools that look up the version.
  typeof conditions === "string"
    ? []
    : [
        {
          name: path.replace(".", "@tessera-gpu/tessera"),
          program: join(root, conditions.default),
          types: join(root, conditions.types),
          inBrowser: join(root, inBrowserOf(conditions)),
          needsNode: typeof conditions.browser === "string",
        },
      ],
);
