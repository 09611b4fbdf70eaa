// A backend that computes nothing and allocates nothing: it only says what a recorded step would need on an adapter.

import { UsageError } from "../errors/errors.ts";
import type { AdapterTraits } from "../device/traits.ts";
import type { HostArray } from "../tensor/host.ts";
import type { TensorSpec } from "../tensor/shape.ts";
import type { Backend, BackendMemory, CompiledProgram } from "./backend.ts";
import { CountedStorage } from "./counted-storage.ts";
import type { Operand } from "./operand.ts";
import type { Operator } from "../operators/operator.ts";
import type { Recording } from "./recording.ts";
import { CandidateChoice, type CandidateNames } from "./webgpu/choice.ts";
import { lower } from "./webgpu/lowering.ts";
import { planMemory } from "./webgpu/memory-plan.ts";

const nothing = (): CountedStorage => new CountedStorage(() => undefined);

function refuse(what: string): never {
  throw new UsageError(`${what}: this engine only plans; open one with openEngine() to compute`);
}

export class PlanningBackend implements Backend {
  readonly kind = "planning";
  readonly traits: AdapterTraits;
  readonly choice: CandidateChoice;

  /** Plans for an adapter with these traits, with the candidates it would take. */
  constructor(
    traits: AdapterTraits,
    options: { readonly candidates?: CandidateNames; readonly tuning?: CandidateNames } = {},
  ) {
    this.traits = traits;
    this.choice = new CandidateChoice(traits, options.candidates, options.tuning);
  }

  expectRoom(): void {
    return;
  }

  fill(): CountedStorage {
    return nothing();
  }

  upload(): CountedStorage {
    return nothing();
  }

  uploadChunks(): CountedStorage {
    return nothing();
  }

  execute<A>(
    operator: Operator<A>,
    inputs: readonly Operand[],
    outputs: readonly TensorSpec[],
    attributes: A,
  ): CountedStorage[] {
    this.choice.choose(operator, inputs, attributes); // refuses what an engine that computes would
    return outputs.map(nothing);
  }

  write(): void {
    return;
  }

  gather(): CountedStorage {
    return nothing();
  }

  compile(recording: Recording, results: readonly Operand[]): Promise<CompiledProgram> {
    const step = lower(recording, results, this.choice, this.traits);
    return Promise.resolve({
      plan: planMemory(step),
      run: () => refuse("run"),
      follow: () => refuse("follow"),
      destroy: () => undefined,
    });
  }

  read(): Promise<HostArray> {
    return Promise.reject(
      new UsageError("read: this engine only plans; open one with openEngine() to compute"),
    );
  }

  synchronise(): Promise<void> {
    return Promise.resolve();
  }

  memory(): BackendMemory {
    return { bytes: 0, pooledBytes: 0 };
  }

  destroy(): void {
    return;
  }
}
