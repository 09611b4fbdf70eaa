// Searching by vectors on a device, where that pays.

import { OutOfMemoryError } from "../errors/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import type { LastingEngine } from "../runtime/lasting-engine.ts";
import type { NamedDevice } from "../runs/device-options.ts";
import type { Hit, SearchMode, TextIndex } from "../text/search/text-index.ts";
import { mostNearest, VectorSearch, type VectorSearchOptions } from "../text/search/vector-search.ts";
import { lastingEngine } from "./on-engine.ts";
import { warn } from "./terminal/warn.ts";
import type { QueryEncoder } from "./text-options.ts";

/**
 * Products of numbers that the host computes in the time that a device needs to begin: uploading and its first launch take as long as
 * some .2 s of the host (lavapipe on 2 cores, 2026-12).
 */
const fewProducts = 1e8;

/** Searches for many queries at a time. */
export interface DeviceSearch extends Disposable {
  /** What `searchTexts` finds by vectors; undefined where the device has no room for those of the index. */
  nearest(vectors: readonly Float32Array[], options: VectorSearchOptions): Promise<Hit[][] | undefined>;
}

/**
 * A search on the device that the encoder of the queries computes on already, or that was asked for by name.
 *
 * @param count how many queries there will be
 * @returns undefined where there is no such device, it does not pay, or it cannot do it: with words, or for more than 128 texts a query
 */
export async function deviceSearch(
  index: TextIndex,
  encoder: QueryEncoder,
  where: NamedDevice,
  { mode, top, count }: { readonly mode: SearchMode; readonly top: number; readonly count: number },
): Promise<DeviceSearch | undefined> {
  const products = count * (index.vectors?.values.length ?? 0);
  if (mode !== "dense" || top > mostNearest || products < fewProducts) return undefined;
  const isOwn = encoder.lasting === undefined;
  if (isOwn && where.device !== "webgpu") return undefined;
  const lasting = encoder.lasting ?? (await lastingEngine(where));
  if (lasting.engine.backend.kind !== "webgpu") return undefined;
  return searchOn(lasting, isOwn, index);
}

function searchOn(lasting: LastingEngine, isOwn: boolean, index: TextIndex): DeviceSearch {
  let held: { readonly engine: Engine; readonly search: VectorSearch } | undefined;
  let hasRoom = true;
  return {
    async nearest(vectors, options) {
      if (!hasRoom) return undefined;
      const width = index.vectors?.width ?? 0;
      const queries = new Float32Array(vectors.length * width);
      for (const [q, vector] of vectors.entries()) queries.set(vector, q * width);
      try {
        return await lasting.run(async (engine) => {
          if (held?.engine !== engine) held = { engine, search: new VectorSearch(engine, index) };
          return await held.search.search(queries, options);
        });
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
        warn(`warning: the CPU searches, since the device has no room for the vectors: ${error.message}`);
        hasRoom = false;
        return undefined;
      }
    },
    [Symbol.dispose]: () => {
      held?.search.dispose();
      if (isOwn) lasting[Symbol.dispose]();
    },
  };
}
