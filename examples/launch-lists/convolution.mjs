// A convolution and both of its gradients in a WebGPU program that has a GPUDevice of its own and no engine of Tessera:
// an operator names the launches, some forty lines run them, and plain loops check every value.
//
//   node examples/launch-lists/convolution.mjs
//
// But for the next few lines it is what a browser would run.

import { deviceTraits, kernels, operators, preferred } from "@tessera-gpu/tessera/operators";

if (globalThis.navigator?.gpu === undefined) {
  const { create, globals } = await import("webgpu");
  // On globalThis, for Dawn goes away with the object that made it.
  Object.assign(globalThis, globals, { dawn: create([]) });
}
const adapter = await (globalThis.navigator?.gpu ?? globalThis.dawn).requestAdapter();
if (adapter === null) {
  throw new Error("no WebGPU adapter found: install a Vulkan driver (mesa-vulkan-drivers)");
}
const device = await adapter.requestDevice();
// What the device can do decides which launches are the best: operators ask for nothing else.
const traits = deviceTraits(device);

const { UNIFORM, STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
const elements = ({ shape }) => shape.reduce((product, extent) => product * extent, 1);
/** A tensor here: a shape, a type, and a buffer with its values, row-major. All of them are f32. */
const empty = (spec) => ({
  ...spec,
  buffer: device.createBuffer({ size: 4 * elements(spec), usage: STORAGE | COPY_SRC | COPY_DST }),
});
function upload(data, usage) {
  const buffer = device.createBuffer({ size: data.byteLength, usage: usage | COPY_DST });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

const bindingTypes = { uniform: "uniform", read: "read-only-storage", readWrite: "storage" };

/** The pipeline of a kernel with these knobs. A program that launches often keeps it: sizes do not matter to it. */
async function pipelineOf(kernel, knobs) {
  const entries = kernel.bindings.map(({ index, access }) => ({
    binding: index,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: bindingTypes[access] },
  }));
  return device.createComputePipelineAsync({
    layout: device.createPipelineLayout({ bindGroupLayouts: [device.createBindGroupLayout({ entries })] }),
    compute: { module: device.createShaderModule({ code: kernel.specialise(knobs) }), entryPoint: "main" },
  });
}

/** Runs the launches that an operator names for these tensors; returns the tensors that they make. */
async function run(operator, inputs, attributes) {
  const outputs = operator.infer(inputs, attributes).map(empty);
  const candidate = preferred(operator.candidates(inputs, attributes, traits));
  const slots = {
    input: inputs,
    output: outputs,
    temporary: (candidate.temporaries ?? []).map(empty),
  };
  const commands = device.createCommandEncoder();
  const pass = commands.beginComputePass();
  for (const { kernel: name, knobs, bind, sizes } of candidate.launches) {
    const kernel = kernels[name];
    const pipeline = await pipelineOf(kernel, knobs);
    const uniforms = upload(kernel.pack(sizes), UNIFORM);
    const bufferOf = ({ kind, index }) => slots[kind][index].buffer;
    const entries = kernel.bindings.map(({ index, name: binding, access }) => ({
      binding: index,
      resource: { buffer: access === "uniform" ? uniforms : bufferOf(bind[binding]) },
    }));
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(...kernel.workgroups(sizes, knobs, traits.maxWorkgroupsPerDimension));
  }
  pass.end();
  device.queue.submit([commands.finish()]);
  console.log(
    `${operator.name} by "${candidate.name}": ${candidate.launches.map((each) => each.kernel).join(", ")}`,
  );
  return outputs;
}

async function read(tensor) {
  const { size } = tensor.buffer;
  const readback = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  const commands = device.createCommandEncoder();
  commands.copyBufferToBuffer(tensor.buffer, 0, readback, 0, size);
  device.queue.submit([commands.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  return new Float32Array(readback.getMappedRange()).slice();
}

// Images [N, H, W, C], a filter [R, S, C, K], and what a loss might send back to the convolution's output [N, P, Q, K].
const [n, h, w, c, r, s, k] = [4, 29, 27, 22, 3, 3, 30];
const [stride, padding] = [2, 1];
const attributes = { stride: [stride, stride], padding: [padding, padding], dilation: [1, 1] };
const [p, q] = [h, w].map((extent) => Math.floor((extent + 2 * padding - 3) / stride) + 1);
function waves(shape, step) {
  const values = Float32Array.from({ length: elements({ shape }) }, (_, i) => Math.sin(step * i));
  return { shape, dtype: "f32", values, buffer: upload(values, STORAGE | COPY_SRC) };
}
const x = waves([n, h, w, c], 0.7);
const filter = waves([r, s, c, k], 1.3);
const dy = waves([n, p, q, k], 0.9);

const [y] = await run(operators.conv2d, [x, filter], attributes);
const [dx] = await run(operators.conv2dInputGradient, [dy, filter], { ...attributes, inputShape: x.shape });
const [dfilter] = await run(operators.conv2dWeightGradient, [x, dy], {
  ...attributes,
  filterShape: filter.shape,
});

// The same by one loop over all products that the convolution adds up, in float64.
const expected = [y, dx, dfilter].map((tensor) => new Float64Array(elements(tensor)));
for (let image = 0; image < n; image++) {
  for (let row = 0; row < p; row++) {
    for (let column = 0; column < q; column++) {
      for (let tap = 0; tap < r * s; tap++) {
        const from = [row * stride - padding + Math.floor(tap / s), column * stride - padding + (tap % s)];
        if (from[0] < 0 || from[0] >= h || from[1] < 0 || from[1] >= w) continue;
        for (let channel = 0; channel < c; channel++) {
          const atX = ((image * h + from[0]) * w + from[1]) * c + channel;
          for (let out = 0; out < k; out++) {
            const atFilter = (tap * c + channel) * k + out;
            const atY = ((image * p + row) * q + column) * k + out;
            expected[0][atY] += x.values[atX] * filter.values[atFilter];
            expected[1][atX] += dy.values[atY] * filter.values[atFilter];
            expected[2][atFilter] += x.values[atX] * dy.values[atY];
          }
        }
      }
    }
  }
}
let worst = 0;
let count = 0;
for (const [i, tensor] of [y, dx, dfilter].entries()) {
  const values = await read(tensor);
  values.forEach((value, at) => (worst = Math.max(worst, Math.abs(value - expected[i][at]))));
  count += values.length;
}
device.destroy();
console.log(`${count} values, largest difference from a plain loop ${worst.toExponential(1)}`);
if (!(worst < 1e-4)) process.exitCode = 1;
