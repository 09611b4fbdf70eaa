// One column of each row, drawn by its probability.

import { ShapeError } from "../../errors/errors.ts";
import { equalShapes } from "../../tensor/shape.ts";
import { showSpecs, typeHint } from "../operands.ts";
import { input, output, type Operator } from "../operator.ts";
import { philox } from "../random/philox.ts";
import { expectAttribute } from "../roles.ts";

export interface SampleRowsAttributes {
  /** 0 for the largest logit. */
  readonly temperature: number;
  /** Tells apart the draws of one step: a u32, another one for each call that shares a seed. */
  readonly stream: number;
}

/** In the place of a column where a row allows none. */
export const noColumn = 0xffffffff;

/**
 * Inputs logits f32 [B, n], seed u32 [4] and, where some columns are not allowed, allowed u8 or f32 [B, n] or [n]; output u32
 * [B]: a column of each row, drawn with the probabilities softmax(logits / temperature) of those that are allowed. By the
 * Gumbel-max trick (Gumbel 1954; Maddison, Tarlow and Minka, "A* sampling", 2014): the largest of logit + temperature times
 * noise. See shaders/sampleRows.wgsl for how the noise is drawn.
 *
 * Columns with allowed = 0 or a logit of -Infinity are never drawn; a row that has no other gives `noColumn`. A NaN is larger
 * than all numbers.
 */
export const sampleRows: Operator<SampleRowsAttributes> = {
  name: "sampleRows",
  infer(inputs, { temperature, stream }) {
    const [logits, seed, allowed] = inputs;
    const fits =
      (inputs.length === 2 || inputs.length === 3) &&
      logits.dtype === "f32" &&
      logits.shape.length === 2 &&
      seed.dtype === "u32" &&
      equalShapes(seed.shape, [4]) &&
      (inputs.length === 2 ||
        (allowed.dtype !== "u32" &&
          (equalShapes(allowed.shape, logits.shape) || equalShapes(allowed.shape, logits.shape.slice(1)))));
    if (!fits) {
      throw new ShapeError(
        "sampleRows: takes logits f32 [rows, columns], seed u32 [4] and, if wanted, allowed u8 or f32 [rows, columns] or " +
          `[columns], got ${showSpecs(inputs)}${typeHint("u32", inputs.slice(1, 2))}`,
      );
    }
    const isTemperature = Number.isFinite(temperature) && temperature >= 0;
    expectAttribute("sampleRows", "temperature", temperature, isTemperature, "a finite number, 0 or more");
    expectAttribute(
      "sampleRows",
      "stream",
      stream,
      stream === stream >>> 0,
      "a whole number from 0 to 2^32 - 1",
    );
    return [{ shape: [logits.shape[0]], dtype: "u32" }];
  },
  reference([logits, seed, ...masks], [y], { temperature, stream }) {
    const [rows, columns] = logits.shape;
    const allowed = masks.length > 0 ? masks[0] : undefined;
    const stride = allowed?.shape.length === 2 ? columns : 0;
    const fours = Math.ceil(columns / 4);
    const words = new Uint32Array(4);
    for (let row = 0; row < rows; row++) {
      let best = -Infinity;
      let place = noColumn;
      for (let column = 0; column < columns; column++) {
        if (column % 4 === 0) {
          words.set([row * fours + column / 4, stream, seed.data[2], seed.data[3]]);
          philox(words, seed.data[0], seed.data[1]);
        }
        if (allowed?.data[row * stride + column] === 0 || Number.isNaN(best)) continue;
        const logit = logits.data[row * columns + column];
        const noise = -Math.log(-Math.log((2 * (words[column % 4] >>> 9) + 1) / 2 ** 24));
        const score = temperature === 0 ? logit : logit + temperature * noise;
        if (!(Number.isNaN(score) || score > best)) continue;
        best = score;
        place = column;
      }
      y.data[row] = place;
    }
  },
  candidates([logits, , ...masks], { temperature, stream }) {
    const [rows, rowLength] = logits.shape;
    const hasMask = masks.length > 0;
    const allowedStride = hasMask && masks[0].shape.length === 2 ? rowLength : 0;
    const ALLOWED = !hasMask ? "all" : masks[0].dtype === "u8" ? "bytes" : "numbers";
    return [
      {
        name: "rows",
        launches: [
          {
            kernel: "sampleRows",
            knobs: { ALLOWED },
            // Without a mask the binding still wants a buffer: the seed serves, and is not read.
            bind: { logits: input(0), seed: input(1), allowed: input(hasMask ? 2 : 1), y: output(0) },
            sizes: { rows, rowLength, allowedStride, stream, temperature },
          },
        ],
      },
    ];
  },
};
