// The process that reads damaged copies of one format: it may crash, hang or swell, which its parent watches.
// usage, forked: reader.mjs NAME SEED FOLDER; takes the number of a copy, answers { outcome, reason, peak }.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  catalogue,
  DataError,
  decodeAssembly,
  ManifestError,
  parseManifest,
  readManifest,
} from "../../dist/data/index.js";
import { fitImage, readImage } from "../../dist/data/images/index.js";
import { copier } from "./copies.mjs";
import { wrongMaps } from "./mask-check.mjs";
import { samples } from "./samples.mjs";

const [name, seed, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const sample = samples[name];
const copy = await copier(name, Number(seed));
const read = sample.manifest === undefined ? (name === "manifest" ? readText : readPicture) : readDataset();

process.on("message", async (i) => {
  const { files, damaged } = copy(i);
  for (const [file, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), bytes);
  }
  const { outcome, reason } = await read(join(folder, damaged), files).then(
    (wrong) =>
      wrong === undefined ? { outcome: "valid" } : { outcome: "wrong", reason: `a result with ${wrong}` },
    (failure) => ({
      outcome: isTyped(failure) ? "typed" : "wrong",
      reason: failure instanceof Error ? (failure.stack ?? String(failure)) : String(failure),
    }),
  );
  process.send({ i, outcome, reason, peak: process.resourceUsage().maxRSS * 1024 });
});
process.send("ready");

/** One line, as a person is to read it. */
function isTyped(failure) {
  return (
    (failure instanceof DataError || failure instanceof ManifestError) && !/[\n\r]/u.test(failure.message)
  );
}

// Each reader gives undefined for a valid result, or what is wrong with it.

function readDataset() {
  const manifest = parseManifest(sample.manifest, "manifest.yaml");
  return async (_, files) => {
    const selected = await catalogue(manifest, { dataRoot: folder, seed: 1 });
    const { classes, lists } = selected;
    for (const list of lists) {
      const { samples: listed, states, uncertain } = list;
      if (states.length !== listed.length * classes.length) return `${states.length} states`;
      const stranger = states.find((state) => state > 1 && state < 255 && !(state >= 100 && state <= 200));
      if (stranger !== undefined) return `the state ${stranger}`;
      if (uncertain.length !== classes.length) return `${uncertain.length} counts of uncertain labels`;
      if (new Set(listed.map(({ id }) => id)).size !== listed.length) return "an id twice";
      for (const { image } of listed) {
        if (image.kind === "file") {
          if (!image.file.startsWith(folder)) return `an image outside the data root: ${image.file}`;
          continue;
        }
        const { count, height, width, channels, pixels } = image.array;
        if (pixels.length !== count * height * width * channels) return `${pixels.length} pixels`;
        if (!(image.at >= 0 && image.at < count)) return `image ${image.at} of ${count}`;
      }
      if (list.masks === undefined) continue;
      const wrong = wrongMaps(list, classes, manifest.image, sample.masks, files);
      if (wrong !== undefined) return wrong;
    }
    return sample.decoded === true ? await decode(selected, manifest.image) : undefined;
  };
}

async function decode(selected, { height, width }) {
  const options = { cache: join(folder, "cache"), memory: 2 ** 24, workers: 1, skipBad: false };
  const { sets } = await decodeAssembly(selected, options);
  const wrong = sets.find(({ count, pixels }) => pixels.length !== count * height * width);
  return wrong === undefined ? undefined : `${wrong.pixels.length} pixels`;
}

async function readPicture(file) {
  const image = await (await readImage(file)).decode();
  const { height, width, channels, pixels } = image;
  if (channels !== 1 && channels !== 3) return `${channels} channels`;
  if (pixels.length !== height * width * channels) return `${pixels.length} pixels`;
  const fitted = await fitImage(image, { height: 16, width: 12, channels: 1 });
  return fitted.length === 16 * 12 ? undefined : `${fitted.length} fitted pixels`;
}

async function readText(file) {
  const { classes, sources, image } = await readManifest(file);
  if (classes.length === 0 || sources.length === 0) return "no class or no source";
  return image.mean.length === image.channels ? undefined : `${image.mean.length} means`;
}
