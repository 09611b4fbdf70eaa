// One kernel of Tessera on the visitor's device, and nothing else of it: 7 KB compressed, with this page. `npx vite
// examples/kernel-in-a-page` opens it. Softmax of rows, held against a plain loop.

import { softmax } from "@tessera-gpu/tessera/kernels";

const told = document.querySelector("#told") ?? document.body;
try {
  told.textContent = await compute(1000, 32);
} catch (error) {
  told.textContent = `It could not be computed: ${(error as Error).message}`;
}

async function compute(rows: number, columns: number): Promise<string> {
  if (!("gpu" in navigator)) throw new Error("this browser has no WebGPU");
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("no graphics device was found");
  const device = await adapter.requestDevice();
  const { STORAGE, UNIFORM, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const x = Float32Array.from({ length: rows * columns }, () => 8 * Math.random() - 4);
  const buffer = (size: number, usage: number): GPUBuffer => device.createBuffer({ size, usage });
  const filled = (data: ArrayBuffer | Float32Array<ArrayBuffer>, usage: number): GPUBuffer => {
    const made = buffer(data.byteLength, usage | COPY_DST);
    device.queue.writeBuffer(made, 0, data);
    return made;
  };
  const knobs = { LANES: 8 };
  const sizes = { rows, columns, scale: 1, maskExtents: [1, 1, 1, 1], maskStrides: [0, 0, 0, 0] };
  const code = softmax.specialise(knobs);
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  const y = buffer(x.byteLength, STORAGE | COPY_SRC);
  const input = filled(x, STORAGE);
  const buffers = [filled(softmax.pack(sizes), UNIFORM), input, input, y]; // no mask is read, but something is bound there
  const entries = buffers.map((each, binding) => ({ binding, resource: { buffer: each } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(...softmax.workgroups(sizes, knobs));
  pass.end();
  const back = buffer(x.byteLength, COPY_DST | MAP_READ);
  encoder.copyBufferToBuffer(y, 0, back, 0, x.byteLength);
  device.queue.submit([encoder.finish()]);
  await back.mapAsync(GPUMapMode.READ);
  const found = new Float32Array(back.getMappedRange());
  const worst = found.reduce((most, value, at) => {
    const row = x.subarray(at - (at % columns), at - (at % columns) + columns);
    const total = row.reduce((sum, each) => sum + Math.exp(each), 0);
    return Math.max(most, Math.abs(value - Math.exp(x[at] ?? NaN) / total));
  }, 0);
  return `Softmax of ${rows} rows of ${columns}: at most ${worst.toExponential(1)} from a plain loop.`;
}
