// Encodes lossless JPEG (ITU T.81, annex H) in the plainest way: one code table in which every size has a code of five bits.

export interface LosslessContent {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly precision: number;
  readonly predictor: number;
  /** Bits that are shifted out. */
  readonly transform?: number;
  /** Rows between two restarts. */
  readonly restart?: number;
  /** Whether each component has a scan of its own. */
  readonly apart?: boolean;
  /** [height, width, components] */
  readonly values: readonly number[];
}

const segment = (code: number, content: readonly number[]): number[] => [
  0xff,
  code,
  (content.length + 2) >> 8,
  (content.length + 2) & 255,
  ...content,
];

export function encodeLossless(content: LosslessContent): Buffer {
  const { width, height, components, precision, predictor, transform = 0, restart, apart = false } = content;
  const ids = Array.from({ length: components }, (_, i) => i + 1);
  const bytes = [0xff, 0xd8];
  bytes.push(
    ...segment(0xc3, [
      ...[precision, height >> 8, height & 255, width >> 8, width & 255, components],
      ...ids.flatMap((id) => [id, 0x11, 0]),
    ]),
  );
  const counts = Array.from({ length: 16 }, (_, i) => (i === 4 ? 17 : 0)); // codes of five bits for the sizes 0 to 16
  bytes.push(...segment(0xc4, [0, ...counts, ...Array.from({ length: 17 }, (_, size) => size)]));
  if (restart !== undefined) bytes.push(...segment(0xdd, [(restart * width) >> 8, (restart * width) & 255]));
  for (const scan of apart ? ids.map((id) => [id]) : [ids]) {
    bytes.push(...segment(0xda, [scan.length, ...scan.flatMap((id) => [id, 0]), predictor, 0, transform]));
    bytes.push(...scanBytes(content, scan));
  }
  bytes.push(0xff, 0xd9);
  return Buffer.from(bytes);
}

function scanBytes(content: LosslessContent, scan: readonly number[]): number[] {
  const {
    width,
    height,
    components,
    precision,
    predictor,
    transform = 0,
    restart = height,
    values,
  } = content;
  const bytes: number[] = [];
  let bits = "";
  const flush = (): void => {
    for (let at = 0; at < bits.length; at += 8) {
      const byte = parseInt(bits.slice(at, at + 8).padEnd(8, "1"), 2);
      bytes.push(...(byte === 255 ? [255, 0] : [byte]));
    }
    bits = "";
  };
  for (let y = 0; y < height; y++) {
    if (y > 0 && y % restart === 0) {
      flush();
      bytes.push(0xff, 0xd0 + ((y / restart - 1) % 8));
    }
    for (let x = 0; x < width; x++) {
      for (const id of scan) {
        const at = (row: number, column: number): number =>
          values[(row * width + column) * components + id - 1] >> transform;
        const isFirst = y % restart === 0;
        const a = x > 0 ? at(y, x - 1) : 0;
        const b = y > 0 ? at(y - 1, x) : 0;
        const c = x > 0 && y > 0 ? at(y - 1, x - 1) : 0;
        const formulas = [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1];
        let predicted = formulas[predictor - 1];
        if (isFirst) predicted = x === 0 ? 2 ** (precision - transform - 1) : a;
        else if (x === 0) predicted = b;
        bits += codeOf(at(y, x) - predicted);
      }
    }
  }
  flush();
  return bytes;
}

function codeOf(difference: number): string {
  const wrapped = ((difference & 0xffff) << 16) >> 16;
  const value = wrapped === -32768 ? 32768 : wrapped;
  const size = value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) + 1;
  const code = size.toString(2).padStart(5, "0");
  if (size === 0 || size === 16) return code;
  return code + (value > 0 ? value : value + 2 ** size - 1).toString(2).padStart(size, "0");
}
