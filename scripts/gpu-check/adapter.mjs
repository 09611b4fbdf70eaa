// Says which adapter Tessera takes, with its features and limits. Exit code 3 unless it is a GPU, since the times of a
// software adapter would pass for the card's; REHEARSE=1 takes any.
//
// usage: node scripts/gpu-check/adapter.mjs

import { tell } from "./commands.mjs";
import { openEngine } from "./modules.mjs";

const engine = await openEngine({ device: "webgpu" }).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
const { traits, backend } = engine;
const { device } = backend.gpu;
const { minimum, maximum } = traits.subgroupSize;
tell(`${traits.name}; ${traits.vendor} ${traits.architecture}; ${traits.description}`);
tell(
  `subgroups of ${minimum} to ${maximum}; features that kernels may use: ${[...traits.features].join(", ")}`,
);
console.log("features of the device:", [...device.features].sort().join(", "));
for (const name in device.limits) console.log(name, device.limits[name]);
engine.close();
if (traits.isSoftware && process.env.REHEARSE !== "1") {
  console.error("this adapter computes in software");
  process.exitCode = 3;
}
