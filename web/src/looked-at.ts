// What is looked at after a training: mistakes with their images, and how alike the class queries are.

import type { Mistake } from "./protocol.ts";
import { picture } from "./radiograph-picture.ts";

export function showMistakes(place: HTMLElement, list: readonly Mistake[]): void {
  place.replaceChildren(
    ...list.map((mistake) => {
      const { source, truth, probability } = mistake;
      const of = source === undefined ? "" : ` Hospital ${source}.`;
      const figure = document.createElement("figure");
      const percent = Math.round(100 * probability);
      const said = `${mistake.class}: the model says ${percent} %`;
      const is = truth ? "it is there" : "it is not there";
      const text = document.createElement("p");
      text.textContent = `${said}, and ${is}.${of}`;
      figure.append(picture(mistake, `test image; ${said}, and ${is}`, mistake.heat), text);
      return figure;
    }),
  );
}

export function showSimilarities(
  table: HTMLTableElement,
  classes: readonly string[],
  values: readonly number[],
): void {
  const others = values.filter((_, at) => Math.floor(at / classes.length) !== at % classes.length);
  const most = Math.max(1e-6, ...others.map(Math.abs));
  const header = document.createElement("tr");
  header.append(document.createElement("td"), ...classes.map((name) => heading(name, "col")));
  const rows = classes.map((name, i) => {
    const row = document.createElement("tr");
    row.append(heading(name, "row"));
    classes.forEach((_, k) => {
      const cell = row.insertCell();
      if (i === k) return;
      const value = values[i * classes.length + k] ?? 0;
      cell.textContent = value.toFixed(3).replace("-", "−");
      const share = Math.round((60 * Math.abs(value)) / most);
      cell.style.background = `color-mix(in srgb, var(${value < 0 ? "--b" : "--a"}) ${share}%, transparent)`;
    });
    return row;
  });
  table.replaceChildren(header, ...rows);
}

function heading(text: string, scope: "col" | "row"): HTMLTableCellElement {
  const made = document.createElement("th");
  made.scope = scope;
  made.textContent = text;
  return made;
}
