// The note of a figure about means that leave out some class.

/**
 * Which means leave out which classes, the classes in brackets; said once where it is the same for all. Empty where no mean
 * leaves out any.
 */
export function leftOutText(
  of: readonly { readonly name: string; readonly leftOut: readonly string[] }[],
): string {
  const texts = of.map(({ leftOut }) => leftOut.join(", "));
  if (of.length > 1 && texts[0] !== "" && texts.every((text) => text === texts[0]))
    return `all (${texts[0]})`;
  return of.flatMap(({ name }, i) => (texts[i] === "" ? [] : [`${name} (${texts[i]})`])).join("; ");
}
