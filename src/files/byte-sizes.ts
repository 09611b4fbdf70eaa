// Numbers of bytes as people write and read them.

const units: Readonly<Record<string, number>> = {
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/** The bytes of a text such as 5GB, 1.5 GiB or 300MiB; undefined for any other. */
export function bytesIn(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d{1,12}(?:\.\d{1,6})?) ?([KMGT]i?B)$/iu.exec(text.trim()) ?? [];
  return number === undefined ? undefined : Math.floor(Number(number) * units[unit.toLowerCase()]);
}

/** Bytes for people, in KiB, MiB or GiB. */
export function sizeText(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.ceil(bytes / 2 ** 10)} KiB`;
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
