// Bytes as text.

/** In base 64. */
export function base64Of(bytes: Uint8Array): string {
  let text = "";
  // A call takes some 100,000 arguments.
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
