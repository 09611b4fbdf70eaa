// Numbers of a YAML text as they were spelled.

/** A number whose spelling is not that of its value: 01, 1.0, 1e3. It is a name where names are wanted. */
export class SpelledNumber {
  readonly value: number;
  readonly spelling: string;

  constructor(value: number, spelling: string) {
    this.value = value;
    this.spelling = spelling;
  }
}
