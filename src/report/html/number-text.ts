// Formats numbers for a page.

/** Shown where there is no number. */
export const none = "–";

export const whole = (value: number): string => value.toLocaleString("en");

/** A number with some decimals and a true minus sign; `none` where there is no number. */
export function fixed(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return none;
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** As `fixed`, with a plus sign above zero. */
export function signed(value: number | null | undefined, decimals: number): string {
  const text = fixed(value, decimals);
  return text === none || text.startsWith("−") || Number(text) === 0 ? text : `+${text}`;
}

/** A number with some significant digits, never as a power of ten. */
export function digits(value: number | null | undefined, count = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return none;
  if (value === 0) return "0";
  const decimals = count - 1 - Math.floor(Math.log10(Math.abs(value)));
  return fixed(value, Math.min(12, Math.max(0, decimals)));
}

export const interval = (
  found: { readonly low: number; readonly high: number } | null | undefined,
  decimals: number,
): string =>
  found === null || found === undefined
    ? none
    : `${fixed(found.low, decimals)} to ${fixed(found.high, decimals)}`;

/** A p value. */
export const probability = (p: number): string => (p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`);

export function duration(seconds: number): string {
  const total = Math.round(seconds);
  if (total < 90) return `${total} s`;
  const minutes = Math.round(total / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "a, b and c". */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
}
