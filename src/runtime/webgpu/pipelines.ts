// Compute pipelines: compiled asynchronously, in parallel, once per shader and knob values.

import { KernelError } from "../../errors/errors.ts";
import { isBuiltInKernel, type Kernel } from "../../kernels/kernel.ts";
import type { Knobs } from "../../kernels/source.ts";
import { inReverseOrder } from "./reverse-order.ts";

/** A pipeline on its way or ready; `failure` is set instead when it does not compile. */
export interface PipelineEntry {
  readonly kernel: Kernel;
  readonly layout: GPUBindGroupLayout;
  /** Resolves when `pipeline` or `failure` is set; never rejects. */
  readonly settled: Promise<void>;
  pipeline?: GPUComputePipeline;
  /** In a checked engine: the same in reverse order. Set before `pipeline` is. */
  reversed?: GPUComputePipeline;
  failure?: KernelError;
}

const bufferTypes = { uniform: "uniform", read: "read-only-storage", readWrite: "storage" } as const;
const computeStage = 4; // GPUShaderStage.COMPUTE; the global is not defined in Node

/**
 * Names a shader with its knobs; the order they are given in, and giving a default, make no difference. Kernels of users may
 * share a name, so for them the text is part of it.
 */
export function pipelineKey(kernel: Kernel, knobs: Knobs): string {
  const { name, text, knobs: known } = kernel;
  const values = known.map((knob) => knobs[knob.name] ?? knob.value).join(" ");
  return isBuiltInKernel(kernel) ? `${name} ${values}` : `${name} ${values}\n${text}`;
}

export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #checked: boolean;
  readonly #entries = new Map<string, PipelineEntry>();

  /** `checked` compiles every shader in reverse order, too. */
  constructor(device: GPUDevice, checked = false) {
    this.#device = device;
    this.#checked = checked;
  }

  /** How many pipelines were asked for so far. */
  get count(): number {
    return this.#entries.size;
  }

  /** The pipeline of a kernel with these knobs; starts compiling it when it is new. */
  get(kernel: Kernel, knobs: Knobs = {}): PipelineEntry {
    const key = pipelineKey(kernel, knobs);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = this.#compile(kernel, knobs);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #compile(kernel: Kernel, knobs: Knobs): PipelineEntry {
    const device = this.#device;
    const label = `${kernel.name}.wgsl`;
    const layout = device.createBindGroupLayout({
      label,
      entries: kernel.bindings.map(({ index, access }) => ({
        binding: index,
        visibility: computeStage,
        buffer: { type: bufferTypes[access] },
      })),
    });
    const compile = async (entry: PipelineEntry): Promise<void> => {
      try {
        const code = kernel.specialise(knobs);
        const texts = this.#checked ? [code, inReverseOrder(label, code)] : [code];
        const [pipeline, reversed] = await Promise.all(
          texts.map((text) => this.#pipelineOf(label, layout, text)),
        );
        entry.reversed = reversed;
        entry.pipeline = pipeline;
      } catch (cause) {
        entry.failure =
          cause instanceof KernelError
            ? cause
            : new KernelError(`shader ${label}: ${(cause as Error).message}`, { cause });
      }
    };
    let start: () => void = () => undefined;
    const settled = new Promise<void>((resolve) => (start = resolve));
    const entry: PipelineEntry = { kernel, layout, settled };
    void compile(entry).then(start);
    return entry;
  }

  /** @throws KernelError with the line, where the compiler names one */
  async #pipelineOf(label: string, layout: GPUBindGroupLayout, code: string): Promise<GPUComputePipeline> {
    const device = this.#device;
    // Compilation errors arrive through the scope and through getCompilationInfo, which knows the line.
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label, code });
    const invalid = device.popErrorScope();
    const pipeline = device.createComputePipelineAsync({
      label,
      layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    const [compiled, error, info] = await Promise.allSettled([
      pipeline,
      invalid,
      module.getCompilationInfo(),
    ]);
    const message =
      info.status === "fulfilled" ? info.value.messages.find(({ type }) => type === "error") : undefined;
    if (message !== undefined) {
      throw new KernelError(`shader ${label}:${message.lineNum}:${message.linePos}: ${message.message}`);
    }
    if (compiled.status === "rejected") {
      const cause = compiled.reason as Error;
      throw new KernelError(`shader ${label} does not compile: ${cause.message}`, { cause });
    }
    if (error.status === "fulfilled" && error.value !== null) {
      throw new KernelError(`shader ${label}: ${error.value.message}`);
    }
    return compiled.value;
  }
}
