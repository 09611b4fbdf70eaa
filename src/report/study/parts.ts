// The arms of a study in parts: those that it is about, and their controls.

import type { Arm } from "../../assemble/index.ts";

/** Arms, or what is made of them, that belong together. */
export interface Part<Item> {
  /** Of controls, what all of them have in common. */
  readonly title?: string;
  readonly items: readonly Item[];
}

/** What a control has behind its arm's name, such as "+aug"; empty for an arm that is no other's control. */
export function markOf(arms: readonly Arm[], name: string): string {
  const at = name.lastIndexOf("+");
  return at > 0 && arms.some((arm) => arm.name === name.slice(0, at)) ? name.slice(at) : "";
}

/**
 * The study's own first, then those of each kind of control.
 * @param names of the arms that an item is of; where they are not all of one kind, the item is the study's own
 */
export function inParts<Item>(
  arms: readonly Arm[],
  items: readonly Item[],
  names: (item: Item) => readonly string[],
): Part<Item>[] {
  const kind = (item: Item): string => {
    const [mark, ...others] = new Set(names(item).map((name) => markOf(arms, name)));
    return others.length === 0 ? mark : "";
  };
  const of = (mark: string): Item[] => items.filter((item) => kind(item) === mark);
  const marks = new Set(arms.map(({ name }) => markOf(arms, name)).filter((mark) => mark !== ""));
  return [
    { items: of("") },
    ...[...marks].map((mark) => ({ title: titleOf(arms, mark), items: of(mark) })),
  ].filter((part) => part.items.length > 0);
}

/** With what the controls' sentences say more than those of their arms, if that is the same of all. */
function titleOf(arms: readonly Arm[], mark: string): string {
  const more = new Set(
    arms
      .filter(({ name }) => markOf(arms, name) === mark)
      .map(({ name, about }) => {
        const arm = arms.find((each) => `${each.name}${mark}` === name);
        return arm !== undefined && about.startsWith(arm.about) ? about.slice(arm.about.length).trim() : "";
      }),
  );
  const [sentence, ...others] = more;
  return others.length === 0 && sentence !== "" ? `Controls ${mark}: ${sentence}` : `Controls ${mark}`;
}
