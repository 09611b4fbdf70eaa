// The messages of an ONNX file that an exported network needs, as onnx.proto numbers them, and their way to bytes and back.
//
// The definition is onnx.proto's (proto2) without what no network here has: strings, sparse tensors, functions, training.

import protobuf from "protobufjs/light.js";

/** What an attribute holds: `AttributeProto.AttributeType`. */
export const attributeTypes = { f: 1, i: 2, ints: 7 } as const;
/** What a tensor holds: `TensorProto.DataType`. */
export const elementTypes = { float: 1, int64: 7 } as const;

export interface OnnxAttribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly ints?: readonly number[];
}

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  /** Names of values; an output's name is that of no other. */
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly OnnxAttribute[];
}

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  /** Little-endian, in row-major order. */
  readonly rawData: Uint8Array;
}

/** A length, or the name of one that the caller chooses. */
export type OnnxDimension = { readonly dimValue: number } | { readonly dimParam: string };

export interface OnnxValue {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape: { readonly dim: readonly OnnxDimension[] };
    };
  };
  readonly docString: string;
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly docString: string;
  readonly graph: {
    readonly name: string;
    readonly node: readonly OnnxNode[];
    readonly initializer: readonly OnnxTensor[];
    readonly input: readonly OnnxValue[];
    readonly output: readonly OnnxValue[];
  };
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
}

type Rule = "repeated" | undefined;
type FieldRow = readonly [id: number, type: string, rule?: Rule];

/** Fields by message; a name of a message as a field's type is that message. */
const messages: Readonly<Record<string, Readonly<Record<string, FieldRow>>>> = {
  ModelProto: {
    irVersion: [1, "int64"],
    producerName: [2, "string"],
    producerVersion: [3, "string"],
    docString: [6, "string"],
    graph: [7, "GraphProto"],
    opsetImport: [8, "OperatorSetIdProto", "repeated"],
    metadataProps: [14, "StringStringEntryProto", "repeated"],
  },
  OperatorSetIdProto: { domain: [1, "string"], version: [2, "int64"] },
  StringStringEntryProto: { key: [1, "string"], value: [2, "string"] },
  GraphProto: {
    node: [1, "NodeProto", "repeated"],
    name: [2, "string"],
    initializer: [5, "TensorProto", "repeated"],
    input: [11, "ValueInfoProto", "repeated"],
    output: [12, "ValueInfoProto", "repeated"],
  },
  NodeProto: {
    input: [1, "string", "repeated"],
    output: [2, "string", "repeated"],
    name: [3, "string"],
    opType: [4, "string"],
    attribute: [5, "AttributeProto", "repeated"],
  },
  AttributeProto: {
    name: [1, "string"],
    f: [2, "float"],
    i: [3, "int64"],
    ints: [8, "int64", "repeated"],
    type: [20, "int32"],
  },
  TensorProto: {
    dims: [1, "int64", "repeated"],
    dataType: [2, "int32"],
    name: [8, "string"],
    rawData: [9, "bytes"],
  },
  ValueInfoProto: { name: [1, "string"], type: [2, "TypeProto"], docString: [3, "string"] },
  TypeProto: { tensorType: [1, "TensorTypeProto"] },
  TensorTypeProto: { elemType: [1, "int32"], shape: [2, "TensorShapeProto"] },
  TensorShapeProto: { dim: [1, "DimensionProto", "repeated"] },
  DimensionProto: { dimValue: [1, "int64"], dimParam: [2, "string"] },
};

const nested = Object.fromEntries(
  Object.entries(messages).map(([message, rows]) => [
    message,
    {
      fields: Object.fromEntries(
        Object.entries(rows).map(([name, [id, type, rule]]) => [
          name,
          { id, type, ...(rule === undefined ? {} : { rule }) },
        ]),
      ),
      // As proto2 has it: a field that was set is written even where it is 0.
      edition: "proto2",
    },
  ]),
);

const modelType = protobuf.Root.fromJSON({ nested }).lookupType("ModelProto");

/** The bytes of an ONNX file. */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  return modelType.encode(model).finish();
}

/**
 * Reads what `encodeOnnx` writes; fields that are not listed here are passed over.
 * @throws an error of protobufjs for bytes that are no message
 */
export function decodeOnnx(bytes: Uint8Array): OnnxModel {
  return modelType.toObject(modelType.decode(bytes), {
    longs: Number,
    arrays: true,
    objects: true,
  }) as OnnxModel;
}
