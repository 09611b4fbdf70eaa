import { expect } from "vitest";
import { DataError } from "../../../src/errors/data-errors.ts";

/** What a reader complains of: always a DataError of one line that starts with the file. */
export async function complaint(reading: Promise<unknown>, file: string): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof DataError))
    throw new Error(`expected a DataError, not ${String(error)}`, { cause: error });
  expect(error.file).toBe(file);
  // A file's name is shown with its control letters.
  expect(error.message).toBe(`${file.replace("\0", "\\u0000")}: ${error.reason}`);
  expect(error.message).not.toContain("\n");
  return error.reason;
}
