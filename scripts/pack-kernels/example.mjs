// npm install @tessera-gpu/kernels webgpu
import { create, globals } from "webgpu";
import { softmax } from "@tessera-gpu/kernels/softmax";

Object.assign(globalThis, globals, { dawn: create([]) });
const adapter = await globalThis.dawn.requestAdapter();
const device = await adapter.requestDevice();

const logits = Float32Array.of(1, 2, 3, 4, 1, 1, 1, 1);
const sizes = { rows: 2, columns: 4, scale: 1, maskExtents: [2, 1, 1, 1], maskStrides: [0, 0, 0, 0] };
const knobs = { LANES: 1, WIDTH: 64 };

const { UNIFORM, STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
const filled = (data, usage) => {
  const buffer = device.createBuffer({ size: data.byteLength, usage: usage | COPY_DST });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
};
const buffers = {
  sizes: filled(softmax.pack(sizes), UNIFORM),
  x: filled(logits, STORAGE),
  mask: filled(new Float32Array(4), STORAGE), // read only with the knob MASK
  y: device.createBuffer({ size: logits.byteLength, usage: STORAGE | COPY_SRC }),
};

const bindingTypes = { uniform: "uniform", read: "read-only-storage", readWrite: "storage" };
const layout = device.createBindGroupLayout({
  entries: softmax.bindings.map(({ index, access }) => ({
    binding: index,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: bindingTypes[access] },
  })),
});
const pipeline = await device.createComputePipelineAsync({
  layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
  compute: { module: device.createShaderModule({ code: softmax.specialise(knobs) }), entryPoint: "main" },
});
const entries = softmax.bindings.map(({ index, name }) => ({
  binding: index,
  resource: { buffer: buffers[name] },
}));

const back = device.createBuffer({ size: logits.byteLength, usage: MAP_READ | COPY_DST });
const commands = device.createCommandEncoder();
const pass = commands.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
pass.dispatchWorkgroups(...softmax.workgroups(sizes, knobs));
pass.end();
commands.copyBufferToBuffer(buffers.y, 0, back, 0, logits.byteLength);
device.queue.submit([commands.finish()]);
await back.mapAsync(GPUMapMode.READ);
console.log(new Float32Array(back.getMappedRange())); // 0.032, 0.087, 0.237, 0.644, and four times 0.25
device.destroy();
