// A shader's text that tells of an index which a binding does not have, also where what was read there is dropped: WebGPU moves
// such an access inside, so that results may be right, and a device without that protection reads whatever lies there.

import { blankComments } from "../../src/kernels/comments.ts";
import { bandBytes } from "../../src/runtime/webgpu/guarded-launches.ts";

/** Bytes from one mark to the next: those of the largest element. */
const markBytes = 16;

const vectors = (letter: string, type: string, bytes: number): Record<string, number> => ({
  [type]: bytes,
  ...Object.fromEntries(
    [2, 4].flatMap((lanes) => [
      [`vec${lanes}${letter}`, lanes * bytes],
      [`vec${lanes}<${type}>`, lanes * bytes],
    ]),
  ),
});
const elementBytes: Readonly<Record<string, number>> = {
  ...vectors("f", "f32", 4),
  ...vectors("u", "u32", 4),
  ...vectors("i", "i32", 4),
  ...vectors("h", "f16", 2),
  ...{ "atomic<u32>": 4, "atomic<i32>": 4 },
};

/** An array that a shader binds. */
interface Watched {
  readonly binding: number;
  readonly name: string;
  readonly type: string;
  readonly isWritten: boolean;
}

/** The arrays that a shader binds, but for those of other types. */
function watchedArrays(code: string): readonly Watched[] {
  const aliases = new Map(
    [...code.matchAll(/\balias\s+(\w+)\s*=\s*([^;]+?)\s*;/g)].map(([, name, type]) => [name, type]),
  );
  const array =
    /@\s*binding\s*\(\s*(\d+)u?\s*\)\s*var\s*<\s*storage\s*(?:,\s*(\w+)\s*)?>\s*(\w+)\s*:\s*array\s*<([^;]+)>\s*;/g;
  return [...code.matchAll(array)].flatMap(([, binding, access, name, element]) => {
    const written = element.replace(/\s/g, "");
    const type = aliases.get(written) ?? written;
    if (!Object.hasOwn(elementBytes, type)) return [];
    return [{ binding: Number(binding), name, type, isWritten: access === "read_write" }];
  });
}

/** Where each function of a text lies. */
function functionsOf(code: string): readonly (readonly [from: number, to: number])[] {
  return [...code.matchAll(/\bfn\s+\w+\s*\(/g)].map(({ index }) => {
    return [index, closing(code, code.indexOf("{", index) + 1, "{}")] as const;
  });
}

/** Where the bracket ends that is open before `from`. */
function closing(code: string, from: number, [open, close]: string): number {
  let depth = 1;
  let at = from;
  for (; at < code.length; at++) {
    if (code[at] === open) depth++;
    else if (code[at] === close && --depth === 0) break;
  }
  return at;
}

/**
 * The text with each index of a bound array looked at. Where one is not in its array, behind which lies a checked launch's band, `main`
 * puts a mark into the band of an array that is written. Lines keep their numbers.
 */
export function withWatchedIndices(text: string): string {
  const code = blankComments(text, "all");
  const arrays = watchedArrays(code);
  const marked = arrays.find(({ isWritten }) => isWritten);
  const main = /@\s*compute\b[^{};]*?\bfn\s+(?=main\s*\()/.exec(code);
  if (marked === undefined || main === null || /\barrayLength\b/.test(code)) return text;
  const name = main.index + main[0].length;
  const from = code.indexOf("(", name) + 1;
  const to = closing(code, from, "()");
  const parameters = text.slice(from, to);
  const edits: [at: number, until: number, what: string][] = [
    [main.index, name, main[0].replace(/[^\r\n]/g, " ").replace(/ {3}$/, "fn ")],
    [name, name, "watched_"],
  ];
  for (const {
    0: { length },
    index,
  } of code.slice(from, to).matchAll(/@\s*builtin\s*\([^)]*\)/g)) {
    edits.push([from + index, from + index + length, ""]);
  }
  const functions = functionsOf(code);
  let ends = "";
  let above = " var<private> lacks_index = 0u;";
  arrays.forEach(({ binding, name: array, type }) => {
    const endName = `end_of_${array}`;
    for (const {
      0: { length },
      index,
    } of code.matchAll(new RegExp(`(?<![\\w.])${array}\\s*\\[`, "g"))) {
      const [start, end] = functions.find(([start, end]) => start < index && index < end) ?? [0, 0];
      // In a function that has something else by that name the array is not meant.
      const own = new RegExp(`\\b(?:let|const|var)\\s+${array}\\b|[(,]\\s*${array}\\s*:`);
      if (own.test(code.slice(start, end))) continue;
      const first = index + length;
      const last = closing(code, first, "[]");
      edits.push([first, first, `watched_${array}(u32(`], [last, last, "))"]);
    }
    ends += ` ${endName} = arrayLength(&${array}) - ${bandBytes / elementBytes[type]}u;`;
    above +=
      ` var<private> ${endName}: u32; fn watched_${array}(index: u32) -> u32 {` +
      ` lacks_index |= select(0u, ${2 ** binding}u, index >= ${endName}); return index; }`;
  });
  const step = markBytes / elementBytes[marked.type];
  const place = `${marked.name}[arrayLength(&${marked.name}) - (firstTrailingBit(lacks_index) + 1u) * ${step}u]`;
  const mark = marked.type.startsWith("atomic") ? `atomicStore(&${place}, 0)` : `${place} = ${marked.type}()`;
  const names = [...code.slice(from, to).matchAll(/(\w+)\s*:/g)].map(([, each]) => each);
  const entry =
    ` ${main[0].replace(/\s+/g, " ")}main(${parameters.replace(/\/\/.*/g, "").replace(/\s+/g, " ")}) {${ends} watched_main(${names.join(", ")});` +
    ` if (lacks_index != 0u) { ${mark}; } }`;
  let result = "";
  let at = 0;
  for (const [first, until, what] of edits.toSorted(([a], [b]) => a - b)) {
    result += text.slice(at, first) + what;
    at = until;
  }
  return `${result}${text.slice(at)}${above}${entry}\n`;
}

/** What a checked engine says of a launch, with a mark called by its name: that of the binding's number. */
export function withMarksNamed(message: string): string {
  return message.replace(
    /writes behind the end of "\w+" \(\d+ bytes\), (\d+) bytes behind it/g,
    (said, at: string) => {
      const fromEnd = bandBytes - Number(at);
      if (fromEnd % markBytes > 0 || fromEnd > 32 * markBytes) return said;
      return `has an index that binding ${fromEnd / markBytes - 1} lacks, behind its end or in front of it`;
    },
  );
}
