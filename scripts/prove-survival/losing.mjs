// Loaded before the command line (`node --import`): loses its devices as LOSE_AFTER says, numbers of submits with commas between them
// (losing-gpu.mjs). Writes how many submits each device had to LOSE_TOLD.

import { writeFileSync } from "node:fs";
import { provider } from "../../dist/device/provider.js";
import { losingGpu, providerSymbol } from "../losing-gpu.mjs";

const plan = (process.env["LOSE_AFTER"] ?? "").split(",").filter(Boolean).map(Number);
const losses = { plan, submits: [] };
globalThis[providerSymbol] = Promise.resolve(losingGpu(await provider(), losses));

const told = process.env["LOSE_TOLD"];
if (told !== undefined) process.on("exit", () => writeFileSync(told, JSON.stringify(losses.submits)));
