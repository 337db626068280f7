// Where what was read ends, and where what is told begins: what lies between the two is neither read nor told.
//
// Places are compared as they are: which of two is the later one, only the server knows.

export class Seam {
  #read: string | undefined;
  #told: string | undefined;

  // Reading begins: of all that changes after this, it is told.
  reading(): void {
    this.#read = undefined;
    this.#told = undefined;
  }

  // What was read is complete through `place`, which is empty if nothing could be read. Says whether something may be
  // missing.
  readThrough(place: string): boolean {
    this.#read = place;
    return this.#told !== undefined && this.#told !== place;
  }

  // Of what changes after `place` it is told, and of nothing before. Says whether something may be missing; while it is
  // read, that is said once it is known through where.
  toldFrom(place: string): boolean {
    this.#told = place;
    return this.#read !== undefined && this.#read !== place;
  }
}
