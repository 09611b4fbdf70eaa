// A shader's text with its entry point's ids counted from the other end, so that a device that runs workgroups and
// invocations in order, as software devices do, runs them in reverse. What a kernel computes may not depend on the order:
// where it does, a barrier is missing, or two invocations write one place.

import { KernelError } from "../../errors/errors.ts";

const builtin = /@builtin\(\s*(\w+)\s*\)\s*(\w+)/g;
const gridOfOurs = "grid_to_reverse";

/** Where the bracket that is open at `from` closes. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at;
  }
  return -1;
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
  const code = text.replace(/\/\/.*$/gm, (comment) => " ".repeat(comment.length));
  const entry = /@workgroup_size\(/.exec(code);
  const main = /\bfn\s+main\s*\(/.exec(code);
  if (entry === null || main === null)
    throw new KernelError(`shader ${label}: no compute entry point "main"`);
  const sizeStart = entry.index + entry[0].length;
  const start = main.index + main[0].length;
  const end = closing(code, start);
  const body = code.indexOf("{", end) + 1;
  const parameters = text.slice(start, end);
  const ids = [...code.slice(start, end).matchAll(builtin)];
  if (ids.length < [...code.matchAll(builtin)].length) {
    throw new KernelError(
      `shader ${label}: a checked engine runs it in reverse order, too, and therefore wants its builtins as parameters of ` +
        "main, not as members of a struct",
    );
  }
  const extents = text
    .slice(sizeStart, closing(code, sizeStart))
    .split(",")
    .filter((extent) => extent.trim() !== "");
  const size = `vec3u(${[0, 1, 2].map((axis) => `u32(${extents[axis] ?? "1"})`).join(", ")})`;
  const grid = ids.find(([, name]) => name === "num_workgroups")?.[2];
  const lanes = /^\s*enable\b[^;]*\bsubgroups\b/m.test(code);
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
