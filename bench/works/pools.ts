// Pooling and its gradients.

import { averagePool2d, maxPool2d } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { computed, normal, type HostInput } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

export function pools(): OperatorWork[] {
  const [images, size, c] = [32, 28, 72];
  const halved = { images, p: size / 2, q: size / 2, h: size, w: size, c };
  const count = images * size * size * c;
  const x = (): Promise<HostInput> => normal([images, size, size, c], 15);
  const dy = (): Promise<HostInput> => normal([images, size / 2, size / 2, c], 35);
  const ofTwo = { window: [2, 2], stride: [2, 2], padding: [0, 0] } as const;
  const ofThree = { window: [3, 3], stride: [2, 2], padding: [1, 1] } as const;
  const title = `[${images}, ${size}, ${size}, ${c}]`;
  return [
    {
      name: "average-pool",
      title: `${title}, windows of 2`,
      bytes: 4 * 1.25 * count,
      bound: roundingBound(4),
      inputs: () => Promise.all([x()]),
      body: ([x]) => [averagePool2d(x, { window: 2 })],
      peer: { work: "averagePool2d", options: halved },
    },
    {
      name: "max-pool",
      title: `${title}, windows of 3, stride 2`,
      bytes: 4 * 1.25 * count,
      bound: roundingBound(1),
      inputs: () => Promise.all([x()]),
      body: ([x]) => [maxPool2d(x, { window: 3, stride: 2, padding: 1 })],
      peer: { work: "maxPool2d", options: halved },
    },
    {
      name: "average-pool-gradient",
      title: `${title}, windows of 2`,
      bytes: 4 * 1.25 * count,
      bound: roundingBound(1),
      inputs: () => Promise.all([dy()]),
      body: ([gradient], engine) =>
        engine.run(operators.averagePool2dGradient, [gradient], {
          ...ofTwo,
          inputShape: [images, size, size, c],
        }),
      peer: { work: "averagePool2dGradient", options: halved },
    },
    {
      name: "max-pool-gradient",
      title: `${title}, windows of 3, stride 2`,
      bytes: 4 * 2.5 * count, // x, y, dy, dx
      bound: roundingBound(4), // up to four windows meet in a pixel
      async inputs() {
        const maps = await x();
        const largest = await computed([maps], ([tensor]) => [
          maxPool2d(tensor, { window: 3, stride: 2, padding: 1 }),
        ]);
        return [maps, ...largest, await dy()];
      },
      body: (tensors, engine) => engine.run(operators.maxPool2dGradient, tensors, ofThree),
      peer: { work: "maxPool2dGradient", options: halved },
    },
  ];
}
