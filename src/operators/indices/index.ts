// What gives or takes numbers of rows, columns and classes, as rows of the registry.

import { argMax, argMin } from "./arg-max.ts";
import { oneHot } from "./one-hot.ts";
import { sampleRows } from "./sample-rows.ts";
import { topRows } from "./top-rows.ts";

export type { ArgMaxAttributes } from "./arg-max.ts";
export type { OneHotAttributes } from "./one-hot.ts";
export type { SampleRowsAttributes } from "./sample-rows.ts";
export type { TopRowsAttributes } from "./top-rows.ts";

export const indexOperators = { oneHot, argMax, argMin, topRows, sampleRows } as const;
