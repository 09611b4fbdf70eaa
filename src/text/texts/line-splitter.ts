// Lines of a file that comes piece by piece, of which no more than one line is held.
import { DataError } from "../../errors/data-errors.ts";
import { joinBytes } from "../../files/join-bytes.ts";

export interface Line {
  /** Counted from 1. */
  readonly line: number;
  /** Without the line feed. */
  readonly bytes: Uint8Array;
}

export class LineSplitter {
  readonly #file: string;
  readonly #most: number;
  /** Pieces of the line that is under way. */
  #held: Uint8Array[] = [];
  #length = 0;
  #line = 1;

  /**
   * @param file its name, for messages
   * @param most bytes of a line
   */
  constructor(file: string, most: number) {
    this.#file = file;
    this.#most = most;
  }

  /**
   * The lines that end within a piece.
   * @throws DataError naming a line that is longer than it may be, before the rest of it is looked at
   */
  *push(piece: Uint8Array): Generator<Line> {
    for (let at = 0; at < piece.length;) {
      const found = piece.indexOf(0x0a, at);
      this.#hold(piece.subarray(at, found < 0 ? piece.length : found));
      if (found < 0) return;
      yield this.#take();
      at = found + 1;
    }
  }

  /** What stands behind the last line feed. */
  *end(): Generator<Line> {
    if (this.#length > 0) yield this.#take();
  }

  #hold(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.#most) {
      throw new DataError(
        this.#file,
        `line ${this.#line}: has more than ${this.#most} bytes, which is the most that is read. Is it JSON lines, one object a line?`,
      );
    }
    this.#held.push(part);
  }

  #take(): Line {
    const bytes = this.#held.length === 1 ? this.#held[0] : joinBytes(this.#held);
    this.#held = [];
    this.#length = 0;
    return { line: this.#line++, bytes };
  }
}
