// What every kernel of this package shares: values for knobs and uniforms are checked, put into the text, packed into bytes.
// A module of a kernel has what its shader says as rows, worked out when the package was made: nothing is parsed here.

/**
 * Of each type: whether a value is one, what follows its number in WGSL, and how it is packed. A "count" is a number of
 * things, of which there is at least one.
 */
const types = {
  u32: [(value) => value === value >>> 0, "u", "setUint32"],
  count: [(value) => value === value >>> 0 && value > 0, "u"],
  i32: [(value) => value === (value | 0), "i", "setInt32"],
  f32: [(value) => typeof value === "number", "", "setFloat32"],
  bool: [(value) => value === !!value, ""],
  element: [(value) => value === "f32" || value === "vec4f", ""],
};

/** Makes a kernel of its rows. A row of a knob is [type, value, choices]; of a uniform [type, offset, choices, lanes]. */
export function kernel({ bits = {}, folds = true, launch, ...told }) {
  const { name, text, knobs, uniforms, uniformBytes } = told;

  const check = (what, rows, values, given) => {
    for (const key of Object.keys(values)) {
      const [type, , choices, lanes = 1] = Object.hasOwn(rows, key) ? rows[key] : [];
      const list = lanes > 1 ? given[key] : [given[key]];
      const isOne = choices ? (value) => Object.hasOwn(choices, value) : types[type]?.[0];
      if (isOne && Array.isArray(list) && list.length === lanes && list.every(isOne)) continue;
      const wanted = choices
        ? Object.keys(choices).join(", ")
        : type && (lanes > 1 ? `${lanes} of ${type}` : type);
      throw new TypeError(
        `${name}: ${what} ${key} takes ${wanted ?? "nothing: there is none"}, got ${given[key]}`,
      );
    }
  };
  const checkKnobs = (given) => check("knob", knobs, given, given);
  const checkSizes = (sizes) => check("uniform", uniforms, { ...uniforms, ...sizes }, sizes);
  const literal = ([type, , choices], value) => {
    if (choices) return choices[value];
    return type === "f32" && Number.isInteger(value) ? value.toFixed(1) : value + types[type][1];
  };

  return {
    features: [],
    ...told,
    bindings: told.bindings.map(([binding, access, type], index) => ({ index, name: binding, access, type })),
    specialise(given = {}) {
      checkKnobs(given);
      return text.replace(/^((?:const|alias) (\w+)=)[^;]+/gm, (line, start, key) => {
        if (given[bits[key]] === "vec4f") return `${start}vec4i`;
        return given[key] === undefined ? line : start + literal(knobs[key], given[key]);
      });
    },
    pack(sizes) {
      checkSizes(sizes);
      const view = new DataView(new ArrayBuffer(uniformBytes));
      for (const [key, [type, offset, choices]] of Object.entries(uniforms)) {
        const values = [choices ? choices[sizes[key]] : sizes[key]].flat();
        values.forEach((value, i) => view[types[type][2]](offset + 4 * i, value, true));
      }
      return view.buffer;
    },
    workgroups(sizes, given = {}, limit = 65535) {
      checkSizes(sizes);
      checkKnobs(given);
      const count = launch(sizes, given);
      const rows = Math.ceil(count / limit);
      if (!(Number.isInteger(count) && count > 0 && rows <= (folds ? limit : 1))) {
        throw new RangeError(`${name}: ${count} workgroups, where one dimension has ${limit}`);
      }
      return [Math.ceil(count / rows), rows];
    },
  };
}
