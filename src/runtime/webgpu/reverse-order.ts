// A shader's text with its entry point's ids counted from the other end, so that a device that runs workgroups and
// invocations in order, as software devices do, runs them in reverse. What a kernel computes may not depend on the order:
// where it does, a barrier is missing, or two invocations write one place.

import { KernelError } from "../../errors/errors.ts";
import { blankComments } from "../../kernels/comments.ts";

const builtin = /@\s*builtin\s*\(\s*(\w+)\s*,?\s*\)\s*([^\s:]+)/g;
const gridOfOurs = "grid_to_reverse";

/** What stands in a bracket that is open at `from`, cut at its own commas and not at those of brackets in it. */
function listAt(code: string, from: number): { readonly items: readonly string[]; readonly end: number } {
  const items: string[] = [];
  let depth = 1;
  let start = from;
  let at = from;
  for (; at < code.length; at++) {
    if (code[at] === "(") depth++;
    else if (code[at] === ")" && --depth === 0) break;
    if (code[at] !== "," || depth > 1) continue;
    items.push(code.slice(start, at));
    start = at + 1;
  }
  const words = [...items, code.slice(start, at)].map((item) => item.trim().replace(/\s+/g, " "));
  return { items: words.filter((item) => item !== ""), end: at };
}

/** The extents of the workgroups of `main`, as they are written, and where its parameters begin; undefined where it lacks one. */
function entryPoint(
  code: string,
): { readonly extents: readonly string[]; readonly start: number } | undefined {
  const main = /\bfn\s+main\s*\(/.exec(code);
  if (main === null) return undefined;
  // Its attributes: what stands between the declaration before it and itself. Other entry points have sizes of their own.
  const from = Math.max(code.lastIndexOf(";", main.index), code.lastIndexOf("}", main.index)) + 1;
  const size = /@\s*workgroup_size\s*\(/.exec(code.slice(from, main.index));
  if (size === null) return undefined;
  const { items } = listAt(code, from + size.index + size[0].length);
  return { extents: items, start: main.index + main[0].length };
}

/** What a builtin is in reverse; undefined for one that stays. In a kernel with subgroups a lane keeps its place. */
function reversed(
  name: string,
  forward: string,
  grid: string,
  size: string,
  lanes: boolean,
): string | undefined {
  if (name === "workgroup_id") return `${grid} - 1u - ${forward}`;
  if (name === "global_invocation_id") {
    return lanes
      ? `(${grid} - 1u - ${forward} / ${size}) * ${size} + ${forward} % ${size}`
      : `${grid} * ${size} - 1u - ${forward}`;
  }
  if (lanes) return undefined;
  if (name === "local_invocation_id") return `${size} - 1u - ${forward}`;
  if (name === "local_invocation_index") return `${size}.x * ${size}.y * ${size}.z - 1u - ${forward}`;
  return undefined;
}

/**
 * The text of a shader (knobs filled in, entry point `main`) with workgroups and the invocations in them in reverse order;
 * with subgroups only the workgroups, since a lane's number is its place in the subgroup. Lines keep their numbers.
 * @throws KernelError for a shader whose builtins are not parameters of `main`
 */
export function inReverseOrder(label: string, text: string): string {
  // Of the same length, so that places in it are places in the text.
  const code = blankComments(text, "all");
  const entry = entryPoint(code);
  if (entry === undefined) throw new KernelError(`shader ${label}: no compute entry point "main"`);
  const { extents, start } = entry;
  const { items, end } = listAt(code, start);
  const body = code.indexOf("{", end) + 1;
  const parameters = text.slice(start, end);
  const ids = [...code.slice(start, end).matchAll(builtin)];
  if (ids.length < items.length) {
    throw new KernelError(
      `shader ${label}: a checked engine runs it in reverse order, too, and therefore wants its builtins as parameters of ` +
        "main, not as members of a struct",
    );
  }
  const size = `vec3u(${[0, 1, 2].map((axis) => `u32(${extents[axis] ?? "1"})`).join(", ")})`;
  const grid = ids.find(([, name]) => name === "num_workgroups")?.[2];
  const lanes = /\benable\b[^;]*\bsubgroups\b/.test(code);
  let before = grid === undefined ? `@builtin(num_workgroups) ${gridOfOurs}: vec3u, ` : "";
  let inside = "";
  let at = 0;
  for (const { 0: whole, 1: name, 2: parameter, index } of ids) {
    const value = reversed(name, `forward_${parameter}`, grid ?? gridOfOurs, size, lanes);
    if (value === undefined) continue;
    const place = index + whole.length - parameter.length;
    before += `${parameters.slice(at, place)}forward_${parameter}`;
    at = place + parameter.length;
    inside += ` let ${parameter} = ${value};`;
  }
  return (
    text.slice(0, start) + before + parameters.slice(at) + text.slice(end, body) + inside + text.slice(body)
  );
}
