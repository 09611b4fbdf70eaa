// Works on many items, several at a time.

/**
 * Begins the items in order, `lanes` at a time. When one fails, or there is a reason to stop, no other is begun, and those
 * under way are finished first.
 *
 * @throws what the work on an item threw
 */
export async function inLanes<Item>(
  lanes: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  stopped: () => boolean = () => false,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed && !stopped()) {
      try {
        await work(items[next++]);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const lost = ended.find(({ status }) => status === "rejected");
  if (lost?.status === "rejected") throw lost.reason;
}
