// The movements of data as rows of the registry.

import { addRows } from "./add-rows.ts";
import { broadcastTo } from "./broadcast-to.ts";
import { cast } from "./cast.ts";
import { concat } from "./concat.ts";
import { pack } from "./pack.ts";
import { pad } from "./pad.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";
import { split } from "./split.ts";
import { takeRows } from "./take-rows.ts";
import { transpose } from "./transpose.ts";

export type { AddRowsAttributes } from "./add-rows.ts";
export type { BroadcastToAttributes } from "./broadcast-to.ts";
export type { CastAttributes } from "./cast.ts";
export type { ConcatAttributes } from "./concat.ts";
export type { PackAttributes } from "./pack.ts";
export type { PadAttributes } from "./pad.ts";
export type { ReshapeAttributes } from "./reshape.ts";
export type { SliceAttributes } from "./slice.ts";
export type { SplitAttributes } from "./split.ts";
export type { TakeRowsAttributes } from "./take-rows.ts";
export type { TransposeAttributes } from "./transpose.ts";

export const movementOperators = {
  reshape,
  transpose,
  slice,
  pad,
  concat,
  split,
  pack,
  broadcastTo,
  takeRows,
  addRows,
  cast,
} as const;
