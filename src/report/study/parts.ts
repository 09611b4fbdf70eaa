// The arms of a study in two parts: its own arms, and their controls.

import type { Arm } from "../../studies/scores.ts";

/** Items of the arms of one part. */
export interface Part<Item> {
  /** Explains controls; left out for the study's own arms. */
  readonly title?: string;
  /** Whether the title says already how each item differs from the arm that it controls. */
  readonly told: boolean;
  readonly items: readonly Item[];
}

/**
 * The study's own arms first, then the controls.
 * @param names gives the arms of an item; an item is a control's only where all of its arms are controls
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

/** The words that the sentences of controls add to those of their arms, if they are the same for all. */
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
