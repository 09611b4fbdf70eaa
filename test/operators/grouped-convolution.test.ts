// What the samples of grouped convolutions cannot show: errors, and that they are what one writes without them.

import { describe, expect, test } from "vitest";
import { conv2d } from "../../src/functions/convolution.ts";
import { concat, reshape, slice } from "../../src/functions/movement.ts";
import { useEngine } from "../engines.ts";
import { integers } from "./sample.ts";

const engine = useEngine({ device: "reference" });

describe("conv2d with groups", () => {
  test("is the convolution of each group, side by side", async () => {
    const [x, filter] = [integers([2, 4, 5, 6], 9, 1), integers([3, 2, 3, 8], 9, 2)].map(({ data, shape }) =>
      engine().tensor(data, shape),
    );
    const options = { padding: 1, stride: [1, 2] } as const;
    const together = conv2d(x, filter, { ...options, groups: 2 });
    const apart = [0, 1].map((group) =>
      conv2d(
        slice(x, [0, 0, 0, 3 * group], [2, 4, 5, 3]),
        slice(filter, [0, 0, 0, 4 * group], [3, 2, 3, 4]),
        options,
      ),
    );
    expect([...(await together.read())]).toEqual([...(await concat(apart, 3).read())]);
  });

  test("depthwise output c * m + j is made of channel c and weight [.., c, j]", async () => {
    const x = engine().tensor([1, 10, 100], [1, 1, 1, 3]);
    const filter = reshape(engine().tensor([1, 2, 3, 4, 5, 6], [1, 1, 3, 2]), [1, 1, 1, 6]);
    expect([...(await conv2d(x, filter, { groups: 3 }).read())]).toEqual([1, 2, 30, 40, 500, 600]);
  });

  test.each([
    [
      [1, 4, 4, 6],
      [3, 3, 2, 6],
      4,
      /^conv2d: 4 groups must divide the channels of both; .* 6 channels and 6 output/,
    ],
    [[1, 4, 4, 6], [3, 3, 2, 5], 3, /3 groups must divide the channels of both; .* 6 channels and 5 output/],
    [[1, 4, 4, 6], [3, 3, 6, 6], 3, /with 3 groups a filter is \[height, width, 2, output channels\]/],
    [[4, 4, 6], [3, 3, 2, 6], 3, /takes x as \[images, height, width, channels\]/],
    [[1, 2, 2, 6], [3, 3, 2, 6], 3, /larger than the image/],
  ])("x %j and filter %j do not go into %i groups", (x, filter, groups, message) => {
    expect(() => conv2d(engine().full(x, 1), engine().full(filter, 1), { groups })).toThrow(message);
  });
});
