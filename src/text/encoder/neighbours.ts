// How well queries find their own documents, and what they find: for judging an encoder while it learns, on some hundred pairs.

/** Rows of length 1; a row of zeros stays one. In float64, on the host. */
export function unitVectors(vectors: Float32Array, width: number): Float32Array<ArrayBuffer> {
  const units = Float32Array.from(vectors);
  for (let row = 0; row < units.length; row += width) {
    const vector = units.subarray(row, row + width);
    const norm = Math.max(Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)), 1e-12);
    vector.forEach((value, i) => {
      vector[i] = value / norm;
    });
  }
  return units;
}

export interface PairJudgement {
  /** The mean of 1 / rank of each query's own document, the mean over orders where products are equal. */
  readonly meanReciprocalRank: number;
  /** The share of queries whose own document is the nearest, and no other as near. */
  readonly first: number;
  /** For each query its documents by nearness, as many as were asked for, by number. */
  readonly nearest: readonly (readonly number[])[];
}

/**
 * @param queries [n * width], rows of length 1
 * @param documents [n * width], rows of length 1; document i is that of query i
 * @param isRight whether another document answers a query as well: it is not counted
 * @param shown how many of the nearest are told of the first `shownQueries` queries
 */
export function judgePairs(
  queries: Float32Array,
  documents: Float32Array,
  width: number,
  isRight: (query: number, document: number) => boolean,
  { shownQueries, shown }: { readonly shownQueries: number; readonly shown: number },
): PairJudgement {
  const count = queries.length / width;
  const nearest: number[][] = [];
  let reciprocals = 0;
  let first = 0;
  for (let query = 0; query < count; query++) {
    const products = Float64Array.from({ length: count }, (_, document) => {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += queries[query * width + i] * documents[document * width + i];
      return sum;
    });
    let before = 0;
    let equal = 0;
    products.forEach((product, document) => {
      if (document === query || isRight(query, document)) return;
      if (product > products[query]) before++;
      else if (product === products[query]) equal++;
    });
    for (let rank = before + 1; rank <= before + equal + 1; rank++) reciprocals += 1 / rank / (equal + 1);
    if (before + equal === 0) first++;
    if (query < shownQueries) {
      const order = Array.from(products.keys()).sort((a, b) => products[b] - products[a] || a - b);
      nearest.push(order.slice(0, shown));
    }
  }
  return { meanReciprocalRank: reciprocals / count, first: first / count, nearest };
}
