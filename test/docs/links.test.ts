// The documentation holds together: links and paths lead somewhere, nothing is in a language that no test runs, and the
// drawing shows the house as it is.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { blocksOf, pages, placeOf, root } from "./markdown.ts";

const withoutBlocks = (text: string): string => text.replace(/^ *```[^]*?^ *```$/gm, "");

/** The anchors that GitHub makes of the headings of a page. */
const anchorsOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

test.each(pages)("the links of $file lead somewhere", ({ file, text }) => {
  const links = [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  const broken = links.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const found = path === "" ? file : normalize(join(dirname(file), path));
    if (!existsSync(join(root, found))) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(join(root, found), "utf8")).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(
  [
    ...pages.map(({ file }) => file),
    ...readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" }).map(
      (name) => `examples/${name}`,
    ),
  ].filter((file) => /\.(md|yaml|mjs)$/.test(file)),
)("the files that %s names exist", (file) => {
  const text = readFileSync(join(root, file), "utf8");
  const named = text.matchAll(
    /(?<![\w./-])(?:src|shaders|test|scripts|examples|bench|docs)\/[\w./-]*\w(?!\w*\*)/g,
  );
  // A file that is built, or one of a pattern, is not there.
  const missing = [...named].map(([path]) => path).filter((path) => !existsSync(join(root, path)));
  expect(missing.filter((path) => !/^docs\/api|dist\//.test(path))).toEqual([]);
});

test("every block is in a language that a test runs", () => {
  // programs.test.ts, ../scripts/pack-kernels.test.ts, commands.test.ts (commands, and what they print), manifests.test.ts
  const run = new Set(["ts", "js", "sh", "", "yaml"]);
  const others = blocksOf().filter(({ language }) => !run.has(language));
  expect(others.map((block) => `${placeOf(block)}: nothing tells how ${block.language} is run`)).toEqual([]);
});

describe("the README", () => {
  const readme = pages.find(({ file }) => file === "README.md")?.text ?? "";

  test("is about as long as one reads", () => {
    expect(readme.split("\n").length).toBeLessThanOrEqual(200);
  });

  test("shows what it is, a picture, ten lines of code and two commands in the first screen", () => {
    const screen = readme.split("\n").slice(0, 40).join("\n");
    expect(screen).toMatch(/!\[.*\]\(docs\/pictures\//);
    expect(screen).toMatch(/^npm run demo .*\nnpm test /m);
    const [program] = blocksOf("ts").filter(({ file }) => file === "README.md");
    const lines = (program?.text ?? "").split("\n").filter((line) => !/^(?:import .*|\}?;?)$/.test(line));
    expect(lines.length).toBeLessThanOrEqual(12);
  });

  test("links every page of docs/", () => {
    const others = pages.map(({ file }) => file).filter((file) => file.startsWith("docs/"));
    expect(others.filter((file) => !readme.includes(`(${file})`))).toEqual([]);
  });
});

test("the drawing of the floors has every room of src/, and no other", () => {
  const drawing = readFileSync(join(root, "docs/pictures/floors.svg"), "utf8");
  const drawn = [...drawing.matchAll(/class="room">([\w-]+)</g)].map(([, room]) => room);
  const rooms = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect([...drawn].sort()).toEqual(rooms.map(({ name }) => name).sort());
});
