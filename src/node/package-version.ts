// Which version of replog this is, as its package says.

import { readFileSync } from 'node:fs';

export function packageVersion(): string {
  // As far away from the source as from what it is bundled into.
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
