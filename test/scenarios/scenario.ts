// Plays a scenario: a document with prose, commands, and below them what the virtual cluster drew.
//
// A line that begins with `> ` is a command, one that begins with a space is output (it is made
// anew), anything else is prose. The commands are listed in README.md of this folder.

import type { WriteConcern } from '../../src/core/effects.ts';
import { logIndex } from '../../src/core/ids.ts';
import type { MasterStatus } from '../../src/core/status.ts';
import { drawEntry } from '../../src/sim/drawing.ts';
import { VirtualCluster, type WriteOptions } from '../core/virtual-cluster.ts';
import type { Fate } from '../core/virtual-network.ts';

/** Under the stamps of the trace. */
const INDENT = ' '.repeat(12);

interface Rule {
  readonly from: string;
  readonly to: string;
  readonly what: string | null;
  readonly fate: Fate;
  times: number;
}

type Options = ReadonlyMap<string, string>;

/** Does what a command says: its first word after the name, its options, all its words. */
type Act = (first: string, options: Options, words: readonly string[]) => void;

interface Command {
  readonly name: string;
  readonly words: string[];
  readonly options: Options;
}

/** Splits at spaces outside of quotes; `name=value` is an option. */
function parse(line: string): Command {
  const parts = [...line.matchAll(/"([^"]*)"|(\S+)/g)];
  const words: string[] = [];
  const options = new Map<string, string>();
  for (const [, quoted, plain] of parts) {
    const option = plain?.match(/^([a-z]+)=(.*)$/);
    if (option) options.set(option[1]!, option[2]!);
    else words.push(quoted ?? plain!);
  }
  const [name = '', ...rest] = words;
  return { name, words: rest, options };
}

function wishes(options: Options): WriteOptions {
  const w = options.get('w');
  const timeout = options.get('timeout');
  const key = options.get('key');
  const concern = w === undefined || /^\D/.test(w) ? w : Number(w);
  return {
    ...(concern === undefined ? {} : { w: concern as WriteConcern }),
    ...(timeout === undefined ? {} : { timeoutMs: Number(timeout) }),
    ...(key === undefined ? {} : { key }),
  };
}

export class Scenario {
  readonly title: string;
  private readonly lines: readonly string[];
  private readonly cluster = new VirtualCluster();
  private readonly rules: Rule[] = [];
  private readonly commands = this.table();
  private first: string | null = null;
  private drawn = 0;

  constructor(text: string) {
    this.lines = text.split('\n').filter((line) => !line.startsWith(' '));
    this.title = this.lines[0] ?? '';
    this.cluster.weather = (from, to, what) => this.fate(from, to, what);
  }

  /** The document as it should be. */
  play(): string {
    const out: string[] = [];
    this.lines.forEach((line, i) => {
      out.push(line);
      if (!line.startsWith('> ')) return;
      this.perform(parse(line.slice(2)));
      if (this.lines[i + 1]?.startsWith('> ') !== true) out.push(...this.output());
    });
    return out.join('\n');
  }

  private output(): string[] {
    const lines = this.cluster.trace.slice(this.drawn);
    this.drawn = this.cluster.trace.length;
    return lines;
  }

  private say(line: string): void {
    this.cluster.trace.push(`${INDENT}${line}`);
  }

  private fate(from: string, to: string, what: string): Fate {
    for (const rule of this.rules) {
      const way = (rule.from === '*' || rule.from === from) && (rule.to === '*' || rule.to === to);
      if (!way || rule.times === 0 || (rule.what !== null && rule.what !== what)) continue;
      rule.times -= 1;
      return rule.fate;
    }
    return 1;
  }

  private perform(command: Command): void {
    const { name, words, options } = command;
    const act = this.commands.get(name);
    if (act === undefined) throw new Error(`no such command: ${name}`);
    act(words[0] ?? '', options, words);
  }

  private start(id: string, options: Options, words: readonly string[]): void {
    this.first ??= id;
    const own = id === this.first ? null : this.first;
    const size = options.get('size');
    this.cluster.start(id, {
      arbiter: this.cluster.hosts.has('arbiter') ? 'arbiter' : own,
      size: size === undefined ? null : Number(size),
      wipe: words.includes('empty'),
    });
  }

  private change(way: string, options: Options, words: readonly string[]): void {
    const [, fate = '', what] = words;
    if (way === 'clear') {
      this.rules.length = 0;
      return;
    }
    const [from = '*', to = '*'] = way.split('→');
    this.rules.unshift({
      from,
      to,
      what: what ?? null,
      fate: fate === 'lost' ? 'lost' : fate.split(',').map(Number),
      times: Number(options.get('times') ?? Number.POSITIVE_INFINITY),
    });
  }

  private table(): ReadonlyMap<string, Act> {
    const { cluster } = this;
    const number = (options: Options, name: string): number | undefined =>
      options.has(name) ? Number(options.get(name)) : undefined;
    const disk = (id: string, stuck: boolean, part = 'disk'): void => {
      const { disk } = cluster.host(id);
      disk.stuck = stuck;
      if (part === 'disk') disk.bookkeepingStuck = stuck;
      cluster.draw(`${id}: its ${part} ${stuck ? 'is stuck' : 'works again'}`);
    };
    return new Map<string, Act>([
      ['run', (ms) => cluster.run(Number(ms))],
      [
        'arbiter',
        (_id, options, words) => {
          const failover = words.includes('failover');
          cluster.arbiter({ size: number(options, 'size') ?? null, failover });
        },
      ],
      ['start', (id, options, words) => this.start(id, options, words)],
      ['kill', (id, options) => cluster.kill(id, number(options, 'persisted'))],
      ['pause', (id) => cluster.pause(id)],
      ['resume', (id) => cluster.resume(id)],
      ['leave', (id) => cluster.retire(id)],
      ['stop', (id) => cluster.stop(id)],
      ['compact', (id, _options, [, ...indexes]) => this.compact(id, indexes.map(Number))],
      ['stuck', (id, _options, [, part]) => disk(id, true, part)],
      ['free', (id, _options, [, part]) => disk(id, false, part)],
      ['weather', (way, options, words) => this.change(way, options, words)],
      ['write', (id, options, [, text = '']) => void cluster.write(id, text, wishes(options))],
      ['batch', (id, options, [, ...texts]) => void cluster.batch(id, texts, wishes(options))],
      [
        'put',
        (id, options, [, key = '', value = '']) => {
          cluster.operate(id, [{ op: 'put', key, value }], wishes(options));
        },
      ],
      [
        'remove',
        (id, options, [, key = '']) => {
          cluster.operate(id, [{ op: 'remove', key }], wishes(options));
        },
      ],
      ['confirm', (id) => void cluster.confirm(id)],
      ['list', (_id, _options, ids) => ids.forEach((id) => void this.list(id))],
      [
        'values',
        (_id, options, ids) => ids.forEach((id) => void this.values(id, number(options, 'to'))),
      ],
      ['status', (_id, _options, ids) => ids.forEach((id) => void this.status(id))],
      [
        'heartbeats',
        (how) => {
          cluster.network.drawsHeartbeats = how === 'shown';
        },
      ],
    ]);
  }

  private list(id: string): void {
    this.say(`${id}: ${this.cluster.entries(id).join(' ') || 'nothing'}`);
  }

  /** `indexes`: what is taken away; none: what may be. */
  private compact(id: string, indexes: readonly number[]): void {
    const host = this.cluster.host(id);
    const named = host.log.entries.filter(({ index }) => indexes.includes(index));
    if (indexes.length > 0) host.log.compact(...indexes);
    const gone = (indexes.length > 0 ? named : host.compact()).map(drawEntry);
    this.cluster.draw(`${id}: compacts away ${gone.join(' ') || 'nothing'}`);
  }

  private values(id: string, upTo?: number): void {
    const { folds, log } = this.cluster.host(id);
    const found = folds.store.list('', null, logIndex(upTo ?? log.lastIndex));
    const drawn = found.map(({ index }) => {
      const entry = log.entries.find((each) => each.index === index);
      return entry === undefined ? `nothing at ${index}` : drawEntry(entry);
    });
    this.say(`${id} holds ${drawn.join(' ') || 'nothing'}`);
  }

  private status(id: string): void {
    const status = this.cluster.status(id);
    const { role, epoch, lastIndex, commitIndex } = status;
    this.say(`${id}: ${role}, epoch ${epoch}, last ${lastIndex}, on a majority ${commitIndex}`);
    if (role !== 'master') return;
    const { mode, reason, members } = status as MasterStatus;
    this.say(`  ${reason === null ? mode : `${mode}, ${reason}`}`);
    for (const member of members) {
      const { node, ackedIndex, lagEntries, attempts } = member;
      const behind = lagEntries === 0 ? '' : `, behind by ${lagEntries}`;
      const copies = attempts > 1 ? `, sent ${attempts} times` : '';
      this.say(`  ${node} ${member.status}, acknowledged ${ackedIndex ?? '-'}${behind}${copies}`);
    }
  }
}
