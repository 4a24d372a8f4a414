// Makes docs/dashboard.svg: runs a real cluster with its dashboard in tmux, does what a person would,
// takes captures of the screen, and puts them into one picture that moves. Needs tmux and a build.
//
//   npm run build && node build/recording.js

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COLUMNS = 100;
const ROWS = 30;

const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'replog-recording-'));
const socket = join(home, 'tmux');
const replog = join(root, 'bin/replog.js');
const env = { ...process.env, REPLOG_RUN_DIR: join(home, 'run'), LANG: 'C.UTF-8' };

const tmux = (...args) => spawnSync('tmux', ['-S', socket, ...args], { encoding: 'utf8', env });
const type = (...keys) => tmux('send-keys', '-t', 'r', ...keys);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const use = (...args) => spawnSync(process.execPath, [replog, ...args], { env });
const capture = () => tmux('capture-pane', '-e', '-p', '-t', 'r').stdout.split('\n').slice(0, ROWS);

/** What happens, and for how many seconds each picture is shown. */
const SCENES = [
  { show: 2 },
  { act: () => use('append', 'first message', 'привіт, світе', 'good morning 🌅'), show: 2 },
  { act: () => use('kv', 'put', 'colour', 'blue'), show: 1.5 },
  { act: () => type('w'), wait: 2_500, show: 1.5 },
  { wait: 1_000, show: 1 },
  { act: () => type('w'), wait: 700, show: 1 },
  { act: () => type('Right', 'X'), wait: 2_500, show: 2 },
  { act: () => type('m', 'all of you, please', 'Left'), wait: 500, show: 2 },
  { act: () => type('Enter'), wait: 900, show: 2.5 },
  { wait: 2_500, show: 2 },
  { act: () => type('r'), until: 'stored as', wait: 1_800, show: 3 },
  { act: () => type('f'), until: 'faults of n2', wait: 300, show: 0.8 },
  { act: () => type('Right', 'Right'), wait: 900, show: 2 },
  { act: () => type('Escape'), wait: 300, show: 0.5 },
  { act: () => type('w'), wait: 3_000, show: 2 },
  { act: () => type('w', 'c'), wait: 2_500, show: 2 },
];

/** Resolves when the screen shows a text. */
async function shown(text) {
  for (let patience = 100; !capture().join('').includes(text); patience -= 1) {
    if (patience === 0) throw new Error(`the dashboard does not show "${text}"`);
    await sleep(200);
  }
}

async function record() {
  const line = [replog, 'cluster', '--memory', '--port', '0', '--name', 'demo'];
  const size = ['-x', `${COLUMNS}`, '-y', `${ROWS}`];
  tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'r', ...size, process.execPath, ...line);
  await shown('★ n1 master');
  const pictures = [];
  for (const { act, until = '', wait = 800, show } of SCENES) {
    act?.();
    await shown(until);
    await sleep(wait);
    pictures.push({ lines: capture(), show });
  }
  return pictures;
}

const COLOURS = { 31: '#e06c75', 32: '#98c379', 33: '#e5c07b', 36: '#56b6c2' };
const PAPER = '#1e2127';
const INK = '#c8ccd4';
const CELL = { width: 8.4, height: 17 };
const ESCAPE = '\u001b';
const STYLE = new RegExp(`(${ESCAPE}\\[[\\d;]*m)`);
const WIDE = /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\uffe6]/u;

const PLAIN = { bold: false, dim: false, inverse: false, colour: null };

/** Pieces of a line with their place and looks, and the looks with which the next line begins: tmux
 * tells only what changes. */
function pieces(line, before) {
  const found = [];
  let look = before;
  let column = 0;
  for (const part of line.split(STYLE)) {
    if (part.startsWith(ESCAPE)) {
      for (const code of part.slice(2, -1).split(';')) look = changed(look, Number(code || 0));
      continue;
    }
    let text = '';
    let from = column;
    const flush = () => {
      if (text !== '') found.push({ text, column: from, columns: column - from, ...look });
      text = '';
      from = column;
    };
    for (const character of part) {
      text += character;
      column += WIDE.test(character) ? 2 : 1;
      if (WIDE.test(character)) flush();
    }
    flush();
  }
  return { found, after: look };
}

function changed(look, code) {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code === 7) return { ...look, inverse: true };
  if (code === 22) return { ...look, bold: false, dim: false };
  if (code === 27) return { ...look, inverse: false };
  if (code === 39) return { ...look, colour: null };
  return code in COLOURS ? { ...look, colour: COLOURS[code] } : look;
}

const escaped = (text) =>
  text.replace(/[&<>]/g, (character) => `&#${character.codePointAt(0)};`).replaceAll(' ', '\u00a0');

/** One row of the screen at its place. */
function drawnRow(found, row) {
  return found
    .map((piece) => {
      const { text, column, columns, bold, dim, inverse, colour } = piece;
      const [x, y] = [(column + 1) * CELL.width, (row + 1.6) * CELL.height];
      const fill = inverse ? PAPER : (colour ?? INK);
      const place = `x="${x.toFixed(1)}" y="${y.toFixed(1)}"`;
      const ground = inverse
        ? `<rect x="${x.toFixed(1)}" y="${(y - 13).toFixed(1)}" width="${(columns * CELL.width).toFixed(1)}" height="${CELL.height}" fill="${colour ?? INK}"/>`
        : '';
      if (text.trim() === '') return ground;
      const width = `textLength="${(columns * CELL.width).toFixed(1)}"`;
      const looks = `${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity=".6"' : ''}`;
      const style = `${fill === INK ? '' : ` fill="${fill}"`}${looks}`;
      return `${ground}<text ${place} ${width}${style}>${escaped(text)}</text>`;
    })
    .join('');
}

/** A row that several pictures show is drawn once, and referred to: most rows are such. */
function drawn(lines, known) {
  let look = PLAIN;
  return lines
    .map((line, row) => {
      const { found, after } = pieces(line, look);
      look = after;
      const picture = drawnRow(found, row);
      if (picture === '') return '';
      if (!known.has(picture)) known.set(picture, `r${known.size}`);
      return `<use href="#${known.get(picture)}"/>`;
    })
    .join('');
}

function svg(pictures) {
  const total = pictures.reduce((sum, { show }) => sum + show, 0);
  let at = 0;
  const known = new Map();
  const frames = pictures.map(({ lines, show }, i) => {
    const [from, to] = [at, at + show].map((time) => ((time / total) * 100).toFixed(2));
    at += show;
    const begin = i === 0 ? '' : `0%{visibility:hidden}`;
    const end = i === pictures.length - 1 ? '' : `${to}%{visibility:hidden}`;
    const rule = `@keyframes p${i}{${begin}${from}%{visibility:visible}${end}}`;
    const style = `#p${i}{animation:p${i} ${total}s step-end infinite}`;
    return { rule: `${rule}${style}`, group: `<g id="p${i}" class="p">${drawn(lines, known)}</g>` };
  });
  const [width, height] = [(COLUMNS + 2) * CELL.width, (ROWS + 1.5) * CELL.height];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height.toFixed(0)}" font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" fill="${INK}">
<title>The dashboard of replog: a node is killed, a message waits for it, it comes back</title>
<style>.p{visibility:hidden}#p0{visibility:visible}${frames.map(({ rule }) => rule).join('')}</style>
<defs>${[...known].map(([picture, id]) => `<g id="${id}">${picture}</g>`).join('\n')}</defs>
<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>
${frames.map(({ group }) => group).join('\n')}
</svg>
`;
}

try {
  const target = join(root, 'docs/dashboard.svg');
  writeFileSync(target, svg(await record()));
  process.stdout.write(`${target}\n`);
} finally {
  type('C-c');
  await sleep(3_000);
  tmux('kill-server');
  rmSync(home, { recursive: true, force: true });
}
