// The fields of an entry: those of its format beside those that all formats have.
import { expect, test } from "vitest";
import { sourceEntry, testEntry } from "../../src/data/manifest/entry-schema.ts";
import { formatNames, formats } from "../../src/data/formats/formats.ts";

test("no field of a format has the name of a field that all formats have", () => {
  for (const { options } of [sourceEntry, testEntry]) {
    // One that it had would be counted once where it should be counted twice.
    const common = options.map(({ shape }, i) => {
      return Object.keys(shape).length - Object.keys(formats[formatNames[i]].fields).length;
    });
    expect(common).toEqual(common.map(() => Math.max(...common)));
  }
});
