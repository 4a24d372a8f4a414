// An arbiter by hand: gives the role that the test wants, and announces Replicas when told to.

import { type Answer, call } from '../process/program.ts';
import { type Arrived, ScriptedPeer } from './scripted-peer.ts';

/** A node and where it is. */
export interface Member {
  readonly node: string;
  readonly url: string;
}

export class ScriptedArbiter {
  readonly peer: ScriptedPeer;
  epoch = 1;
  /** What a Join is answered with; null: nothing. */
  role: (join: Arrived['body']) => object | null;

  private constructor(peer: ScriptedPeer) {
    this.peer = peer;
    this.role = () => this.joinedMaster();
    peer.script = ({ path, body, answer }) => {
      const said = path === '/arbiter/join' ? this.role(body) : {};
      if (said !== null) answer(200, said);
    };
  }

  static async start(): Promise<ScriptedArbiter> {
    return new ScriptedArbiter(await ScriptedPeer.start(() => {}));
  }

  get joins(): Arrived[] {
    return this.peer.at('/arbiter/join');
  }

  joinedMaster(): object {
    return { result: 'JoinedMaster', epoch: this.epoch };
  }

  joinedSecondary({ node, url }: Member): object {
    return { result: 'JoinedSecondary', epoch: this.epoch, master: { node, url } };
  }

  /** Tells the master the whole set, which includes it. */
  async announce(master: Member, others: readonly Member[]): Promise<Answer> {
    const replicas = [master, ...others].map(({ node, url }) => ({ node, url }));
    return await call('POST', `${master.url}/replica/replicas`, { epoch: this.epoch, replicas });
  }
}
