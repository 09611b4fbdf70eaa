// A budget of bytes shared by several tasks: keeps decoding within a limit, whatever the images claim.

interface Request {
  readonly bytes: number;
  readonly grant: (release: () => void) => void;
}

/**
 * A request for more than is left waits for its turn, in the order of requests. While nothing is held, every request is
 * granted, so that one image at a time is always decoded.
 */
export class Budget {
  #left: number;
  #holders = 0;
  readonly #waiting: Request[] = [];

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns a function that gives the bytes back; calling it again does nothing */
  take(bytes: number): Promise<() => void> {
    return new Promise((grant) => {
      this.#waiting.push({ bytes, grant });
      this.#serve();
    });
  }

  #serve(): void {
    for (let next = this.#waiting.at(0); next !== undefined; next = this.#waiting.at(0)) {
      const { bytes, grant } = next;
      if (this.#holders > 0 && bytes > this.#left) return;
      this.#waiting.shift();
      this.#holders++;
      this.#left -= bytes;
      let held = true;
      grant(() => {
        if (!held) return;
        held = false;
        this.#holders--;
        this.#left += bytes;
        this.#serve();
      });
    }
  }
}
