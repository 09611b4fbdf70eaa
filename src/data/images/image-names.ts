// Names of image files: what tells in a folder or a list which files are meant. The content decides what a file is.

/** Endings of the kinds that are read, each also with .gz behind it. */
export const imageSuffixes = [
  ...[".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".gif", ".bmp", ".dcm", ".dicom"],
] as const;

/** Whether a name looks like an image file's, gzip'd or not. */
export function isImageName(file: string): boolean {
  const name = file.toLowerCase().replace(/\.gz$/u, "");
  return imageSuffixes.some((suffix) => name.endsWith(suffix));
}

/** For messages. */
export const imageSuffixList = `${imageSuffixes.join(", ")}, each with .gz or not`;
