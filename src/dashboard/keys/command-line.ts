// The command line that does what a key, or an open panel, does.

import { faultWords } from '../../client/fault-words.ts';
import { shellWord } from '../../client/shell-word.ts';
import type { Situation } from './key-entry.ts';
import { idOf } from './key-entry.ts';
import { KEY_MAP } from './key-map.ts';
import type { Panel, ScreenState } from './screen-state.ts';
import { concernsOf } from './screen-state.ts';

/** With what the command needs to find this cluster. */
export function spelled(command: string, { flags }: ScreenState): string {
  if (flags === '' || !/\breplog (?!--)/.test(command) || command.includes('--url')) return command;
  return `${command} ${flags}`;
}

/** For the foot: of the open panel, else what was done last, else what could be done. */
export function currentCommand(situation: Situation): string {
  const { screen } = situation;
  const command =
    (screen.panel === null ? null : panelCommand(screen.panel, situation)) ??
    screen.lastCommand ??
    possible(situation);
  return spelled(command, screen);
}

const OPENERS: Partial<Readonly<Record<Panel['kind'], string>>> = {
  help: '?',
  output: 'l',
  keys: 'k',
};

function panelCommand(panel: Panel, situation: Situation): string | null {
  const { state } = situation;
  switch (panel.kind) {
    case 'confirm':
      return panel.command;
    case 'append': {
      const w = concernsOf(state)[panel.w] ?? 'majority';
      return `replog append ${shellWord(panel.message || 'hello')} --w ${w}`;
    }
    case 'faults': {
      const faults = state.nodes.find(({ node }) => node === panel.node)?.faults ?? {};
      return `replog fault ${panel.node} ${faultWords(faults) || 'clear'}`;
    }
    case 'story':
      return `replog explain ${panel.index}`;
    default: {
      const entry = KEY_MAP.find(({ key }) => key === OPENERS[panel.kind]);
      return entry?.command(situation) ?? null;
    }
  }
}

/** What could be done to the chosen node, as one line: `replog stop|kill n2`. */
function possible(situation: Situation): string {
  const verbs = KEY_MAP.filter(
    (entry) => 'xXzrd'.includes(entry.key) && entry.refusal(situation) === null,
  ).map((entry) => entry.command(situation)?.split(' ')[1]);
  if (verbs.length === 0) return 'replog append MESSAGE';
  return `replog ${verbs.join('|')} ${idOf(situation)}`;
}
