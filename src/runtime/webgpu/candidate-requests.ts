// Candidates that are asked for by name while a body runs.

interface Request {
  readonly operator: string;
  readonly name: string;
  /** Whether a call took it up. */
  met: boolean;
}

export class CandidateRequests {
  /** The newest last, which wins. */
  readonly #requests: Request[] = [];

  /**
   * Asks for a candidate of an operator ("*" for all) until the function that it gives is called. That one says whether
   * there was a call to take it.
   */
  add(operator: string, name: string): () => boolean {
    const request: Request = { operator, name, met: false };
    this.#requests.push(request);
    return () => {
      const at = this.#requests.indexOf(request);
      if (at >= 0) this.#requests.splice(at, 1);
      return request.met;
    };
  }

  /** The name that is asked for; to look at it does not take it up. */
  of(operator: string): string | undefined {
    return this.#newest(operator)?.name;
  }

  /** A call of the operator is made: it takes up what is asked for. */
  meet(operator: string): void {
    const request = this.#newest(operator);
    if (request !== undefined) request.met = true;
  }

  #newest(operator: string): Request | undefined {
    return this.#requests.findLast((each) => each.operator === operator || each.operator === "*");
  }
}
