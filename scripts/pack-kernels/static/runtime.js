// What every kernel of this package shares: values for knobs and uniforms are checked, put into the text, packed into bytes.
// Kernels are plain records: nothing is parsed here, and nothing runs when a module is loaded.

const whole = { u32: (value) => value >>> 0, i32: (value) => value | 0 };

/** Whether a value is one of a knob's or uniform's; `choices` are the names of such values. */
function fits(type, choices, value, isCount) {
  if (choices !== undefined) return typeof value === "string" && Object.hasOwn(choices, value);
  if (type === "bool") return typeof value === "boolean";
  if (type === "element") return value === "f32" || value === "vec4f";
  if (typeof value !== "number") return false;
  return type === "f32" || (value === whole[type](value) && !(isCount && value === 0));
}

function refuse(name, what, field, known, value) {
  throw new TypeError(
    known === undefined
      ? `${name} has no ${what} "${field}"`
      : `${name}: ${what} ${field} takes ${known}, got ${String(value)}`,
  );
}

function checkKnobs({ name, knobs }, given) {
  for (const [field, value] of Object.entries(given)) {
    const knob = Object.hasOwn(knobs, field) ? knobs[field] : refuse(name, "knob", field);
    // What a kernel counts by is never 0, unless its file says so.
    if (!fits(knob.type, knob.choices, value, knob.type === "u32" && knob.value !== 0)) {
      refuse(name, "knob", field, knob.choices ? Object.keys(knob.choices).join(", ") : knob.type, value);
    }
  }
}

function checkSizes({ name, uniforms }, sizes) {
  for (const field of Object.keys(sizes)) {
    if (!Object.hasOwn(uniforms, field)) refuse(name, "uniform", field);
  }
  for (const [field, { type, lanes, choices }] of Object.entries(uniforms)) {
    const value = sizes[field];
    const list = lanes === 1 ? [value] : Array.isArray(value) ? value : [];
    if (list.length === lanes && list.every((lane) => fits(type, choices, lane))) continue;
    const wanted = choices ? Object.keys(choices).join(", ") : lanes === 1 ? type : `${lanes} of ${type}`;
    refuse(name, "uniform", field, wanted, value);
  }
}

/** A knob's value as WGSL. */
function literal({ type, choices }, value) {
  if (choices !== undefined) return choices[value];
  if (type === "u32" || type === "i32") return `${value}${type[0]}`;
  return type === "f32" && Number.isInteger(value) ? value.toFixed(1) : `${value}`;
}

const setters = { u32: "setUint32", i32: "setInt32", f32: "setFloat32" };

/** Makes a kernel of its record. */
export function kernel(record) {
  const { name, text, knobs, uniforms, uniformBytes, bits, folds, launch, work } = record;
  return {
    ...{ name, text, features: record.features, bindings: record.bindings, knobs, uniforms, uniformBytes },
    specialise(given = {}) {
      checkKnobs(record, given);
      return text.replace(/^(const|alias) (\w+)=[^;]+;/gm, (line, word, field) => {
        const value = given[bits[field] ?? field];
        if (value === undefined || !(field in bits || field in knobs)) return line;
        if (field in bits) return value === "vec4f" ? `${word} ${field}=vec4i;` : line;
        return `${word} ${field}=${literal(knobs[field], value)};`;
      });
    },
    pack(sizes) {
      checkSizes(record, sizes);
      const bytes = new ArrayBuffer(uniformBytes);
      const view = new DataView(bytes);
      for (const [field, { type, offset, choices }] of Object.entries(uniforms)) {
        const value = choices === undefined ? sizes[field] : choices[sizes[field]];
        [value].flat().forEach((lane, i) => view[setters[type]](offset + 4 * i, lane, true));
      }
      return bytes;
    },
    workgroups(sizes, given = {}, limit = 65535) {
      checkSizes(record, sizes);
      checkKnobs(record, given);
      const count = launch(sizes, withDefaults(knobs, given));
      const rows = Math.ceil(count / limit);
      if (!(Number.isInteger(count) && count > 0 && rows <= (folds ? limit : 1))) {
        throw new RangeError(`${name}: ${count} workgroups, with at most ${limit} in a dimension`);
      }
      return [Math.ceil(count / rows), rows];
    },
    operations(sizes, given = {}) {
      checkSizes(record, sizes);
      checkKnobs(record, given);
      return work(sizes, withDefaults(knobs, given));
    },
  };
}

const withDefaults = (knobs, given) => ({
  ...Object.fromEntries(Object.entries(knobs).map(([field, { value }]) => [field, value])),
  ...given,
});
