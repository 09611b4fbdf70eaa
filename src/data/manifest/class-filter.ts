// Which classes sources are to teach. One that a model knows already needs no source: the model may be judged by images, or
// learn another class.

/** Whether a class is to be learned. */
export type Learns = (name: string) => boolean;

/** Of a training from its beginning. */
export const everyClass: Learns = () => true;

/** Of a model that is used, not trained. */
export const noClass: Learns = () => false;

/** Of a model that knows some classes. */
export const classesBeyond =
  (known: readonly string[]): Learns =>
  (name) =>
    !known.includes(name);
