// Marked regions of shaders: lines that several shaders share. Each has them written out, so that a shader stays whole and
// can be copied as it is; this check keeps the copies from drifting apart.
//
//     // region: philox
//     ...
//     // end region
//
// All regions of one name are the same text, but for the indentation of the whole. What two shaders share and neither
// marks is found too.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { filesBelow } from "./imports.mjs";

const beginning = /^\s*\/\/ region: (.*\S)\s*$/u;
const ending = /^\s*\/\/ end region\s*$/u;
/** Anything that looks like a marker, so that a misspelt one is no comment. */
const marker = /^\s*\/\/\s*(?:end\s*)?region\b/iu;

/** Unmarked lines of code in a row, the same in two shaders, from which on they must be marked. */
const longestCopy = 8;

/**
 * The marked regions of a file, each with its name, the line of its first line, and its lines without their common
 * indentation; and the lines of code outside of them, in runs.
 */
function readRegions(file, text) {
  const complaints = [];
  const regions = [];
  const runs = [[]];
  let open;
  text.split("\n").forEach((line, i) => {
    const number = i + 1;
    const at = `${file}:${number}`;
    const name = beginning.exec(line)?.[1];
    if (name !== undefined) {
      if (open !== undefined) complaints.push(`${at}: region "${name}" begins inside region "${open.name}"`);
      open = { name, file, first: number + 1, lines: [] };
      regions.push(open);
      runs.push([]);
    } else if (ending.test(line)) {
      if (open === undefined) complaints.push(`${at}: the end of a region that has no beginning`);
      open = undefined;
    } else if (marker.test(line)) {
      complaints.push(`${at}: a marker reads "// region: name" or "// end region", got "${line.trim()}"`);
    } else if (open !== undefined) {
      open.lines.push(line.trimEnd());
    } else {
      const code = line.replace(/\/\/.*$/u, "").trim();
      if (/\w/u.test(code)) runs.at(-1).push({ code, number });
    }
  });
  if (open !== undefined) complaints.push(`${file}:${open.first - 1}: region "${open.name}" has no end`);
  for (const region of regions) region.lines = withoutIndentation(region.lines);
  return { complaints, regions, runs: runs.map(withoutEntryPoint) };
}

function withoutIndentation(lines) {
  const depth = Math.min(...lines.filter((line) => line !== "").map((line) => line.search(/\S/u)));
  return lines.map((line) => line.slice(depth));
}

/** Without the lines that begin every entry point: all shaders have them, and cannot do without. */
function withoutEntryPoint(run) {
  return run.filter(({ code }) => !/^(?:@compute\b|fn main\(|@builtin\(\w+\) \w+: \w+,?$)/u.test(code));
}

/** What is wrong with the regions of one name: nothing where their texts are the same. */
function differences(name, regions) {
  const [alone] = regions;
  if (new Set(regions.map(({ file }) => file)).size < 2) {
    return [`${alone.file}:${alone.first - 1}: region "${name}" stands in no other shader`];
  }
  // The text that most of them have is taken for the right one, so that the one which drifted is named.
  const [[right]] = byText(regions).sort((a, b) => b.length - a.length);
  return regions.flatMap((region) => {
    const length = Math.max(right.lines.length, region.lines.length);
    const at = Array.from({ length }, (_, i) => i).find((i) => right.lines[i] !== region.lines[i]);
    if (at === undefined) return [];
    const [here, there] = [region, right].map(({ file, first, lines }) => {
      return `${file}:${first + at} ${at < lines.length ? `"${lines[at]}"` : "the end of the region"}`;
    });
    return [`region "${name}" differs: ${here} but ${there}`];
  });
}

/** The regions in groups of the same text. */
function byText(regions) {
  const groups = new Map();
  for (const region of regions) {
    const text = region.lines.join("\n");
    groups.set(text, [...(groups.get(text) ?? []), region]);
  }
  return [...groups.values()];
}

/** Runs of the same unmarked code in two files, each told once. */
function copies(files) {
  const known = new Map();
  const told = new Set();
  const complaints = [];
  for (const { file, runs } of files) {
    for (const run of runs) {
      for (let i = 0; i + longestCopy <= run.length; i++) {
        const text = run
          .slice(i, i + longestCopy)
          .map(({ code }) => code)
          .join("\n");
        const there = known.get(text);
        if (there === undefined) known.set(text, { file, number: run[i].number });
        else if (there.file !== file && !told.has(`${there.file} ${file}`)) {
          told.add(`${there.file} ${file}`);
          complaints.push(
            `${file}:${run[i].number}: ${longestCopy} or more lines are those of ${there.file}:${there.number}; ` +
              `mark both as a region ("// region: name" to "// end region")`,
          );
        }
      }
    }
  }
  return complaints;
}

/** What is wrong with the regions of the shaders below a folder; nothing when there is nothing. */
export function regionComplaints(root) {
  const files = filesBelow(root, "shaders")
    .filter((file) => file.endsWith(".wgsl"))
    .map((file) => ({
      file,
      ...readRegions(file, readFileSync(resolve(root, file), "utf8")),
    }));
  const byName = new Map();
  for (const region of files.flatMap(({ regions }) => regions)) {
    byName.set(region.name, [...(byName.get(region.name) ?? []), region]);
  }
  return [
    ...files.flatMap(({ complaints }) => complaints),
    ...[...byName].flatMap(([name, regions]) => differences(name, regions)),
    ...copies(files),
  ];
}
