// Classes that are mirror images of each other, which views that flip teach the wrong way round half of the time.

/** The words of a side, and the side. */
const sides = new Map([
  ["left", "left"],
  ["l", "left"],
  ["right", "right"],
  ["r", "right"],
]);

/** What is left of a name without its sides, and those; undefined where it names no side. */
function withoutSide(name: string): { readonly rest: string; readonly side: string } | undefined {
  const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const named = words.flatMap((word) => sides.get(word) ?? []);
  if (named.length === 0) return undefined;
  return { rest: words.map((word) => (sides.has(word) ? "?" : word)).join(" "), side: named.join(" ") };
}

/** Pairs of classes whose names differ by the words left and right (or L and R) alone. */
export function mirroredPairs(classes: readonly string[]): (readonly [string, string])[] {
  const sided = classes.flatMap((name) => {
    const parts = withoutSide(name);
    return parts === undefined ? [] : [{ name, ...parts }];
  });
  return sided.flatMap((one, i) =>
    sided
      .slice(i + 1)
      .filter(({ rest, side }) => rest === one.rest && side !== one.side)
      .map(({ name }) => [one.name, name] as const),
  );
}

/**
 * What is warned of before a training whose weak views are flipped, a sentence for all pairs.
 * @param flip the share of weak views that are mirrored
 */
export function mirrorWarnings(classes: readonly string[], flip: number): string[] {
  const pairs = mirroredPairs(classes);
  if (flip === 0 || pairs.length === 0) return [];
  const shown = pairs.map(([one, other]) => `${one} and ${other}`).join(", ");
  const share = flip === 0.5 ? "half" : `${Number((100 * flip).toPrecision(2))} %`;
  return [
    `${shown} are mirror images of each other, and flip mirrors ${share} of the views, in which each is taught as the other: ` +
      "set augment.weak.flip: 0.",
  ];
}
