// Runs cases: calls of operators with what must come out. cases/index.json lists the operators, cases/OPERATOR.json has their
// cases, cases/values.bin all values (little-endian) at the bytes that the cases name.

import { elementsOf } from "./launches.js";

const arrays = { f32: Float32Array, u32: Uint32Array, u8: Uint8Array };
/** What a result that was not written shows: NaN in f32. */
const unwritten = 0xffffffff;
/** f32 numbers below this may be flushed to zero. */
const smallestNormal = 2 ** -126;

/**
 * The largest error of a result in units of its bound, which is unit * (|expected| + magnitude): at most 1 where it is right.
 * A magnitude is that of the numbers that add up to a value; where none is stored it is the value's own.
 */
export function worstError(actual, { shape, dtype, at, magnitudesAt }, unit, values) {
  const count = elementsOf({ shape });
  const expected = new (dtype === "f32" ? Float64Array : arrays[dtype])(values, at, count);
  const magnitudes = magnitudesAt === undefined ? expected : new Float32Array(values, magnitudesAt, count);
  let worst = 0;
  for (let i = 0; i < count; i++) {
    if (actual[i] === expected[i]) continue; // an infinity, too
    const bound = Math.max(unit * (Math.abs(expected[i]) + Math.abs(magnitudes[i])), smallestNormal);
    const error = Math.abs(actual[i] - expected[i]) / bound;
    worst = Number.isFinite(error) ? Math.max(worst, error) : Infinity;
  }
  return worst;
}

async function runCandidate(launcher, each, candidate, input, values) {
  const { device } = launcher;
  const output = each.outputs.map((spec) => launcher.buffer(spec));
  let prepared;
  try {
    output.forEach((buffer) => launcher.write(buffer, new Uint32Array(buffer.size / 4).fill(unwritten)));
    for (const { input: at } of each.updates) launcher.write(input[at], valuesOf(each.inputs[at], values));
    device.pushErrorScope("validation");
    let refused;
    try {
      prepared = await launcher.prepare(candidate, { input, output });
      const commands = device.createCommandEncoder();
      const pass = commands.beginComputePass();
      prepared.encode(pass);
      pass.end();
      device.queue.submit([commands.finish()]);
    } finally {
      refused = await device.popErrorScope();
    }
    if (refused) throw new Error(refused.message);
    const results = [
      ...each.outputs.map((spec, i) => ({ spec, buffer: output[i], what: `output ${i}` })),
      ...each.updates.map((spec) => ({ spec, buffer: input[spec.input], what: `input ${spec.input}` })),
    ];
    const read = await launcher.read(results);
    const errors = results.map(({ spec }, i) => worstError(read[i], spec, each.unit, values));
    const worst = Math.max(0, ...errors);
    const at = errors.indexOf(worst);
    return {
      worst,
      ...(worst > 1 && { message: `${results[at].what} is off by ${worst.toPrecision(3)} times its bound` }),
    };
  } finally {
    prepared?.destroy();
    for (const buffer of output) buffer.destroy();
  }
}

/** The values of a tensor of a case. */
export const valuesOf = (spec, values) => new arrays[spec.dtype](values, spec.at, elementsOf(spec));

/**
 * Runs the candidates of a case, one after the other, and yields what came of each: `{ candidate, worst, message, skipped }`.
 * @param values the contents of cases/values.bin
 */
export async function* runCase(launcher, each, values) {
  const input = each.inputs.map((spec) => launcher.buffer(spec, valuesOf(spec, values)));
  try {
    for (const candidate of each.candidates) {
      const skipped = await launcher.whyNot(candidate);
      if (skipped !== undefined) {
        yield { candidate: candidate.name, skipped };
        continue;
      }
      try {
        yield {
          candidate: candidate.name,
          ...(await runCandidate(launcher, each, candidate, input, values)),
        };
      } catch (error) {
        yield { candidate: candidate.name, worst: Infinity, message: error.message };
      }
    }
  } finally {
    for (const buffer of input) buffer.destroy();
  }
}
