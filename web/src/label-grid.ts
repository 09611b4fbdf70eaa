// The picture that says it all: which source has labels of which class. A click takes a label away or gives it back.

import type { Setup } from "./protocol.ts";

/** Takes away or gives back a label of a source, all of a source, or all of a class. */
export type Change = { readonly source?: string; readonly class?: string };

export function changed(setup: Setup, { source, class: name }: Change): Setup {
  const hit = setup.sources.filter((each) => source === undefined || each.name === source);
  const classes = name === undefined ? setup.classes : [name];
  // Whether anything of what was clicked is there decides what a click on many does.
  const any = hit.some(({ knows }) => classes.some((each) => knows.includes(each)));
  const sources = setup.sources.map((each) => {
    if (!hit.includes(each)) return each;
    const rest = each.knows.filter((known) => !classes.includes(known));
    const knows = any
      ? rest
      : setup.classes.filter((known) => rest.includes(known) || classes.includes(known));
    return { ...each, knows };
  });
  return { ...setup, sources };
}

/**
 * Draws the grid into a table that is there.
 * @param still whether it cannot be changed now
 */
export function showGrid(
  table: HTMLTableElement,
  setup: Setup,
  still: boolean,
  change: (change: Change) => void,
): void {
  const button = (text: string, title: string, what: Change, pressed?: boolean): HTMLButtonElement => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.title = title;
    made.setAttribute("aria-label", title);
    if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
    made.dataset["at"] = `${what.source ?? ""}|${what.class ?? ""}`;
    // Still to be read and reached by keyboard.
    if (still) made.setAttribute("aria-disabled", "true");
    else made.addEventListener("click", () => change(what));
    return made;
  };
  const focused =
    document.activeElement instanceof HTMLElement ? document.activeElement.dataset["at"] : undefined;
  const head = document.createElement("thead");
  const names = head.insertRow();
  names.append(document.createElement("td"));
  for (const name of setup.classes) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.append(
      button(name, `labels of ${name}: take away, or give back, in both hospitals`, { class: name }),
    );
    names.append(cell);
  }
  const body = document.createElement("tbody");
  for (const { name, knows } of setup.sources) {
    const row = body.insertRow();
    const title = document.createElement("th");
    title.scope = "row";
    title.append(
      button(`Hospital ${name}`, `all labels of hospital ${name}: take away, or give back`, { source: name }),
    );
    row.append(title);
    for (const each of setup.classes) {
      const known = knows.includes(each);
      const cell = row.insertCell();
      cell.className = known ? "known" : "gap";
      const what = known ? "labels" : "no labels";
      cell.append(
        button(
          known ? "labelled" : "no label",
          `hospital ${name} has ${what} of ${each}`,
          { source: name, class: each },
          known,
        ),
      );
    }
  }
  table.replaceChildren(head, body);
  if (focused !== undefined) table.querySelector<HTMLElement>(`[data-at="${CSS.escape(focused)}"]`)?.focus();
}
