// What the tests of a rule are played on: real `replog` processes and scripted peers, all gone when
// the file is through. A process takes longer to start than most rules take to prove, so the tests
// of a file share one where they can, and bring scripted peers of their own.

import { Belongings, call } from '../process/program.ts';
import { RealNode } from './real-node.ts';
import { type Member, ScriptedArbiter } from './scripted-arbiter.ts';
import { type Script, ScriptedPeer } from './scripted-peer.ts';
import { ScriptedReplicator } from './scripted-replicator.ts';
import { type Manner, ScriptedSecondary } from './scripted-secondary.ts';

/** A real master with a scripted arbiter, who alone decides about the set of replicas. */
export interface ScriptedCluster {
  readonly master: RealNode;
  readonly arbiter: ScriptedArbiter;
  /** Announces the whole set: the master and these. */
  announce(...others: Member[]): Promise<void>;
  /** Scripted secondaries with these names, announced as the whole set, who have caught up. */
  members(manner: Manner, ...names: string[]): Promise<ScriptedSecondary[]>;
  /** One of them, alone. */
  member(manner: Manner, name: string): Promise<ScriptedSecondary>;
}

/** A real secondary, a scripted arbiter, and a scripted master to feed it. */
export interface ScriptedFeed {
  readonly secondary: RealNode;
  readonly arbiter: ScriptedArbiter;
  readonly replicator: ScriptedReplicator;
}

export class Stage extends Belongings {
  /** Runs `replog <args>` in memory, unless a folder is given, and waits until it listens. */
  async node(command: string, id: string, ...args: string[]): Promise<RealNode> {
    const place = args.includes('--data-dir') ? [] : ['--memory'];
    const port = args.includes('--port') ? [] : ['--port', '0'];
    const all = [command, '--json', '--faults', '--id', id, ...place, ...port, ...args];
    const program = this.program(all);
    const { url } = await program.event('listening');
    return new RealNode(id, url!, program);
  }

  async peer(script: Script, port = 0): Promise<ScriptedPeer> {
    const peer = await ScriptedPeer.start(script, port);
    this.add(() => peer.stop());
    return peer;
  }

  async arbiter(): Promise<ScriptedArbiter> {
    const arbiter = await ScriptedArbiter.start();
    this.add(() => arbiter.peer.stop());
    return arbiter;
  }

  async scripted(node: string, manner: Manner): Promise<ScriptedSecondary> {
    const secondary = await ScriptedSecondary.start(node, manner);
    this.add(() => secondary.peer.stop());
    return secondary;
  }

  /** A real master n1, alone, and its scripted arbiter. */
  async cluster(): Promise<ScriptedCluster> {
    const arbiter = await this.arbiter();
    const master = await this.node('node', 'n1', '--join', arbiter.peer.url);
    await master.healthy(
      ({ role, mode }) => role === 'master' && mode === 'read-write',
      'is master',
    );
    const announce = async (...members: Member[]): Promise<void> => {
      const { status } = await arbiter.announce(master, members);
      if (status !== 200) throw new Error(`Replicas was answered ${status}`);
    };
    const members = async (manner: Manner, ...names: string[]): Promise<ScriptedSecondary[]> => {
      const all = await Promise.all(names.map((name) => this.scripted(name, 'obedient')));
      await announce(...all);
      const { body } = await master.put('caught up', names.join(), { timeoutMs: 10_000 });
      if (body.result !== 'OperationAck') throw new Error(JSON.stringify(body));
      for (const one of all) one.begin(manner);
      return all;
    };
    const member = async (manner: Manner, name: string): Promise<ScriptedSecondary> =>
      (await members(manner, name))[0]!;
    return { master, arbiter, announce, members, member };
  }

  /** A real secondary n2, which its arbiter has told of a master that does not exist. */
  async feed(...args: string[]): Promise<ScriptedFeed> {
    const arbiter = await this.arbiter();
    arbiter.role = () => arbiter.joinedSecondary({ node: 'n1', url: 'http://127.0.0.1:9' });
    const secondary = await this.node('node', 'n2', '--join', arbiter.peer.url, ...args);
    await secondary.healthy(({ role }) => role === 'secondary', 'is a secondary');
    return { secondary, arbiter, replicator: new ScriptedReplicator(secondary.url) };
  }

  /** A real master that is its own arbiter. */
  async master(...args: string[]): Promise<RealNode> {
    const master = await this.node('master', 'n1', ...args);
    await master.healthy(({ mode }) => mode === 'read-write', 'takes writes');
    return master;
  }

  /** A real secondary that has joined, and that the master knows by an acknowledgement. */
  async join(master: RealNode, id: string, ...args: string[]): Promise<RealNode> {
    const secondary = await this.node('secondary', id, '--join', master.url, ...args);
    await master.healthy(
      ({ members }) =>
        members.some(
          (member: { node: string; ackedIndex: number | null }) =>
            member.node === id && member.ackedIndex !== null,
        ),
      `${id} has acknowledged`,
    );
    return secondary;
  }

  /** Takes a node out of the set, as `replog rm` does. */
  async leave(arbiter: string, node: string): Promise<void> {
    const { status } = await call('POST', `${arbiter}/arbiter/leave`, { node });
    if (status !== 200) throw new Error(`Leave was answered ${status}`);
  }
}

/** Lets a span go by in which nothing must happen: the one wait that no event can end. */
export const quiet = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** What a promise has come to by now; null while it is open. */
export async function settled<T>(promise: Promise<T>): Promise<T | null> {
  return await Promise.race([promise, new Promise<null>((resolve) => setImmediate(resolve, null))]);
}
