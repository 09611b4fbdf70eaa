// What the engine knows about an adapter: plain data, so that candidates and tests can be given any adapter.

// Kept in the declarations: whoever compiles against the package has the types of WebGPU without naming them in a tsconfig.
/// <reference types="@webgpu/types" preserve="true" />

/** The facts a candidate may depend on. `maxWorkgroupsPerDimension` is the fold limit of every launch. */
export interface AdapterTraits {
  /** Readable name, e.g. "llvmpipe (LLVM 15.0.6, 256 bits)". */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Driver and version, as the implementation tells them. */
  readonly description: string;
  /** True for a software rasteriser (lavapipe, SwiftShader): loads and barriers are dear, launches cheap. */
  readonly isSoftware: boolean;
  /** Optional features the device was created with. */
  readonly features: ReadonlySet<string>;
  /** Lanes of a subgroup, smallest and largest; 0 where the adapter has no subgroups. */
  readonly subgroupSize: { readonly minimum: number; readonly maximum: number };
  readonly maxWorkgroupsPerDimension: number;
  readonly maxInvocationsPerWorkgroup: number;
  /** Storage buffers that one kernel may bind. */
  readonly maxStorageBuffers: number;
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
}

/** Features used when the adapter has them; nothing needs any of them. */
export const optionalFeatures = ["timestamp-query", "shader-f16", "subgroups"] as const;

const softwareNames = /llvmpipe|lavapipe|swiftshader|software|basic render|\bwarp\b/i;

/**
 * Reads the traits of an adapter, for a device that is given all its limits and these features.
 *
 * @param features that the device is created with
 */
export function traitsOf({ info, limits }: GPUAdapter, features: Iterable<string>): AdapterTraits {
  return traitsFrom(info, limits, features);
}

/**
 * Reads the traits of a device that somebody else has made, with the limits and features that it has: for those who run
 * launch lists without the engine.
 */
export function deviceTraits({ adapterInfo, limits, features }: GPUDevice): AdapterTraits {
  return traitsFrom(adapterInfo, limits, features);
}

/**
 * What people call an adapter: its device or description; where a browser tells neither (nothing, or a number), its vendor and
 * architecture.
 */
export function adapterName({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  const told = [device.replace(/-+$/, ""), description].find((name) => /[a-z]/i.test(name));
  return (
    told ?? ([vendor, architecture].filter((name) => name !== "").join(" ") || "an adapter without a name")
  );
}

function traitsFrom(
  info: GPUAdapterInfo,
  limits: GPUSupportedLimits,
  features: Iterable<string>,
): AdapterTraits {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  const sizes = info as { subgroupMinSize?: number; subgroupMaxSize?: number; isFallbackAdapter?: boolean };
  return {
    name: adapterName(info),
    vendor: info.vendor,
    architecture: info.architecture,
    description: info.description,
    isSoftware: sizes.isFallbackAdapter === true || softwareNames.test(text),
    features: new Set(features),
    subgroupSize: { minimum: sizes.subgroupMinSize ?? 0, maximum: sizes.subgroupMaxSize ?? 0 },
    maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
    maxBufferBytes: limits.maxBufferSize,
  };
}

/** Bytes that one buffer may have and be bound as a whole. */
export function largestBinding({
  maxBindingBytes,
  maxBufferBytes,
}: Pick<AdapterTraits, "maxBindingBytes" | "maxBufferBytes">): number {
  return Math.min(maxBindingBytes, maxBufferBytes);
}
