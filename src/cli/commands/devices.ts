// `tessera devices`: lists what Tessera can compute on.

import Table from "cli-table3";
import { DeviceUnavailableError } from "../../errors/errors.ts";
import { listAdapters } from "../../device/gpu.ts";
import { optionalFeatures, traitsOf } from "../../device/traits.ts";
import { plainTable } from "../../report/tables.ts";

interface DeviceRow {
  readonly device: "webgpu" | "reference";
  readonly adapter: string;
  readonly driver: string;
  readonly software: boolean;
  readonly features: readonly string[];
  readonly subgroupSize: { readonly minimum: number; readonly maximum: number };
  readonly maxBufferBytes: number | null;
  readonly maxBindingBytes: number | null;
  readonly maxWorkgroupInvocations: number | null;
}

async function webGpuRows(): Promise<DeviceRow[]> {
  const adapters = await listAdapters();
  return adapters.map((adapter) => {
    const traits = traitsOf(
      adapter,
      optionalFeatures.filter((feature) => adapter.features.has(feature)),
    );
    return {
      device: "webgpu",
      adapter: traits.name,
      driver: traits.description,
      software: traits.isSoftware,
      features: [...traits.features],
      subgroupSize: traits.subgroupSize,
      maxBufferBytes: traits.maxBufferBytes,
      maxBindingBytes: traits.maxBindingBytes,
      maxWorkgroupInvocations: traits.maxInvocationsPerWorkgroup,
    };
  });
}

export async function devices({ json }: { readonly json: boolean }): Promise<void> {
  let rows: DeviceRow[] = [];
  let problem = "";
  try {
    rows = await webGpuRows();
  } catch (error) {
    if (!(error instanceof DeviceUnavailableError)) throw error;
    problem = error.message;
  }
  const reference: DeviceRow = {
    device: "reference",
    adapter: "CPU, float64, plain TypeScript",
    driver: `Node ${process.versions.node}`,
    software: true,
    features: [],
    subgroupSize: { minimum: 0, maximum: 0 },
    maxBufferBytes: null,
    maxBindingBytes: null,
    maxWorkgroupInvocations: null,
  };
  const all = [...rows, reference];
  if (json) {
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    return;
  }
  const table = new Table({
    ...plainTable,
    head: ["--device", "adapter", "driver", "kind", "optional features"],
  });
  for (const row of all) {
    const kind = row.device === "reference" ? "CPU" : row.software ? "software GPU" : "GPU";
    table.push([row.device, row.adapter, row.driver, kind, row.features.join(", ") || "-"]);
  }
  process.stdout.write(`${table.toString()}\n`);
  if (rows.length === 0) {
    process.stdout.write(
      `${problem === "" ? "No WebGPU adapter was found" : problem}; --device auto takes the reference backend.\n`,
    );
  }
}
