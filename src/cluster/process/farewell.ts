// The end of one process, for those who have asked for it: two at the same moment see one end, and
// one of them says so.

export class Farewell {
  /** In the past tense of the launcher's events. */
  readonly how: 'stopped' | 'killed';
  #isTold = false;

  constructor(how: 'stopped' | 'killed') {
    this.how = how;
  }

  /** Whether nobody has told of it yet: whoever asks first does. */
  take(): boolean {
    const isMine = !this.#isTold;
    this.#isTold = true;
    return isMine;
  }
}
