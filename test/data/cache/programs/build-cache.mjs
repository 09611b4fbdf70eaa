// Builds a cache of the PNG files in a folder with the built package, small shards and one thread: for tests that end it.
// node build-cache.mjs CACHE FOLDER; says "ready", then the name of each shard when it is written.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ImageCache } from "../../../../dist/data/cache/image-cache.js";
import { decodeImage, hashPixels } from "../../../../dist/data/images/index.js";

const [cacheFolder, folder] = process.argv.slice(2);
const size = { height: 8, width: 8, channels: 1 };
const cache = await ImageCache.open(cacheFolder, { ...size, decoder: "test" }, { shardBytes: 4 * 64 });
process.stdout.write("ready\n");
for (const name of readdirSync(folder).sort()) {
  const bytes = readFileSync(join(folder, name));
  const content = createHash("sha256").update(bytes).digest("hex");
  if ((await cache.find(content)) !== undefined) continue;
  const image = await decodeImage(bytes, name);
  await cache.add(content, hashPixels(image), image.pixels);
  process.stdout.write(`${name}\n`);
}
await cache.flush();
process.stdout.write("done\n");
