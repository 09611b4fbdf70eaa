// Runs launch lists on a GPUDevice: what an operator launches, as cases and the bench list have it.

const access = { uniform: "uniform", read: "read-only-storage", readWrite: "storage" };
// GPUBufferUsage and GPUShaderStage are globals of browsers only.
const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 };
const computeStage = 4;
const uniformAlignment = 256;

const arrays = { f32: Float32Array, u32: Uint32Array, u8: Uint8Array };

/** How many elements a tensor has. */
export const elementsOf = ({ shape }) => shape.reduce((count, extent) => count * extent, 1);
/** Bytes of a tensor in a buffer: whole words. */
export const bytesOf = (spec) =>
  Math.max(4, 4 * Math.ceil((elementsOf(spec) * arrays[spec.dtype].BYTES_PER_ELEMENT) / 4));

/** Compiles kernels once for each set of knobs, and binds and encodes launches. */
export class Launcher {
  #device;
  #load;
  #kernels = new Map();
  #pipelines = new Map();

  constructor(device, load) {
    this.#device = device;
    this.#load = load;
  }

  get device() {
    return this.#device;
  }

  kernel(name) {
    if (!this.#kernels.has(name)) this.#kernels.set(name, this.#load(name));
    return this.#kernels.get(name);
  }

  /** Why this device cannot run a candidate: a sentence; undefined where it can. */
  async whyNot({ launches }) {
    const { features, adapterInfo } = this.#device;
    for (const { kernel: name } of launches) {
      const kernel = await this.kernel(name);
      const missing = kernel.features.filter((feature) => !features.has(feature));
      if (missing.length > 0) return `the device has no ${missing.join(", ")}`;
      // A subgroup of fewer lanes than eight would compute other numbers.
      if (kernel.features.includes("subgroups") && !(adapterInfo?.subgroupMinSize >= 8)) {
        return "subgroups of this device may have fewer than eight lanes";
      }
    }
    return undefined;
  }

  async #pipelineOf(name, knobs) {
    const kernel = await this.kernel(name);
    const entries = kernel.bindings.map((binding) => ({
      binding: binding.index,
      visibility: computeStage,
      buffer: { type: access[binding.access] },
    }));
    const layout = this.#device.createBindGroupLayout({ entries });
    const pipeline = await this.#device.createComputePipelineAsync({
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: {
        module: this.#device.createShaderModule({ code: kernel.specialise(knobs), label: name }),
        entryPoint: "main",
      },
    });
    return { kernel, layout, pipeline };
  }

  /** The pipeline of a kernel with these knobs, compiled once. */
  pipeline(name, knobs = {}) {
    const key = `${name} ${JSON.stringify(knobs)}`;
    if (!this.#pipelines.has(key)) this.#pipelines.set(key, this.#pipelineOf(name, knobs));
    return this.#pipelines.get(key);
  }

  /** A buffer for a tensor, with values where they are given. */
  buffer(spec, values) {
    const { storage, copySource, copyTarget } = usage;
    const size = bytesOf(spec);
    const buffer = this.#device.createBuffer({ size, usage: storage | copySource | copyTarget });
    if (values !== undefined) this.write(buffer, values);
    return buffer;
  }

  /** Overwrites a buffer from its beginning. */
  write(buffer, values) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const whole = new Uint8Array(4 * Math.ceil(bytes.length / 4));
    whole.set(bytes);
    this.#device.queue.writeBuffer(buffer, 0, whole);
  }

  /**
   * Makes a candidate ready: compiles, packs, binds. `buffers` has a list for `input` and `output`; temporaries are made here.
   * @returns `encode(pass)`, which dispatches all launches in order and may be called often, and `destroy()`
   */
  async prepare({ launches, temporaries = [] }, buffers) {
    const compiled = await Promise.all(launches.map(({ kernel, knobs }) => this.pipeline(kernel, knobs)));
    const slots = { ...buffers, temporary: temporaries.map((spec) => this.buffer(spec)) };
    const room = Math.max(uniformAlignment, launches.length * uniformAlignment);
    const packed = new Uint8Array(room);
    const uniforms = this.#device.createBuffer({ size: room, usage: usage.uniform | usage.copyTarget });
    const limit = this.#device.limits.maxComputeWorkgroupsPerDimension;
    const dispatches = launches.map(({ knobs = {}, sizes, bind }, i) => {
      const { kernel, layout, pipeline } = compiled[i];
      if (kernel.uniformBytes > uniformAlignment)
        throw new Error(`${kernel.name}: ${kernel.uniformBytes} bytes of uniforms`);
      packed.set(new Uint8Array(kernel.pack(sizes)), i * uniformAlignment);
      const entries = kernel.bindings.map(({ index, name, access: kind }) => {
        if (kind === "uniform") {
          const resource = { buffer: uniforms, offset: i * uniformAlignment, size: kernel.uniformBytes };
          return { binding: index, resource };
        }
        const [slot, at] = bind[name].split(" ");
        return { binding: index, resource: { buffer: slots[slot][at] } };
      });
      const group = this.#device.createBindGroup({ layout, entries });
      return { pipeline, group, workgroups: kernel.workgroups(sizes, knobs, limit) };
    });
    this.#device.queue.writeBuffer(uniforms, 0, packed);
    return {
      encode(pass) {
        for (const { pipeline, group, workgroups } of dispatches) {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, group);
          pass.dispatchWorkgroups(...workgroups);
        }
      },
      destroy() {
        for (const each of [uniforms, ...slots.temporary]) each.destroy();
      },
    };
  }

  /** The values of buffers, once all that was submitted is done: `[{ buffer, spec }]` to typed arrays. */
  async read(wanted) {
    const size = wanted.reduce((sum, { spec }) => sum + bytesOf(spec), 0);
    if (size === 0) return [];
    const staging = this.#device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget });
    const commands = this.#device.createCommandEncoder();
    let at = 0;
    const places = wanted.map(({ buffer, spec }) => {
      commands.copyBufferToBuffer(buffer, 0, staging, at, bytesOf(spec));
      at += bytesOf(spec);
      return at - bytesOf(spec);
    });
    this.#device.queue.submit([commands.finish()]);
    await staging.mapAsync(1);
    const bytes = staging.getMappedRange().slice(0);
    staging.destroy();
    return wanted.map(({ spec }, i) => new arrays[spec.dtype](bytes, places[i], elementsOf(spec)));
  }
}
