// A work of operator calls: its inputs, what Tessera calls, and what gpu.js does for it.

import type { Engine, Tensor } from "@tessera-gpu/tessera";
import type { HostInput } from "../harness/data.ts";
import type { Bound } from "../harness/equality.ts";

/** A work of operator calls, before anyone is asked to do it. */
export interface OperatorWork {
  readonly name: string;
  readonly title: string;
  readonly flops?: number;
  readonly bytes?: number;
  readonly bound: Bound;
  readonly inputs: () => Promise<HostInput[]>;
  readonly body: (tensors: Tensor[], engine: Engine) => readonly Tensor[];
  /** Inputs that are overwritten, compared after the outputs. */
  readonly updates?: readonly number[];
  /** The same work of a peer, by the name it has there, and its sizes. */
  readonly peer?: { readonly work: string; readonly options: Readonly<Record<string, number>> };
  /** Why gpu.js is not compared. */
  readonly absent?: string;
}
