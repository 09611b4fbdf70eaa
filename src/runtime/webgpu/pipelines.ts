// Compute pipelines: compiled asynchronously, in parallel, once per shader and knob values.

import { deviceGist } from "../../device/device-words.ts";
import { KernelError } from "../../errors/errors.ts";
import { isBuiltInKernel, type Kernel } from "../../kernels/kernel.ts";
import type { Knobs } from "../../kernels/source.ts";

/** A pipeline on its way or ready; `failure` is set instead when it does not compile. */
export interface PipelineEntry {
  readonly kernel: Kernel;
  readonly layout: GPUBindGroupLayout;
  /** Resolves when `pipeline` or `failure` is set; never rejects. */
  readonly settled: Promise<void>;
  pipeline?: GPUComputePipeline;
  /** In a checked engine: that of the second run. Set before `pipeline` is. */
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

/** What to do about a kernel that asks for more than the device has: each device has limits of its own. */
function wayOut(words: string): string {
  if (/workgroup (storage|memory)/i.test(words)) return "; use less workgroup memory";
  if (/workgroup_size|invocations/i.test(words)) return "; use fewer invocations in a workgroup";
  return "";
}

export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #second: ((label: string, code: string) => string) | undefined;
  readonly #entries = new Map<string, PipelineEntry>();

  /** `second` makes the text of each shader's second run, in a checked engine. */
  constructor(device: GPUDevice, second?: (label: string, code: string) => string) {
    this.#device = device;
    this.#second = second;
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
    device.pushErrorScope("validation");
    const layout = device.createBindGroupLayout({
      label,
      entries: kernel.bindings.map(({ index, access }) => ({
        binding: index,
        visibility: computeStage,
        buffer: { type: bufferTypes[access] },
      })),
    });
    const refused = device.popErrorScope();
    const compile = async (entry: PipelineEntry): Promise<void> => {
      try {
        const refusal = await refused;
        if (refusal !== null) throw new KernelError(`shader ${label}: ${deviceGist(refusal.message)}`);
        const code = kernel.specialise(knobs);
        const texts = this.#second === undefined ? [code] : [code, this.#second(label, code)];
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
    const pipelineLayout = device.createPipelineLayout({ label, bindGroupLayouts: [layout] });
    const invalid = device.popErrorScope();
    const pipeline = device.createComputePipelineAsync({
      label,
      layout: pipelineLayout,
      compute: { module, entryPoint: "main" },
    });
    const [compiled, error, info] = await Promise.allSettled([
      pipeline,
      invalid,
      module.getCompilationInfo(),
    ]);
    const messages = info.status === "fulfilled" ? info.value.messages : [];
    const [first, ...more] = messages.filter(({ type }) => type === "error") as [
      GPUCompilationMessage?,
      ...GPUCompilationMessage[],
    ];
    if (first !== undefined) {
      const place = first.lineNum > 0 ? `:${first.lineNum}:${first.linePos}` : ""; // 0 where it is not known
      const rest =
        more.length === 0 ? "" : `; and ${more.length} more ${more.length === 1 ? "error" : "errors"}`;
      throw new KernelError(`shader ${label}${place}: ${deviceGist(first.message)}${rest}`);
    }
    if (error.status === "fulfilled" && error.value !== null) {
      throw new KernelError(`shader ${label}: ${deviceGist(error.value.message)}`);
    }
    if (compiled.status === "rejected") {
      const cause = compiled.reason as Error;
      const words = deviceGist(cause.message);
      throw new KernelError(`shader ${label} does not compile: ${words}${wayOut(words)}`, { cause });
    }
    return compiled.value;
  }
}
