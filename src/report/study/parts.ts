// The arms of a study in parts: those that it is about, and their controls.

import type { Arm } from "../../studies/scores.ts";

/** Arms, or what is made of them, that belong together. */
export interface Part<Item> {
  /** Of controls, what they are. */
  readonly title?: string;
  /** Whether the title says of each what sets it apart from the arm that it is the control of. */
  readonly told: boolean;
  readonly items: readonly Item[];
}

/**
 * The study's own first, then its controls.
 * @param names of the arms that an item is of; where they are not all controls, the item is the study's own
 */
export function inParts<Item>(
  arms: readonly Arm[],
  items: readonly Item[],
  names: (item: Item) => readonly string[],
): Part<Item>[] {
  const controls = arms.filter(({ controlOf }) => controlOf !== undefined);
  const ofControls = (item: Item): boolean =>
    names(item).every((name) => controls.some((arm) => arm.name === name));
  const more = whatControlsAre(arms, controls);
  const title = more === undefined ? "Controls" : `Controls: ${more}`;
  return [
    { items: items.filter((item) => !ofControls(item)), told: false },
    { title, items: items.filter(ofControls), told: more !== undefined },
  ].filter((part) => part.items.length > 0);
}

/** What the sentences of controls say beyond those of their arms, if that is the same of all. */
function whatControlsAre(arms: readonly Arm[], controls: readonly Arm[]): string | undefined {
  const found = new Set(
    controls.map(({ controlOf, about }) => {
      const arm = arms.find(({ name }) => name === controlOf);
      return arm !== undefined && about.startsWith(arm.about) ? about.slice(arm.about.length).trim() : "";
    }),
  );
  const [sentence = "", ...others] = found;
  return others.length === 0 && sentence !== "" ? sentence : undefined;
}
