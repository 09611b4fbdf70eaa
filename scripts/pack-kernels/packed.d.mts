import type { Kernel } from "../../src/kernels/kernel.ts";
import type { OperatorName } from "../../src/operators/registry.ts";
import type { Sample } from "../../test/operators/sample.ts";

export declare const packedKernels: readonly Kernel[];
export declare const samples: Readonly<Record<OperatorName, readonly Sample<unknown>[]>>;
