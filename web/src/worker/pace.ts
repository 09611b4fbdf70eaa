// How fast the models learn, all together.

export class Pace {
  readonly #models: number;
  readonly #left = new Map<string, number>();
  #began = performance.now();
  #images = 0;

  /** @param models how many there are */
  constructor(models: number) {
    this.#models = models;
  }

  /** A model compiles anew: until it is told of again, nothing is known. */
  restart(model: string): void {
    this.#left.delete(model);
  }

  /** Images that a model has learned from since it was told of, and those it has left. */
  add(
    model: string,
    images: number,
    imagesLeft: number,
  ): { readonly imagesPerSecond: number; readonly left: number } {
    // The first steps compile; what they took says nothing about the others.
    if (this.#left.size < this.#models) [this.#began, this.#images] = [performance.now(), 0];
    else this.#images += images;
    this.#left.set(model, imagesLeft);
    const seconds = (performance.now() - this.#began) / 1000;
    const imagesPerSecond = seconds > 0 ? this.#images / seconds : 0;
    const left = [...this.#left.values()].reduce((sum, each) => sum + each, 0);
    return { imagesPerSecond, left: imagesPerSecond > 0 ? left / imagesPerSecond : NaN };
  }
}
