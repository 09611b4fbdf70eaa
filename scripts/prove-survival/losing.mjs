// Loaded before the command line (`node --import`): destroys devices behind Tessera's back after so many of their submits, the first number of
// LOSE_AFTER for the first device that is opened, and so on; those beyond the list stay. Writes how many submits each had to LOSE_TOLD.

import { writeFileSync } from "node:fs";
import { provider } from "../../dist/device/provider.js";

const plan = (process.env["LOSE_AFTER"] ?? "").split(",").filter(Boolean).map(Number);
const submits = [];
const real = await provider();

globalThis[Symbol.for("tessera.webgpu")] = Promise.resolve({
  requestAdapter: async (request) => {
    const adapter = await real.requestAdapter(request);
    if (adapter === null) return null;
    const { requestDevice } = adapter;
    Object.defineProperty(adapter, "requestDevice", {
      value: async (descriptor) => {
        const device = await requestDevice.call(adapter, descriptor);
        const own = submits.push(0) - 1;
        const { queue } = device;
        const { submit } = queue;
        Object.defineProperty(queue, "submit", {
          value: (buffers) => {
            submit.call(queue, buffers);
            if (++submits[own] === plan.at(own)) device.destroy();
          },
        });
        Object.defineProperty(device, "queue", { value: queue });
        return device;
      },
    });
    return adapter;
  },
});

const told = process.env["LOSE_TOLD"];
if (told !== undefined) process.on("exit", () => writeFileSync(told, JSON.stringify(submits)));
