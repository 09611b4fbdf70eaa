// Names of images as lists have them.
import { withSlashes } from "../../files/path-text.ts";
import { canonicalName } from "../../labels/wording.ts";

/** The form in which names of images and of lists meet. */
export function nameOnList(name: string): string {
  return withSlashes(canonicalName(name)).replace(/^(?:\.\/)+/u, "");
}
