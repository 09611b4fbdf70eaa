/** One entry of apt's sources; `options` keeps the deb822 fields that say how to trust and read the archive. */
export interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
  options: Record<string, string>;
}
export function parseAptSources(path: string, text: string): AptSource[];
export function backportsSource(sources: AptSource[], codename: string): string | null | undefined;
