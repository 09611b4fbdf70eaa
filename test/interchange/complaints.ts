// What is said against a file of weights that is refused: one line that begins with its name.

import { expect } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import { readWeightFile } from "../../src/interchange/weight-file.ts";

/** The line without the file's name. */
export async function complaintOf(file: string): Promise<string> {
  const error = await readWeightFile(file).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(DataError);
  const { message } = error as DataError;
  expect(message.split("\n")).toHaveLength(1);
  expect(message.startsWith(file)).toBe(true);
  return message.slice(file.length + 2);
}
