// The package sharp, loaded where it is first needed: an installation may be without it.
import type sharpPackage from "sharp";
import { UsageError } from "../../errors/errors.ts";
import { missingPackage } from "../../errors/optional-packages.ts";

type Sharp = typeof sharpPackage;

let loading: Promise<Sharp> | undefined;

async function load(): Promise<Sharp> {
  const { default: sharp } = await import("sharp");
  // One image at a time on each thread that decodes: the threads are the workers that call this. Nothing is read twice.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

/**
 * @param what needs it: a file with what it is, or the work
 * @throws UsageError that names the package and how to install it, and never a DataError: nothing is wrong with the file
 */
export async function loadSharp(what: string): Promise<Sharp> {
  try {
    return await (loading ??= load());
  } catch (cause) {
    throw new UsageError(`${what}: ${missingPackage("sharp", cause)}`, { cause });
  }
}

/** The version of libvips that decodes; "" where sharp does not load, and only what needs no libvips is decoded. */
export async function libvipsVersion(): Promise<string> {
  try {
    const { versions } = await (loading ??= load());
    return versions.vips;
  } catch {
    return "";
  }
}
