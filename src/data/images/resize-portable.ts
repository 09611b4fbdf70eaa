// Scales pixels without Node, as resize.ts does with sharp; most pixels are the same, and the others mostly one level away.
import type { DecodedImage } from "./image.ts";

/** Where an image becomes smaller by more than this, whole pixels are averaged before: libvips has the same. */
const widestCubic = 2;

interface Plane {
  readonly height: number;
  readonly width: number;
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** As `resize` of resize.ts. */
export function resize(
  image: DecodedImage,
  { height, width }: { readonly height: number; readonly width: number },
): Promise<Uint8Array<ArrayBuffer>> {
  if (image.height === height && image.width === width) return Promise.resolve(image.pixels);
  // First what becomes smaller, then what becomes larger. A step that enlarges looks half a pixel before the middle of each, along
  // both axes: libvips does, and a classifier should see the same pixels everywhere.
  const smaller = scaled(image, image.channels, {
    height: Math.min(height, image.height),
    width: Math.min(width, image.width),
    offset: 0,
  });
  const isDone = smaller.height === height && smaller.width === width;
  const done = isDone ? smaller : scaled(smaller, image.channels, { height, width, offset: -0.5 });
  return Promise.resolve(done.pixels);
}

interface Scaling {
  readonly height: number;
  readonly width: number;
  /** 0: the middle of a pixel is that of what it stands for; -0.5: its beginning is half a pixel before. */
  readonly offset: 0 | -0.5;
}

function scaled(image: Plane, channels: number, { height, width, offset }: Scaling): Plane {
  const tall = alongRows(image, channels, height, offset);
  return turned(alongRows(turned(tall, channels), channels, width, offset), channels);
}

/** The image with another number of rows. */
function alongRows(image: Plane, channels: number, height: number, offset: 0 | -0.5): Plane {
  if (image.height === height && offset === 0) return image;
  const { width } = image;
  const whole = Math.max(1, Math.floor(image.height / height / widestCubic));
  const shrunk = whole === 1 ? image : averagedRows(image, channels, whole);
  const row = width * channels;
  const pixels = new Uint8Array(height * row);
  // What is averaged stands for whole rows; the last one may stand for fewer.
  const scale = image.height / whole / height;
  const stretch = Math.max(1, scale);
  const sums = new Float32Array(row);
  for (let y = 0; y < height; y++) {
    const centre = offset === 0 ? (y + 0.5) * scale - 0.5 : y * scale + offset;
    let total = 0;
    sums.fill(0);
    const last = Math.floor(centre + 2 * stretch);
    for (let from = Math.ceil(centre - 2 * stretch); from <= last; from++) {
      const weight = catmullRom((from - centre) / stretch);
      total += weight;
      const at = Math.min(Math.max(from, 0), shrunk.height - 1) * row;
      for (let x = 0; x < row; x++) sums[x] += weight * shrunk.pixels[at + x];
    }
    for (let x = 0; x < row; x++) {
      pixels[y * row + x] = Math.min(255, Math.max(0, Math.round(sums[x] / total)));
    }
  }
  return { height, width, pixels };
}

/** Means of so many rows each. */
function averagedRows({ height, width, pixels }: Plane, channels: number, rows: number): Plane {
  const row = width * channels;
  const fewer = Math.ceil(height / rows);
  const means = new Uint8Array(fewer * row);
  for (let y = 0; y < fewer; y++) {
    for (let x = 0; x < row; x++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += pixels[Math.min(y * rows + i, height - 1) * row + x];
      means[y * row + x] = Math.round(sum / rows);
    }
  }
  return { height: fewer, width, pixels: means };
}

/** Rows as columns. */
function turned({ height, width, pixels }: Plane, channels: number): Plane {
  const result = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        result[(x * height + y) * channels + c] = pixels[(y * width + x) * channels + c];
      }
    }
  }
  return { height: width, width: height, pixels: result };
}

/** The cubic of Catmull and Rom (1974), 0 from two pixels away. */
function catmullRom(x: number): number {
  const d = Math.abs(x);
  if (d >= 2) return 0;
  return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2;
}
