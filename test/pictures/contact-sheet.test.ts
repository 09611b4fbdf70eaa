// The contact sheet: cells stand where they belong, enlarged and unchanged, and captions leave ink.
import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import { contactSheet } from "../../src/pictures/contact-sheet.ts";

const grey = { height: 2, width: 2, channels: 1, pixels: Uint8Array.of(0, 100, 200, 255) };
const colour = { height: 1, width: 1, channels: 3, pixels: Uint8Array.of(10, 20, 30) };

/** How many sheet pixels have this colour. */
function area(png: PNG, red: number, green: number, blue: number): number {
  let found = 0;
  for (let at = 0; at < png.data.length; at += 4) {
    if (png.data[at] === red && png.data[at + 1] === green && png.data[at + 2] === blue) found++;
  }
  return found;
}

describe("a contact sheet", () => {
  test("shows every pixel of every cell as a square of zoom x zoom", () => {
    const rows = [{ caption: "", cells: [grey, undefined, colour] }];
    const png = PNG.sync.read(contactSheet({ rows, columns: [], zoom: 5 }));
    for (const level of [0, 100, 200, 255]) expect(area(png, level, level, level)).toBe(25);
    expect(area(png, 10, 20, 30)).toBe(25);
  });

  test("writes every printable ASCII letter its own way, and a question mark for others", () => {
    const ink = (caption: string): number =>
      area(
        PNG.sync.read(contactSheet({ rows: [{ caption, cells: [] }], columns: [], zoom: 1 })),
        230,
        230,
        230,
      );
    expect(ink(" ")).toBe(0);
    expect(ink("I")).toBe(11);
    expect(ink("\u00e9")).toBe(ink("?"));
    const all = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).join("");
    for (const letter of all) expect(ink(letter), letter).toBeGreaterThan(1);
    expect(ink(all)).toBe(Array.from(all).reduce((sum, letter) => sum + ink(letter), 0));
  });

  test("is refused for pixels that do not fit, or no zoom", () => {
    const cells = [{ ...grey, width: 3 }];
    expect(() => contactSheet({ rows: [{ caption: "", cells }], columns: [], zoom: 1 })).toThrow(
      /2 x 3 x 1 has 4 values/u,
    );
    expect(() => contactSheet({ rows: [], columns: [], zoom: 0.5 })).toThrow(/zoom must be/u);
  });
});
