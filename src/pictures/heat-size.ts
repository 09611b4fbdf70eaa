// How large a picture of where a classifier looked is: apart from the pictures themselves, for whoever plans them.

import { zoomTo } from "./zoom.ts";

/** Width of a picture in pixels, about, in a report. */
export const heatWidth = 160;
/** Images whose maps are computed at a time for a report, at most. */
export const mostHeatMaps = 16;

/** How a picture of an image at about a width is zoomed, and its size, which its heat must have. */
export function heatSize(
  { height, width }: { readonly height: number; readonly width: number },
  shown: number,
): { readonly zoom: number; readonly size: readonly [height: number, width: number] } {
  const zoom = zoomTo(width, shown);
  return { zoom, size: [Math.ceil(height * zoom), Math.ceil(width * zoom)] };
}
