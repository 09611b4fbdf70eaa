// A kernel as a module of the package: everything that src/kernels reads of a shader's text at run time, worked out before.

import { bareKernel } from "./bare-kernel.mjs";
import { computes, memberMeanings } from "./headers.mjs";

const scalarTypes = {
  u32: "number",
  i32: "number",
  f32: "number",
  bool: "boolean",
  element: '"f32" | "vec4f"',
};

/**
 * A formula of a header as a function of JavaScript. Its signs, their precedence, its numbers and parentheses are those of
 * JavaScript, and src/kernels has refused what is none: only names are left to say.
 */
function formula(text, knobs) {
  const used = new Set();
  const body = text.replace(/lanes\((\w+)\)|[A-Za-z]\w*/gu, (found, element) => {
    if (["ceil", "min", "max"].includes(found)) return `Math.${found}`;
    const knob = knobs.find(({ name }) => name === (element ?? found));
    if (knob === undefined) return `s.${found}`;
    used.add(`${knob.name} = ${JSON.stringify(knob.value)}`);
    return element === undefined ? found : `(${element} === "vec4f" ? 4 : 1)`;
  });
  const second = used.size > 0 ? `, { ${[...used].join(", ")} }` : "";
  return `(${second !== "" || body.includes("s.") ? "s" : ""}${second}) => ${body}`;
}

/** The types that follow a knob, by name: `alias Bits=i32;` is vec4i where Element is vec4f. */
function bitsOf(text) {
  const lines = text.matchAll(/^[ \t]*alias (\w+)\s*=\s*i32;[ \t]*\/\/ bits of (\w+)$/gmu);
  return Object.fromEntries([...lines].map(([, name, element]) => [name, element]));
}

/** @throws Error where the package's runtime could not do with the text what src/kernels does */
function check(kernel, bare, bits) {
  for (const name of [...kernel.knobs.map((knob) => knob.name), ...Object.keys(bits)]) {
    const lines = bare
      .split("\n")
      .filter((line) => line.startsWith(`const ${name}=`) || line.startsWith(`alias ${name}=`));
    if (lines.length !== 1) throw new Error(`${kernel.name}: ${lines.length} lines declare the knob ${name}`);
  }
}

/** The module of a kernel. */
export function moduleOf(kernel) {
  const { name, text, features, knobs, bindings, uniforms, uniformBytes } = kernel;
  const bare = bareKernel(text);
  const bits = bitsOf(text);
  check(kernel, bare, bits);
  bindings.forEach(({ index, name: binding }, i) => {
    if (index !== i) throw new Error(`${name}: binding ${binding} has number ${index} and place ${i}`);
  });
  // Rows weigh less in a bundle than records.
  const named = (choices, field) =>
    choices.length === 0 ? null : Object.fromEntries(choices.map((each) => [each.name, each[field]]));
  const shortened = (row) => row.slice(0, 1 + row.findLastIndex((value) => value !== null));
  /** A whole number that the file does not set to 0 counts something. */
  const typeOf = ({ type, value }) => (type === "u32" && value !== 0 ? "count" : type);
  const record = {
    name,
    text: bare,
    ...(features.length > 0 && { features }),
    knobs: Object.fromEntries(
      knobs.map((knob) => [
        knob.name,
        shortened([typeOf(knob), knob.value, named(knob.choices, "constant")]),
      ]),
    ),
    bindings: bindings.map(({ name: binding, access, type }) => [binding, access, type]),
    uniforms: Object.fromEntries(
      uniforms.map(({ name: field, type, lanes, offset, choices }) => {
        const row = [type, offset, named(choices, "value"), lanes > 1 ? lanes : null];
        return [field, shortened(row)];
      }),
    ),
    uniformBytes,
    ...(Object.keys(bits).length > 0 && { bits }),
    ...(!bare.includes("@builtin(num_workgroups)") && { folds: false }),
  };
  const rows = Object.entries(record).map(([field, value]) => `  ${field}: ${JSON.stringify(value)},`);
  return `import { kernel } from "../runtime.js";

export const ${name} = /* @__PURE__ */ kernel({
${rows.join("\n")}
  launch: ${formula(kernel.launch, knobs)},
});
`;
}

function comment(text, indent = "") {
  if (text === undefined || text === "") return "";
  const lines = text.replaceAll("*/", "* /").split("\n");
  if (lines.length === 1) return `${indent}/** ${text} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}
const capital = (name) => name.charAt(0).toUpperCase() + name.slice(1);
const union = (choices) => choices.map((each) => JSON.stringify(each.name)).join(" | ");

/** The meanings of a kernel's uniforms, by name. */
export function uniformMeanings({ bindings, text }) {
  const uniform = bindings.find(({ access }) => access === "uniform");
  return uniform === undefined ? {} : memberMeanings(text, uniform.type);
}

/** The declarations of the module of a kernel. */
export function declarationsOf(kernel) {
  const { name, knobs, uniforms } = kernel;
  const meanings = uniformMeanings(kernel);
  const sizes = uniforms.map(({ name: field, lanes, choices }) => {
    const type = choices.length > 0 ? union(choices) : lanes > 1 ? "readonly number[]" : "number";
    const told =
      lanes > 1 ? `${lanes} values${meanings[field] ? `: ${meanings[field]}` : ""}` : meanings[field];
    return `${comment(told, "  ")}  readonly ${field}: ${type};\n`;
  });
  const values = knobs.map(({ name: knob, type, value, meaning, choices }) => {
    const ofType = choices.length > 0 ? union(choices) : scalarTypes[type];
    return `${comment(`${meaning}; default ${String(value)}`, "  ")}  readonly ${knob}?: ${ofType};\n`;
  });
  const body = (fields) => (fields.length === 0 ? "{}" : `{\n${fields.join("")}}`);
  return `import type { Kernel } from "../runtime.js";

export interface ${capital(name)}Sizes ${body(sizes)}

export interface ${capital(name)}Knobs ${body(values)}

${comment(computes(kernel.text))}export declare const ${name}: Kernel<${capital(name)}Sizes, ${capital(name)}Knobs>;
`;
}
