// Errors about data quote the data, which may hold anything.
import { expect, test } from "vitest";
import { DataError, ManifestError } from "../../src/errors/data-errors.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";

test("a message is one line, and shows the control letters of what it quotes", () => {
  const error = new DataError("a\nb.csv", "has \u001b[2J\u2028 for é", { record: 3 });
  expect(error.message).toBe("a\\u000ab.csv: record 3: has \\u001b[2J\\u2028 for é");
  expect(error.file).toBe("a\nb.csv");
  expect(new ManifestError("m.yaml", "x\ty", "is none\r", { line: 2 }).message).toBe(
    "m.yaml:2: x\\u0009y is none\\u000d",
  );
});

test("a key of a manifest that holds a line break is named on one line", () => {
  expect(() => parseManifest('"one\\r\\ntwo": 3', "m.yaml")).toThrow(
    /^m\.yaml:1: one\\u000d\\u000atwo is not known here/u,
  );
});
