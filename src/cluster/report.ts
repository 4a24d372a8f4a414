// What a launcher says while it works: each event is one JSON object, or one plain line.

import type { NodeView } from './control.ts';

/** The cluster is proved to be ready. */
export interface ReadyEvent {
  readonly event: 'ready';
  readonly name: string;
  readonly pid: number;
  readonly nodes: readonly Pick<NodeView, 'node' | 'role' | 'url' | 'pid'>[];
  readonly arbiter: string;
  readonly control: string;
  readonly dataDir: string | null;
  /** Milliseconds since the launcher began. */
  readonly ms: number;
}

/** Something happened to a node's process on request. */
export interface ProcessEvent {
  readonly event: 'started' | 'stopped' | 'killed' | 'paused' | 'resumed' | 'added' | 'removed';
  readonly node: string;
  readonly url: string;
  readonly pid: number | null;
}

/** A node's process ended without having been asked to. */
export interface ExitEvent {
  readonly event: 'exit';
  readonly node: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines that it wrote. */
  readonly lines: readonly string[];
}

/** Something that a node reports of itself or of a member, e.g. a change of status. */
export interface NodeEvent {
  readonly event: string;
  readonly node: string;
  readonly [field: string]: unknown;
}

/** What an arbiter knows of its cluster when it starts: it goes on with that one. */
export interface RememberedEvent {
  readonly event: 'remembered';
  /** null: none was appointed, or it has left. */
  readonly master: string | null;
  readonly members: readonly string[];
}

/** Others are told a URL that leads nowhere from their machines. */
export interface LocalUrlEvent {
  readonly event: 'local-url';
  readonly url: string;
}

/** Other tokens count now. Which, nobody is told. */
export interface TokensEvent {
  readonly event: 'tokens';
  /** How many. */
  readonly accepted: number;
}

export type ClusterEvent =
  | ReadyEvent
  | ProcessEvent
  | ExitEvent
  | NodeEvent
  | RememberedEvent
  | TokensEvent
  | { readonly event: 'stopping' }
  | { readonly event: 'stopped' };

/** Makes foreign text safe to show: the command line knows how. */
export type Visible = (text: string) => string;

/** The event as one or more plain lines, each ending with a newline. */
export function plainLines(event: ClusterEvent, visible: Visible): string {
  if (event.event === 'ready') return readyLines(event as ReadyEvent, visible);
  if (event.event === 'exit') return exitLines(event as ExitEvent, visible);
  return `${visible(sentenceOf(event as OtherEvent))}\n`;
}

function readyLines(ready: ReadyEvent, visible: Visible): string {
  const nodes = ready.nodes.map(
    ({ node, role, url, pid }) => `${node} is ${role ?? 'without a role'} at ${url} (pid ${pid})`,
  );
  const places = [
    `arbiter and control routes at ${ready.control}`,
    ready.dataDir === null ? 'data in memory only' : `data in ${visible(ready.dataDir)}`,
    `${ready.name} is ready after ${ready.ms} ms`,
  ];
  return [...nodes, ...places].map((line) => `${line}\n`).join('');
}

function exitLines({ node, code, signal, lines }: ExitEvent, visible: Visible): string {
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  const last = lines.map((line) => `${node} | ${visible(line)}\n`).join('');
  return `${node} ended ${how}\n${last}`;
}

type OtherEvent = Exclude<ClusterEvent, ReadyEvent | ExitEvent>;

function sentenceOf(event: OtherEvent): string {
  const fields = event as Readonly<Record<string, unknown>>;
  const node = String(fields.node ?? '');
  switch (event.event) {
    case 'stopping':
      return 'stopping the nodes';
    case 'stopped':
      return node === '' ? 'stopped' : `${node} is stopped`;
    case 'started':
    case 'added':
      return `${node} is ${event.event} at ${fields.url} (pid ${fields.pid})`;
    case 'killed':
    case 'paused':
    case 'resumed':
    case 'removed':
      return `${node} is ${event.event}`;
    case 'status':
      return `${node} is ${fields.to} (was ${fields.from})`;
    case 'role':
      return `${node} is ${fields.role ?? 'without a role'} in epoch ${fields.epoch}`;
    case 'mode':
      return `${node} is ${fields.mode}${fields.reason === null ? '' : `: ${fields.reason}`}`;
    case 'joined':
      return `${node} follows from index ${fields.from} on`;
    case 'refused':
      return `${node} is given no role by ${fields.by}: ${refusalOf(String(fields.code))}`;
    case 'unanswered':
      return `${node} is given no role yet: ${fields.error}${tokenHint(String(fields.error))}`;
    case 'recovered':
      return `${node} has fetched ${fields.count} operations that it did not have`;
    case 'damaged':
      return (
        `${node} found damage in ${fields.file} at byte ${fields.offset}: ` +
        `it serves up to ${fields.after} and fetches the rest, up to ${fields.upTo} at least`
      );
    case 'repaired':
      return `${node} has again what damage took from it`;
    case 'local-url':
      return (
        `the other nodes are told to reach it at ${fields.url}, which only this machine can: ` +
        'where they are on others, give --advertise'
      );
    case 'remembered':
      return rememberedSentence(event as unknown as RememberedEvent);
    case 'tokens':
      return `${node === '' ? '' : `${node}: `}the tokens were exchanged: ${fields.accepted} now`;
    case 'in-charge':
      return inChargeSentence(event as unknown as RememberedEvent);
    case 'standby':
      return fields.reason === null
        ? `stands by: ${fields.inCharge} is in charge ` +
            '(if that is of another cluster, give this one another --etcd-prefix)'
        : `stands by: ${fields.reason}`;
    case 'lost':
      return (
        `${node} has lost ${entries(fields.after, fields.upTo)} to damage, ` +
        'and no other node has them: it ends'
      );
    case 'discarded':
      return discardedSentence(fields);
    case 'left':
      return `${node} has left the cluster`;
    default:
      return otherSentence(fields);
  }
}

function rememberedSentence({ master, members }: RememberedEvent): string {
  const who = master === null ? 'without a master' : `with ${master} as master`;
  return (
    `it goes on with the cluster that its folder remembers: ${members.join(' ')}, ${who}. ` +
    'To begin a new one, remove that folder first, or use --memory'
  );
}

function inChargeSentence({ master, members }: Omit<RememberedEvent, 'event'>): string {
  if (members.length === 0) return 'in charge, and nobody has joined yet';
  const who = master === null ? 'without a master' : `with ${master} as master`;
  return `in charge of ${members.join(' ')}, ${who}`;
}

/** A node's copy of what it drops is named as `src/persistence/damage/aside.ts` does. */
function discardedSentence({ node, after, count }: Readonly<Record<string, unknown>>): string {
  const last = Number(after) + Number(count);
  return (
    `${node} drops ${entries(after, last)}, and takes what the cluster has there ` +
    `(on disk it keeps a copy, aside-${Number(after) + 1}-${last}.jsonl)`
  );
}

/** The entries behind `after`, up to `last`. */
function entries(after: unknown, last: unknown): string {
  const first = Number(after) + 1;
  return first === Number(last) ? `entry ${first}` : `entries ${first} to ${last}`;
}

/** Why an arbiter gives a node no role, and what to do about it. */
function refusalOf(code: string): string {
  if (code === 'node-id-taken') return 'another living node has this id; choose one with --id';
  if (code === 'wrong-cluster') {
    return 'its data are those of another cluster; --join that one, or choose another --data-dir';
  }
  if (code === 'no-master') {
    return 'no master has joined there; `replog master --join` and `replog node` start one';
  }
  if (code === 'no-arbiter') {
    return 'no arbiter is there; --join takes the URL of one, or of a master without --join';
  }
  if (code === 'overloaded') {
    return 'too many wait for it already; see what it says of its disk, or of etcd';
  }
  if (code === 'standby') return 'no arbiter there is in charge; see what they say of etcd';
  return code;
}

/** What to do where a token is asked for. The arbiter's own words are for programs. */
function tokenHint(error: string): string {
  const asked = error.includes(' answered 401 ');
  return asked ? ' (REPLOG_TOKEN or --token-file gives the one that it has)' : '';
}

/** Nodes may report more than is known here: the fields are shown as they are. */
function otherSentence({ event, node, ...fields }: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(fields).map(([name, value]) => {
    return `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
  });
  return [node, event, ...shown].filter((part) => part !== undefined).join(' ');
}
