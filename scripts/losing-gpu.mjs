// A WebGPU whose devices are destroyed behind the program's back, as by a driver that resets a GPU: for tests and proofs of what outlives it.

/** Where src/device/provider.ts holds what it has opened. */
export const providerSymbol = Symbol.for("tessera.webgpu");

/**
 * @param {GPU} real
 * @param {{ plan: readonly number[], submits: number[] }} losses after how many of its submits each device that is opened is destroyed, the
 *   first number for the first device; those beyond the list stay. How many submits each has had is counted
 * @returns {GPU}
 */
export function losingGpu(real, losses) {
  return {
    requestAdapter: async (request) => {
      const adapter = await real.requestAdapter(request);
      if (adapter === null) return null;
      const requestDevice = adapter.requestDevice.bind(adapter);
      Object.defineProperty(adapter, "requestDevice", {
        value: async (descriptor) => {
          const device = await requestDevice(descriptor);
          const own = losses.submits.push(0) - 1;
          const { queue } = device;
          const submit = queue.submit.bind(queue);
          Object.defineProperty(queue, "submit", {
            value: (buffers) => {
              submit(buffers);
              if (++losses.submits[own] === losses.plan.at(own)) device.destroy();
            },
          });
          Object.defineProperty(device, "queue", { value: queue });
          return device;
        },
      });
      return adapter;
    },
  };
}
