// Several conditions at once, for models that draw one column after another: the first column would be drawn without regard to what
// is asked of the second. So the columns with conditions are drawn again by turns, each given all others, until they suit each other.

import { randomStream } from "../../data/random-stream.ts";
import type { CodeModel, DrawingOptions } from "../code-model.ts";

/** Gibbs sweeps, from a draw of one column after another, which is near already. */
const sweeps = 10;

/**
 * Draws the columns that have conditions, each within its codes.
 *
 * @returns what is known of all columns then: `known` of the options with the codes that were drawn
 */
export async function drawnTogether(
  model: CodeModel,
  options: DrawingOptions,
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, Int32Array>> {
  const { rows, given, known = new Map<number, Int32Array>(), seed } = options;
  const codesLeft = (mask: Uint8Array): number => mask.reduce((sum, each) => sum + each, 0);
  const open = [...given].flatMap(([column, mask]) => (codesLeft(mask) > 1 ? [column] : []));
  if (model.looksAhead === true || open.length < 2 || rows === 0) return known;
  const random = randomStream(seed, "drawn together");
  const codes = new Map(known);
  /** Draws the first column of an order, where it is not known from the beginning. */
  const draw = async (column: number): Promise<void> => {
    signal?.throwIfAborted();
    const others = new Map(codes);
    const own = known.get(column);
    if (own === undefined) others.delete(column);
    else others.set(column, own);
    const order = [column, ...options.order.filter((other) => other !== column)];
    const drawing = model.begin({ ...options, seed: random.bits(), order, known: others });
    try {
      codes.set(column, await drawing.next());
    } finally {
      drawing.close();
    }
  };
  // What can only be one code is known.
  for (const [column, mask] of given) if (codesLeft(mask) === 1) await draw(column);
  for (const column of open) await draw(column);
  for (let sweep = 0; sweep < sweeps; sweep++) for (const column of open) await draw(column);
  return codes;
}
