// What systems leave behind in folders: none of it was put there by anybody, and nothing is lost by passing over it.

/** In small letters, since systems that make them do not agree on capitals. */
const leftBehind: ReadonlySet<string> = new Set([
  // Windows
  ...["thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini"],
  ...["$recycle.bin", "system volume information"],
  // macOS: a folder's icon ends in a carriage return; zip archives made there have a folder of resource forks
  ...["icon\r", "__macosx"],
  // Network storage, and file systems that were mended
  ...["@eadir", "#recycle", "@recycle", "@recently-snapshot", "lost+found"],
]);

/**
 * Whether a file or folder of this name is passed over, in any folder and at any depth: hidden ones (.DS_Store, ._a.png,
 * .ipynb_checkpoints, .directory), what systems leave behind, and the lock files of open documents (~$table.xlsx).
 */
export function isHarmless(name: string): boolean {
  return name.startsWith(".") || name.startsWith("~$") || leftBehind.has(name.toLowerCase());
}
