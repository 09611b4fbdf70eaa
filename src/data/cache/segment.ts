// A segment of the cache's index: the content of one shard, and the files that were read meanwhile. Segments are written once
// and never changed; the index is all segments together, so two processes at once cannot lose each other's work.
import { createHash } from "node:crypto";
import { z } from "zod";

const format = "tessera-images-1";

const digest = z.string().regex(/^[0-9a-f]{64}$/u);
const digits = z.string().regex(/^\d{1,20}$/u);

const schema = z.object({
  format: z.literal(format),
  /** The shard's SHA-256, which is its name; null where the segment lists files only. */
  shard: digest.nullable(),
  /** Images of the shard in their order: key (image-cache.ts), hash of its pixels as they were decoded. */
  images: z.array(z.tuple([digest, z.string().min(1).max(128)])),
  /**
   * Files that were read: path, size, time of change in ns, inode, key of how they are read, key of their image. Former versions
   * noted the content under `files`; it is not looked at, since only the file tells whether its image is decoded as it was then.
   */
  read: z.array(z.tuple([z.string().min(1), digits, digits, digits, z.string(), digest])).default([]),
});

export type Segment = Omit<z.infer<typeof schema>, "format">;

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A segment's content, and its name, which is a digest of it. */
export function writeSegment(segment: Segment): { readonly bytes: Uint8Array; readonly name: string } {
  const bytes = Buffer.from(`${JSON.stringify({ format, ...segment, files: [] })}\n`);
  return { bytes, name: `${sha256(bytes)}.json` };
}

/** So many bytes of a segment name its shard: `writeSegment` puts it first. */
export const segmentHead = 128;

/** The shard that the beginning of a segment names; undefined where it names none. */
export function shardInHead(text: string): string | undefined {
  return /^\{"format":"[^"]{1,40}","shard":"([0-9a-f]{64})"/u.exec(text)?.[1];
}

/** @returns undefined for a segment that does not match its name, or has another format */
export function readSegment(name: string, bytes: Uint8Array): Segment | undefined {
  if (name !== `${sha256(bytes)}.json`) return undefined;
  let tree: unknown;
  try {
    tree = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
  return schema.safeParse(tree).data;
}
