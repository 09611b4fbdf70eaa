// What training images teach under either policy for absent labels.
import { expect, test } from "vitest";
import { phantoms } from "../../src/data/phantoms/index.ts";
import { taughtSources } from "../../src/assemble/absent-policy.ts";

const set = phantoms({ count: 12, size: 16, site: "A", seed: 1, knows: ["nodule", "effusion"] });

test("absent labels are left as they are, or taken for negative ones, and nothing else is changed", () => {
  expect([...new Set(set.states)].sort((a, b) => a - b)).toEqual([0, 1, 255]);
  expect(taughtSources([set], {})).toEqual([set]);
  const [taught] = taughtSources([set], { absent: "negative" });
  expect(taught.states).toEqual(set.states.map((state) => (state === 255 ? 0 : state)));
  expect({ ...taught, states: set.states }).toEqual(set);
  expect(set.states).toContain(255);
});
