/** A number or a switch; for a knob with `choices` one of their names, for one of type "element" "f32" or "vec4f". */
export type KnobValue = number | boolean | string;

/**
 * A line of the shader whose value may change before it is compiled: its type, what it is where `specialise` is told nothing
 * else, and the names of its values with what the shader calls them. A "count" is a u32 from 1.
 */
export type Knob = readonly [
  type: "u32" | "count" | "i32" | "f32" | "bool" | "element" | "choice",
  value: KnobValue,
  choices?: Readonly<Record<string, string>>,
];

export interface Binding {
  readonly index: number;
  readonly name: string;
  readonly access: "uniform" | "read" | "readWrite";
  /** In WGSL. */
  readonly type: string;
}

/** A member of the uniform struct: its type, its place in bytes, the names of its values, and how many lanes it has if not one. */
export type Uniform = readonly [
  type: "u32" | "i32" | "f32",
  offset: number,
  choices?: Readonly<Record<string, number>> | null,
  lanes?: number,
];

/**
 * A compute kernel with everything that a dispatch needs. What a name means is in manifest.json and in the kernel's .wgsl.
 * The functions throw TypeError for a name or value that does not fit.
 */
export interface Kernel<Sizes extends object = object, Knobs extends object = object> {
  readonly name: string;
  /** WGSL without comments, with the default knobs; the entry point is main. */
  readonly text: string;
  /** Features that the device must have been created with. */
  readonly features: readonly string[];
  readonly knobs: Readonly<Record<string, Knob>>;
  readonly bindings: readonly Binding[];
  readonly uniforms: Readonly<Record<string, Uniform>>;
  /** Bytes of the uniform buffer; 0 where there is none. */
  readonly uniformBytes: number;
  /** The text with these knobs instead of the defaults. */
  specialise(knobs?: Knobs): string;
  /** The bytes of the uniform buffer. */
  pack(sizes: Sizes): ArrayBuffer;
  /**
   * What to dispatch, with the knobs that the text was made with: folded into two dimensions where one is over `limit`, by
   * default 65,535, which every device takes.
   * @throws RangeError where even two are too few, or the kernel takes one alone
   */
  workgroups(sizes: Sizes, knobs?: Knobs, limit?: number): readonly [x: number, y: number];
}
