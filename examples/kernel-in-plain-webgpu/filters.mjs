// One convolution kernel of Tessera in a WebGPU program that has nothing else of it: a drawn picture goes through
// four 3x3 filters at once, the edges are shown, and a plain loop checks every value.
//
//   node examples/kernel-in-plain-webgpu/filters.mjs
//
// But for the next few lines it is what a browser would run.

import { kernels } from "@tessera-gpu/tessera/kernels";

if (globalThis.navigator?.gpu === undefined) {
  const { create, globals } = await import("webgpu");
  // On globalThis, for Dawn goes away with the object that made it.
  Object.assign(globalThis, globals, { dawn: create([]) });
}
const adapter = await (globalThis.navigator?.gpu ?? globalThis.dawn).requestAdapter();
if (adapter === null)
  throw new Error("no WebGPU adapter found: install a Vulkan driver (mesa-vulkan-drivers)");
const device = await adapter.requestDevice();

// The picture: a ball on a table, bright above and dark below. NHWC, here [1, height, width, 1].
const [height, width] = [28, 72];
const picture = new Float32Array(height * width);
for (let h = 0; h < height; h++) {
  for (let w = 0; w < width; w++) {
    const distance = Math.hypot((w - 36) / 2, h - 12);
    picture[h * width + w] = distance < 9 ? 0.9 - distance / 20 : h < 22 ? 0.2 : 0.6;
  }
}

// The filters: [filterHeight, filterWidth, channels, outputChannels], the output channel innermost.
const filters = {
  acrossEdges: [-1, 0, 1, -2, 0, 2, -1, 0, 1],
  downEdges: [-1, -2, -1, 0, 0, 0, 1, 2, 1],
  blur: [1, 2, 1, 2, 4, 2, 1, 2, 1].map((value) => value / 16),
  sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
};
const taps = Object.values(filters);
const weights = Float32Array.from({ length: 9 * taps.length }, (_, i) => taps[i % 4][Math.floor(i / 4)]);

// The kernel: its text with the knobs we want, its uniforms packed, its launch size. `convolution.knobs`, `.uniforms`
// and `.bindings` say what there is, each with its meaning.
const convolution = kernels.conv2dBlocked;
const knobs = { PIXELS: 4, QUADS: 1 };
const sizes = {
  ...{ batch: 1, groups: 1, height, width, channels: 1, rowStride: 1 },
  ...{
    filterHeight: 3,
    filterWidth: 3,
    strideHeight: 1,
    strideWidth: 1,
    dilationHeight: 1,
    dilationWidth: 1,
  },
  ...{ paddingHeight: 1, paddingWidth: 1, outputHeight: height, outputWidth: width, outputChannels: 4 },
};
const pipeline = await device.createComputePipelineAsync({
  layout: "auto",
  compute: { module: device.createShaderModule({ code: convolution.specialise(knobs) }), entryPoint: "main" },
});

const { UNIFORM, STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
const outputBytes = 4 * height * width * 4;
function bufferOf(data, usage) {
  const buffer = device.createBuffer({ size: data.byteLength, usage: usage | COPY_DST });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}
const buffers = {
  sizes: bufferOf(convolution.pack(sizes), UNIFORM),
  x: bufferOf(picture, STORAGE),
  weights: bufferOf(weights, STORAGE),
  factors: bufferOf(new Float32Array(2), STORAGE), // scale and shift of the input, which only the knob ACTIVATED reads
  y: device.createBuffer({ size: outputBytes, usage: STORAGE | COPY_SRC }),
};
const group = device.createBindGroup({
  layout: pipeline.getBindGroupLayout(0),
  entries: convolution.bindings.map(({ index, name }) => ({
    binding: index,
    resource: { buffer: buffers[name] },
  })),
});

const readback = device.createBuffer({ size: outputBytes, usage: MAP_READ | COPY_DST });
const commands = device.createCommandEncoder();
const pass = commands.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, group);
pass.dispatchWorkgroups(...convolution.workgroups(sizes, knobs));
pass.end();
commands.copyBufferToBuffer(buffers.y, 0, readback, 0, outputBytes);
device.queue.submit([commands.finish()]);
await readback.mapAsync(GPUMapMode.READ);
const filtered = new Float32Array(readback.getMappedRange()).slice();
device.destroy();

// Where the picture changes, across or down.
for (let h = 1; h < height - 1; h++) {
  let line = "";
  for (let w = 1; w < width - 1; w++) {
    const at = (h * width + w) * 4;
    line += Math.hypot(filtered[at], filtered[at + 1]) > 0.8 ? "#" : ".";
  }
  console.log(line);
}

// The same by a plain loop.
let worst = 0;
for (let h = 0; h < height; h++) {
  for (let w = 0; w < width; w++) {
    taps.forEach((filter, k) => {
      let sum = 0;
      filter.forEach((weight, tap) => {
        const [row, column] = [h + Math.floor(tap / 3) - 1, w + (tap % 3) - 1];
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        if (inside) sum += weight * picture[row * width + column];
      });
      worst = Math.max(worst, Math.abs(sum - filtered[(h * width + w) * 4 + k]));
    });
  }
}
console.log(`${filtered.length} values, largest difference from a plain loop ${worst.toExponential(1)}`);
if (!(worst < 1e-5)) process.exitCode = 1;
