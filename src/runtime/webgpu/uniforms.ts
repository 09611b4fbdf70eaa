// The uniform structs of a step's launches in one buffer; equal ones once.

import { uniformAlignment } from "./buffers.ts";
import type { LoweredLaunch } from "./lowering.ts";

export interface UniformLayout {
  /** Of the buffer. */
  readonly bytes: number;
  /** What lies where in it. */
  readonly contents: readonly { readonly offset: number; readonly values: Uint8Array }[];
  /** Where those of each launch lie. */
  readonly places: readonly { readonly offset: number; readonly size: number }[];
}

export function uniformLayout(launches: readonly Pick<LoweredLaunch, "uniforms">[]): UniformLayout {
  const offsets = new Map<string, number>();
  const contents: { readonly offset: number; readonly values: Uint8Array }[] = [];
  let end = 0;
  const places = launches.map(({ uniforms }) => {
    const values = new Uint8Array(uniforms);
    const key = values.join();
    let offset = offsets.get(key);
    if (offset === undefined) {
      offset = end;
      offsets.set(key, offset);
      contents.push({ offset, values });
      end += Math.max(1, Math.ceil(values.length / uniformAlignment)) * uniformAlignment;
    }
    return { offset, size: values.length };
  });
  return { bytes: Math.max(end, uniformAlignment), contents, places };
}
