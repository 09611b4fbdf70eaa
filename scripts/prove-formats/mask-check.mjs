// What is wrong with the label maps of a list: with them by themselves, and against what an oracle finds in the masks' own bytes.
import { basename } from "node:path";

const [background, ignored, absent] = [254, 255, 255];

/**
 * @param masked the sample's `masks`, where its masks are files that an oracle reads
 * @param files bytes by name
 * @returns undefined where all is right
 */
export function wrongMaps({ samples, states, masks }, classes, { height, width }, masked, files) {
  const each = height * width;
  if (masks.maps.length !== samples.length * each) return `${masks.maps.length} bytes of maps`;
  for (const [n, { id }] of samples.entries()) {
    const map = masks.maps.subarray(n * each, (n + 1) * each);
    const stranger = map.find((byte) => byte >= classes.length && byte !== background && byte !== ignored);
    if (stranger !== undefined) return `the class ${stranger} in the map of ${id}`;
    for (const [k, name] of classes.entries()) {
      const state = states[n * classes.length + k];
      if (map.includes(k) && state !== 1) return `${name} in the map of ${id}, whose state is ${state}`;
    }
    if (masked === undefined) continue;
    const file = `masks/${basename(id, ".png")}.${masked.ending}`;
    const wrong = againstOracle(
      map,
      states.subarray(n * classes.length, (n + 1) * classes.length),
      masked,
      files[file],
    );
    if (wrong !== undefined) return `${wrong} in ${file}`;
  }
  return undefined;
}

/** The maps of samples have the size of the masks, so that nothing is lost in them. */
function againstOracle(map, states, { numbers, byteOf }, bytes) {
  let values;
  try {
    ({ values } = numbers(bytes));
  } catch (missing) {
    return `pixels that the oracle does not find (${missing.message})`;
  }
  if (values.length !== map.length) return `${values.length} pixels by the oracle`;
  const expected = values.map(byteOf);
  const at = expected.findIndex((byte, i) => byte !== map[i]);
  if (at >= 0) return `pixel ${at}, which is ${values[at]}: ${map[at]} instead of ${expected[at]}`;
  const isLabelled = expected.some((byte) => byte !== ignored);
  const k = states.findIndex(
    (state, one) => state !== (isLabelled ? Number(expected.includes(one)) : absent),
  );
  return k < 0 ? undefined : `the state ${states[k]} of class ${k}`;
}
