// The panels that cover the logs: each as lines of one width, as many as there are.

import { spelled } from '../keys/command-line.ts';
import type { Panel } from '../keys/screen-state.ts';
import { concernsOf } from '../keys/screen-state.ts';
import type { Line } from './cells.ts';
import { calm, columnsOf, span, widthOf, wrap } from './cells.ts';
import { faults } from './fault-panel.ts';
import { help } from './help-panel.ts';
import { output } from './output-panel.ts';
import { type Drawn, inLines, type Kind, type PanelLook } from './panel-look.ts';
import { copy, keys, story } from './reading-panels.ts';

/** A title, and the lines that are scrolled to. */
export function panelLines(panel: Panel, look: PanelLook): Drawn {
  switch (panel.kind) {
    case 'help':
      return help(panel, look);
    case 'copy':
      return copy(panel, look);
    case 'faults':
      return faults(panel, look);
    case 'append':
      return append(panel, look);
    case 'output':
      return output(panel, look);
    case 'story':
      return story(panel, look);
    case 'keys':
      return keys(panel, look);
    case 'confirm':
      return confirm(panel, look);
  }
}

function confirm(panel: Kind<'confirm'>, { screen, width }: PanelLook): Drawn {
  const question = wrap(panel.question, width - 2).map((text): Line => [span(` ${text}`, 'bad')]);
  const yes: Line = [span(' y', 'bold'), span(` ${spelled(panel.command, screen)}`, 'accent')];
  const no: Line = [span(' n', 'bold'), span(' leave it')];
  const both = [...yes, span('   '), ...no];
  const answers = widthOf(both) <= width ? [both] : [yes, no];
  return { title: 'really?', lines: [...question, [], ...answers] };
}

function append(panel: Kind<'append'>, look: PanelLook): Drawn {
  const concerns = concernsOf(look.state);
  const w = concerns[panel.w] ?? 'majority';
  const shown = panel.message === '' ? span('hello', 'dim') : span(tail(panel.message, look.width));
  const choices = concerns.map((one) =>
    one === w ? span(`[${one}]`, 'chosen') : span(` ${one} `, 'dim'),
  );
  return {
    title: 'append a message',
    lines: [
      [span(' message  ', 'dim'), shown, span('_', 'accent')],
      ...inLines(choices, look.width - BEFORE).map((line, i): Line => {
        return [span(i === 0 ? ' w        ' : ' '.repeat(BEFORE), 'dim'), ...line];
      }),
      [],
      ...wrap('It waits until w nodes have it; the log shows it at once.', look.width - 1).map(
        (text): Line => [span(` ${text}`, 'dim')],
      ),
    ],
  };
}

/** Columns before what is typed or chosen; and with those of the cursor behind it. */
const BEFORE = 10;
const AROUND = BEFORE + 1;

/** The end of what is typed: the beginning is known to whoever typed it. */
function tail(text: string, width: number): string {
  const whole = calm(text);
  const room = width - AROUND;
  if (columnsOf(whole) <= room) return whole;
  let kept = '';
  for (const character of Array.from(whole).reverse()) {
    if (columnsOf(character + kept) > room - 1) break;
    kept = character + kept;
  }
  return `…${kept}`;
}
