// Tessera itself, as its users have it: the tuned kernels, the naive ones, and the float64 reference.

import { openEngine, type Engine, type EngineOptions, type Tensor } from "@tessera-gpu/tessera";
import type { HostInput } from "../harness/data.ts";
import type { Subject } from "../harness/work.ts";

export const engineKinds = ["tessera", "tessera-naive", "reference"] as const;
export type EngineKind = (typeof engineKinds)[number];

/** The naive one takes the first candidate of every operator. */
const optionsOf: Readonly<Record<EngineKind, EngineOptions>> = {
  tessera: { device: "webgpu" },
  "tessera-naive": { device: "webgpu", candidates: { "*": "first" } },
  reference: { device: "reference" },
};

const opened = new Map<EngineKind, Promise<Engine>>();

/** The engine of a kind, opened once. */
export function engineOf(kind: EngineKind): Promise<Engine> {
  let engine = opened.get(kind);
  if (engine === undefined) {
    engine = openEngine(optionsOf[kind]);
    opened.set(kind, engine);
  }
  return engine;
}

export async function closeEngines(): Promise<void> {
  for (const engine of opened.values()) (await engine).close();
  opened.clear();
}

/** Operator calls on an engine: inputs go there once, what the calls make is released after each run. */
export async function onEngine(
  where: EngineKind | Engine,
  inputs: readonly HostInput[],
  body: (tensors: Tensor[], engine: Engine) => readonly Tensor[],
  /** Inputs that the body overwrites; their new values are compared too. */
  updates: readonly number[] = [],
  repeats = 1,
): Promise<Subject> {
  const engine = typeof where === "string" ? await engineOf(where) : where;
  const upload = (): Tensor[] => inputs.map(({ data, shape, dtype }) => engine.tensor(data, shape, dtype));
  const tensors = upload();
  return {
    repeats,
    async results() {
      const fresh = upload();
      const outputs = engine.scope(() => body(fresh, engine));
      const compared = [...outputs, ...updates.map((index) => fresh[index])];
      const read = await Promise.all(compared.map((tensor) => tensor.read()));
      for (const tensor of [...fresh, ...outputs]) tensor.dispose();
      return read;
    },
    async run() {
      for (let i = 0; i < repeats; i++) engine.scope(() => void body(tensors, engine));
      await engine.synchronise();
    },
    dispose() {
      for (const tensor of tensors) tensor.dispose();
    },
  };
}
