// What is printed has names of classes, sources and files in it, which come from others: none of them moves the cursor, recolours the
// terminal or sends it a command. Bars alone do, over a stream of their own.

import { plainText } from "../../errors/plain-text.ts";

const writeErrors = process.stderr.write.bind(process.stderr);

/** stderr as bars need it. */
export const barStream: NodeJS.WriteStream = Object.create(process.stderr, {
  write: { value: writeErrors },
}) as NodeJS.WriteStream;

const writeOutput = process.stdout.write.bind(process.stdout);

/** stdout as a line that is edited needs it. */
export const promptStream: NodeJS.WriteStream = Object.create(process.stdout, {
  write: { value: writeOutput },
}) as NodeJS.WriteStream;

/** Prints with control sequences of our own, such as bold words: texts of others in it must be plain already (`plainText`). */
export const printStyled = (text: string): void => void writeOutput(text);

/** From now on texts are printed as `plainText`. */
export function printPlainly(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (chunk: unknown, ...more: unknown[]) => boolean;
    stream.write = (chunk: unknown, ...more: unknown[]): boolean =>
      write(typeof chunk === "string" ? plainText(chunk) : chunk, ...more);
  }
}
