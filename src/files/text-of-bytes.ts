// The text that the bytes of a file are.
import { DataError } from "../errors/data-errors.ts";

/**
 * Text in UTF-8, without its byte order mark.
 * @param file for messages
 * @throws DataError when it is something else
 */
export function textOfBytes(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DataError(file, `is not UTF-8 text${whyNotUtf8(bytes)}`, { cause });
  }
}

function whyNotUtf8(bytes: Uint8Array): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return ": it starts like UTF-16; save it as UTF-8";
  }
  if (bytes.subarray(0, 1024).includes(0)) return "; it looks like binary data";
  const text = new TextDecoder("utf-8").decode(bytes);
  const line = text.slice(0, text.indexOf("\ufffd")).split("\n").length;
  return ` (line ${line}); save it as UTF-8`;
}
