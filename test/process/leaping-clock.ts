// A wall clock that nobody can rely on: each look at it finds it an hour ahead or an hour behind,
// in turns. The monotonic clock goes on as ever.

const MODULE = `
const Real = Date;
let sign = 1;
const leaping = () => Real.now() + (sign = -sign) * 3_600_000;
globalThis.Date = class extends Real {
  constructor(...given) {
    super(...(given.length === 0 ? [leaping()] : given));
  }
  static now() {
    return leaping();
  }
};
`;

/** Environment of a program that is to have such a clock. */
export const LEAPING_CLOCK: NodeJS.ProcessEnv = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(MODULE)}`,
};
