// Opens the visitor's GPU, or says in a sentence why there is none.

const softwareNames = /llvmpipe|lavapipe|swiftshader|software|basic render|\bwarp\b/i;

/** An Error whose message is a sentence for the page. */
export class NoGpuError extends Error {}

/** @throws NoGpuError with what to do */
export async function openDevice() {
  if (!globalThis.isSecureContext) {
    throw new NoGpuError(
      "This page is not in a secure context, where browsers hide WebGPU: open it over https, or at http://localhost.",
    );
  }
  if (navigator.gpu === undefined) {
    throw new NoGpuError(
      "This browser has no WebGPU. Chrome and Edge have it from version 113, Safari from 26, Firefox from 141 on Windows; " +
        "elsewhere it may be behind a flag.",
    );
  }
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new NoGpuError(
      "The browser has WebGPU but gives no adapter: the GPU's driver may be blocked or missing (chrome://gpu and about:support " +
        "say why), or hardware acceleration is switched off in the browser's settings.",
    );
  }
  const wanted = ["timestamp-query", "subgroups"].filter((feature) => adapter.features.has(feature));
  try {
    // Nothing here needs more than the limits that every device has.
    const device = await adapter.requestDevice({ requiredFeatures: wanted });
    return { device, about: describe(adapter, wanted) };
  } catch (error) {
    throw new NoGpuError(`The adapter gives no device: ${error.message}`);
  }
}

function describe({ info }, features) {
  const { vendor, architecture, device, description, subgroupMinSize, subgroupMaxSize } = info;
  const text = `${vendor} ${architecture} ${device} ${description}`;
  const isSoftware = info.isFallbackAdapter === true || softwareNames.test(text);
  const told = [description, device].find((name) => /[a-z]/i.test(name));
  const name =
    told ?? ([vendor, architecture].filter((part) => part !== "").join(" ") || "an adapter without a name");
  return {
    name,
    vendor,
    architecture,
    device,
    description,
    isSoftware,
    features,
    subgroupMinSize,
    subgroupMaxSize,
  };
}

/** By what the bench list calls this kind of adapter. */
export function kindOf({ isSoftware, features, subgroupMinSize }) {
  const hasSubgroups = features.includes("subgroups") && subgroupMinSize >= 8;
  return `${isSoftware ? "software" : "gpu"}${hasSubgroups ? "Subgroups" : ""}`;
}
