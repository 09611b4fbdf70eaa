// Tells which classes the sources must teach. A class that a model knows already needs no source, where the model is evaluated
// or learns another class.

import { expectArgument, strings } from "../../errors/arguments.ts";
import { placeOf } from "../../labels/wording.ts";

/** Whether a class must be learned. */
export type Learns = (name: string) => boolean;

/** For a training from the beginning: every class. */
export const everyClass: Learns = () => true;

/** For a model that is used and not trained: no class. */
export const noClass: Learns = () => false;

/** For a model that knows some classes: all others. */
export const classesBeyond = (known: readonly string[]): Learns => {
  expectArgument("classesBeyond", "the known classes", known, strings);
  const place = placeOf(known);
  return (name) => place(name) < 0;
};
