// What was left out of an entry because it cannot be read, so that a message about what is then missing has the reason.
import type { DataError } from "../../errors/data-errors.ts";
import { counted } from "../../errors/counted.ts";

export class LeftOut {
  #count = 0;
  #first: DataError | undefined;

  add(error: DataError): void {
    this.#count++;
    this.#first ??= error;
  }

  get count(): number {
    return this.#count;
  }

  /** The end of a message: the first fault; empty where nothing was left out. */
  get firstFault(): string {
    return this.#first === undefined ? "" : `; the first fault: ${this.#first.message}`;
  }

  /** "2 bad records are left out, and "; empty where nothing was left out. */
  get countWords(): string {
    if (this.#count === 0) return "";
    return `${counted(this.#count, "bad record")} ${this.#count === 1 ? "is" : "are"} left out, and `;
  }
}
