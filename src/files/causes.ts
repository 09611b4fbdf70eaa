// The reasons that the system and libraries give for a failure.

/** The code that errors of the system and of zlib carry, such as "ENOENT" or "Z_BUF_ERROR". */
export function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}

/** In their own words. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
