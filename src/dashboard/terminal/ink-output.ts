// What Ink takes for stdout. Ink draws nothing here, and what it writes all the same (line breaks,
// sequences for the cursor) would disturb the screen.

import { EventEmitter } from 'node:events';

class Nowhere extends EventEmitter {
  readonly isTTY = true;
  readonly columns = 80;
  readonly rows = 24;

  write(): boolean {
    return true;
  }
}

/** A new one. */
export function inkOutput(): NodeJS.WriteStream {
  return new Nowhere() as unknown as NodeJS.WriteStream;
}
