// What is drawn over while something is under way, on a terminal that becomes narrower meanwhile.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { clearLive, drawLive } from '../../src/cli/printing/live-lines.ts';
import { Belongings } from './program.ts';
import { Terminal, tmuxWorks } from './terminal.ts';

const belongings = new Belongings();

afterEach(() => belongings.release());

/** What is sent for some pictures, one after the other. */
function sent(...pictures: readonly (readonly string[] | 'gone')[]): string {
  let text = '';
  const screen = { write: (more: string) => (text += more) };
  for (const lines of pictures) {
    if (lines === 'gone') clearLive(screen);
    else drawLive(screen, lines);
  }
  return text;
}

/** A terminal on which a script prints these texts from its first row on, each of the later ones at
 * a key. Nothing that is typed is shown. */
async function printing(...texts: readonly string[]): Promise<Terminal> {
  const folder = await belongings.folder();
  const file = (name: string | number): string => join(folder, `${name}`);
  await Promise.all(texts.map((text, i) => writeFile(file(i), text)));
  const each = texts.map((_, i) => `cat ${file(i)}; read key`);
  await writeFile(file('script'), ['stty -echo; clear', ...each, 'stty echo'].join('\n'));
  const terminal = new Terminal(folder, {}, 80, 12);
  belongings.add(async () => terminal.close());
  await terminal.shows(/ready>/);
  terminal.type(`. ${file('script')}`, 'Enter');
  return terminal;
}

describe.skipIf(!tmuxWorks)('on a terminal', () => {
  test('nothing is left of lines that it breaks when it becomes narrower', async () => {
    const wide = 'w'.repeat(78);
    const narrow = 'n'.repeat(29);
    const terminal = await printing(
      `a\nb\nc\nd\ne\nf\n${sent(['first', 'x'], [wide, wide])}`,
      sent([narrow, 'lower']),
      `${sent('gone')}over`,
    );
    await terminal.shows(/^f\nw{78}\nw{78}\n\n/m);
    terminal.run('resize-window', '-t', 't', '-x', '30', '-y', '12');
    terminal.type('Enter');
    expect((await terminal.shows(/^n+$/m)).trimEnd()).toMatch(/f\nn{29}\nlower$/);
    expect(terminal.screen).not.toContain('ww');
    terminal.type('Enter');
    expect((await terminal.shows(/over/)).trimEnd()).toMatch(/f\nover$/);
  });

  test('pictures that begin on its first row are not kept to scroll back to', async () => {
    const terminal = await printing(sent(['one', 'x'], ['two', 'x'], 'gone', ['three']), 'end');
    await terminal.shows(/^three$/m);
    terminal.type('Enter');
    await terminal.shows(/^end/m);
    const kept = terminal.run('capture-pane', '-p', '-t', 't', '-S', '-');
    expect(kept).not.toMatch(/one|two/);
    expect(terminal.screen.trimEnd()).toBe('endee');
  });
});
