// Resizing and its gradient.

import { resize2d } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { normal } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

export function resizing(): OperatorWork[] {
  const [images, height, width, c] = [8, 48, 72, 32];
  const [p, q] = [2 * height, 2 * width];
  const title = `[${images}, ${height}, ${width}, ${c}] x 2`;
  const count = images * height * width * c;
  const options = { p, q };
  const small = () => Promise.all([normal([images, height, width, c], 15)]);
  const large = () => Promise.all([normal([images, p, q, c], 35)]);
  return [
    {
      name: "resize-bilinear",
      title,
      bytes: 4 * 5 * count,
      bound: roundingBound(4),
      inputs: small,
      body: ([x]) => [resize2d(x, [p, q], { method: "bilinear" })],
      peer: { work: "resizeBilinear", options },
    },
    {
      name: "resize-bilinear-gradient",
      title,
      bytes: 4 * 5 * count,
      bound: roundingBound(16),
      inputs: large,
      body: ([dy], engine) =>
        engine.run(operators.resize2dGradient, [dy], { size: [height, width], method: "bilinear" }),
      // tfjs's gradient of the bilinear one leaves out halfPixelCenters: it is that of another function.
    },
    {
      name: "resize-nearest",
      title,
      bytes: 4 * 5 * count,
      bound: roundingBound(1),
      inputs: small,
      body: ([x]) => [resize2d(x, [p, q], { method: "nearest" })],
      peer: { work: "resizeNearest", options },
    },
    {
      name: "resize-nearest-gradient",
      title,
      bytes: 4 * 5 * count,
      bound: roundingBound(4),
      inputs: large,
      body: ([dy], engine) =>
        engine.run(operators.resize2dGradient, [dy], { size: [height, width], method: "nearest" }),
      peer: { work: "resizeNearestGradient", options: { h: height, w: width } },
    },
  ];
}
