// What the documentation is made of, for its tests: files, blocks of code, links, and paths that the text names.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Folders that are installed, built or written. */
const made = new Set(["node_modules", "dist", "runs", "api"]);

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return made.has(entry.name) || entry.name.startsWith(".") ? [] : filesBelow(path, ending);
    }
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

export interface Page {
  /** From the repository's root. */
  readonly file: string;
  readonly text: string;
}

/** Every Markdown file of the repository. */
export const pages: readonly Page[] = filesBelow("", ".md").map((file) => ({
  file,
  text: readFileSync(join(root, file), "utf8"),
}));

/** A fenced block of code. */
export interface Block {
  readonly file: string;
  /** Of its first line of code, counted from 1. */
  readonly line: number;
  /** What the fence says; empty for the output of a command. */
  readonly language: string;
  readonly text: string;
}

/** What is written for people who use Tessera; notes beside scripts are for those who work on it. */
const isDocumentation = ({ file }: Page): boolean => /^(?:README\.md|docs\/.*|bench\/.*)$/.test(file);

/** All blocks of the documentation, in their order; only those of a language where one is given. */
export function blocksOf(language?: string): Block[] {
  return pages
    .filter(isDocumentation)
    .flatMap(({ file, text }) =>
      [...text.matchAll(/^ *```(.*)\n([^]*?)^ *```$/gm)].map((match) => ({
        file,
        line: text.slice(0, match.index).split("\n").length + 1,
        language: match[1] ?? "",
        text: match[2] ?? "",
      })),
    )
    .filter((block) => language === undefined || block.language === language);
}

export const placeOf = ({ file, line }: Block): string => `${file}:${line}`;
