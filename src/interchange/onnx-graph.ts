// A graph of ONNX operators while it is written: nodes in order, and the constants that they take.

import { UsageError } from "../errors/errors.ts";
import type { HeldTensor } from "../tensor/held.ts";
import {
  attributeTypes,
  elementTypes,
  encodeOnnx,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
} from "./onnx-messages.ts";

/** Of 2022; with it comes version 8 of the file, which every runtime since then reads. */
export const opset = 17;
const irVersion = 8;

/** A protobuf message ends at 2 GiB. */
const mostBytes = 2 ** 31 - 1;

/** A whole number, a list of them, or `{ float }` for one that is not to be taken for a whole number. */
export type AttributeValue = number | readonly number[] | { readonly float: number };

export interface ModelWords {
  /** Of the graph. */
  readonly name: string;
  readonly description: string;
  readonly producerVersion: string;
  /** By key: text, or JSON as text. */
  readonly metadata: ReadonlyMap<string, string>;
}

export class OnnxGraph {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxTensor>();
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly #names = new Set<string>();

  /** @param shape lengths, and names of those that the caller chooses. @returns the name, which nodes take */
  input(name: string, shape: readonly (number | string)[], description: string): string {
    this.#inputs.push(valueOf(name, shape, description));
    return this.#own(name);
  }

  /** Says that a value, which a node gives under this name, is a result. */
  output(name: string, shape: readonly (number | string)[], description: string): void {
    if (!this.#names.has(name)) throw new Error(`no node gives ${name}`);
    this.#outputs.push(valueOf(name, shape, description));
  }

  /** A node with one output, called as the node is. @returns that name */
  node(
    opType: string,
    inputs: readonly string[],
    name: string,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string {
    const stranger = inputs.find((each) => !this.#names.has(each));
    if (stranger !== undefined) throw new Error(`${name} takes ${stranger}, which nothing gives`);
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.#nodes.push({ name, opType, input: [...inputs], output: [name], attribute });
    return this.#own(name);
  }

  /** A node that cuts a value into columns of width one along an axis. @returns their names */
  columns(x: string, count: number, axis: number, name: string): string[] {
    const output = Array.from({ length: count }, (_, k) => this.#own(`${name}.${k}`));
    const attribute = [attributeOf("axis", axis)];
    this.#nodes.push({ name, opType: "Split", input: [x], output: [...output], attribute });
    return output;
  }

  /** A constant of float32. @returns its name */
  initializer(name: string, { shape, data }: HeldTensor): string {
    return this.#constant(name, shape, elementTypes.float, bytesOf(Float32Array.from(data)));
  }

  /** A list of whole numbers, as operators take shapes and axes. @returns its name */
  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values.map(BigInt));
    return this.#constant(name, [values.length], elementTypes.int64, bytesOf(data));
  }

  /**
   * The file.
   * @throws UsageError when it would be larger than a protobuf message can be
   */
  encode({ name, description, producerVersion, metadata }: ModelWords): Uint8Array {
    const initializer = [...this.#initializers.values()];
    const bytes = initializer.reduce((sum, { rawData }) => sum + rawData.byteLength, 0);
    // Names and nodes come to less than a hundredth of a network of this size.
    if (bytes > 0.99 * mostBytes) {
      throw new UsageError(
        `--to onnx: the weights have ${bytes} bytes, and an ONNX file can have ${mostBytes}; export --to safetensors`,
      );
    }
    return encodeOnnx({
      ...{ irVersion, opsetImport: [{ domain: "", version: opset }] },
      ...{ producerName: "tessera", producerVersion, docString: description },
      graph: { name, node: this.#nodes, initializer, input: this.#inputs, output: this.#outputs },
      metadataProps: [...metadata].map(([key, value]) => ({ key, value })),
    });
  }

  #constant(name: string, dims: readonly number[], dataType: number, rawData: Uint8Array): string {
    this.#initializers.set(name, { name, dims, dataType, rawData });
    return this.#own(name);
  }

  #own(name: string): string {
    if (this.#names.has(name)) throw new Error(`two values are called ${name}`);
    this.#names.add(name);
    return name;
  }
}

/** Of this machine's byte order, which is little-endian wherever Node runs with WebGPU. */
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function valueOf(name: string, shape: readonly (number | string)[], docString: string): OnnxValue {
  const dim = shape.map((each) => (typeof each === "number" ? { dimValue: each } : { dimParam: each }));
  return { name, type: { tensorType: { elemType: elementTypes.float, shape: { dim } } }, docString };
}

function attributeOf(name: string, value: AttributeValue): OnnxAttribute {
  if (typeof value === "number") return { name, type: attributeTypes.i, i: value };
  if ("float" in value) return { name, type: attributeTypes.f, f: value.float };
  return { name, type: attributeTypes.ints, ints: value };
}
