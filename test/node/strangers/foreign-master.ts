// A foreign master that says to a secondary of ours whatever a seed tells it to.

import { isDeepStrictEqual } from 'node:util';
import { WireConnection } from '../http-model/wire-connection.ts';
import type { SnapshotSaid, Update } from './follower-model.ts';
import { FollowerRun, plain, SNAPSHOT } from './follower-run.ts';
import { PostLine, post, TunnelLine } from './lines.ts';
import { anyUpdate, mangled, strangeFields } from './random-words.ts';

export class ForeignMaster extends FollowerRun {
  private lastSession = 0;

  // What there is to say.

  private update(index: number, epoch: number): Update {
    return anyUpdate(this.chance, index, epoch);
  }

  private updates(from: number, count: number, epoch = this.model.epoch): Update[] {
    return Array.from({ length: count }, (_, i) => this.update(from + i, epoch));
  }

  private commitIndex(): number {
    const { chance, model } = this;
    return chance.of(0.05) ? 2 ** 53 - 1 : chance.below(model.log.length + 2);
  }

  private following(): SnapshotSaid {
    const { chance, model } = this;
    const { session, log } = model;
    const current = session?.epoch === model.epoch ? session : null;
    const epoch = Math.max(model.epoch, 1);
    if (current === null) this.lastSession = chance.of(0.5) ? this.lastSession + 1 : 1;
    const seq = current?.expected ?? 0;
    const number = current?.session ?? this.lastSession;
    const count = chance.of(0.002) ? 9_000 : chance.below(5);
    const updates = this.updates(log.length + 1, count, epoch);
    const said = { epoch, session: number, seq, updates, commitIndex: this.commitIndex() };
    this.sent.push(said);
    return said;
  }

  async step(): Promise<void> {
    const { chance } = this;
    switch (chance.below(22)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.snapshot(this.following());
      case 4:
        return this.snapshot(this.following(), strangeFields(this.chance));
      case 5:
        return this.repeat();
      case 6: {
        const said = this.following();
        return this.snapshot({
          ...said,
          seq: said.seq + 1 + chance.below(chance.of(0.2) ? 1e15 : 3),
        });
      }
      case 7:
        return this.overlap();
      case 8: {
        const said = this.following();
        return this.snapshot({ ...said, epoch: Math.max(0, said.epoch - 1 - chance.below(2)) });
      }
      case 9: {
        const said = this.following();
        return this.snapshot({ ...said, session: said.session - 1 - chance.below(3) });
      }
      case 10:
        return this.begin();
      case 11:
        return this.misplaced();
      case 12:
      case 13:
        return this.malformed();
      case 14:
        return this.heartbeat();
      case 15:
        return this.cut();
      case 16:
        return this.atOnce();
      case 17:
        return this.fetched();
      case 18:
        return this.others();
      case 19:
        return this.noise();
      case 20:
        if (chance.of(0.3)) await this.restart();
        return;
      default:
        return this.look();
    }
  }

  private async repeat(): Promise<void> {
    const { chance } = this;
    if (this.sent.length === 0) return;
    const said = chance.one(this.sent);
    if (chance.of(0.5)) return this.snapshot(said);
    // Another payload at the same place.
    const updates = said.updates.map(({ index, epoch }) => this.update(index, epoch));
    return this.snapshot({ ...said, updates });
  }

  /** Partly old. */
  private async overlap(): Promise<void> {
    const { chance, model } = this;
    const said = this.following();
    const back = Math.min(said.seq, 1 + chance.below(4), model.log.length);
    const old = chance.of(0.5)
      ? model.log.slice(model.log.length - back)
      : this.updates(1 + chance.below(3), back);
    const updates = [...old, ...said.updates];
    if (updates.some(({ index }, i) => i > 0 && index <= updates[i - 1]!.index)) return;
    if (updates.some(({ epoch }, i) => i > 0 && epoch < updates[i - 1]!.epoch)) return;
    return this.snapshot({ ...said, seq: said.seq - old.length, updates });
  }

  /** A new session, perhaps of a new epoch, that begins somewhere. */
  private async begin(): Promise<void> {
    const { chance, model } = this;
    const { log, session } = model;
    const epoch = model.epoch + (chance.of(0.4) ? 1 + chance.below(3) : 0);
    const number = chance.one([
      (session?.session ?? 0) + 1,
      (session?.session ?? 0) + 1000,
      Date.now(),
      ...(chance.of(0.1) ? [2 ** 53 - 1, -5] : []),
    ]);
    if (!Number.isSafeInteger(number)) return;
    const from = chance.one([1, log.length + 1, Math.max(1, log.length - 2), log.length + 2]);
    let updates = [...log.slice(from - 1, from + chance.below(4)), ...[]];
    if (chance.of(0.5)) updates = updates.map((u) => this.update(u.index, u.epoch));
    if (chance.of(0.3)) updates = updates.map((u) => this.update(u.index, epoch));
    const next = updates.length > 0 ? updates.at(-1)!.index + 1 : from;
    if (next > log.length) updates.push(...this.updates(next, chance.below(3), epoch));
    const said = { epoch, session: number, seq: 0, updates, commitIndex: this.commitIndex() };
    const took = await this.snapshot(said);
    this.sent = [said];
    this.lastSession = Math.max(this.lastSession, number < 2 ** 50 ? number : 0);
    return took;
  }

  private async misplaced(): Promise<void> {
    const { chance, model } = this;
    const said = this.following();
    const epoch = said.epoch + chance.one([-1, 0, 1, 5]);
    const from = model.log.length + chance.one([-3, -1, 0, 1, 2, 3, 2 ** 50]);
    if (epoch < 0 || from < 1) return;
    const updates = this.updates(from, 1 + chance.below(4), epoch);
    if (chance.of(0.3) && updates.length > 2) updates.splice(1, 1);
    this.sent.pop();
    return this.snapshot({ ...said, updates });
  }

  /** One field is wrong or missing: nothing happens. */
  private async malformed(): Promise<void> {
    const { chance, model } = this;
    const said = this.following();
    this.sent.pop();
    const { log } = model;
    const updates =
      said.updates.length > 0 ? said.updates : [this.update(log.length + 1, said.epoch)];
    const { lengths: _, ...body } = { ...said, updates, lengths: 0 };
    const text = chance.of(0.5)
      ? mangled(body, chance.one(['epoch', 'session', 'seq', 'updates', 'commitIndex']), chance)
      : JSON.stringify({ ...body, updates: ['#'] }).replace(
          '"#"',
          mangled(updates[0]!, chance.one(['index', 'epoch', 'at', 'op']), chance),
        );
    const heard = await this.say('Snapshot', chance.of(0.1) ? text.slice(0, -1) : text);
    if (heard.status !== 400 || heard.body.code !== 'invalid-request') {
      // A session may be any integer; then it is a Snapshot like others.
      this.complain(`owed 400, got ${heard.status} ${heard.body.code} for ${text.slice(0, 500)}`);
    }
  }

  private async heartbeat(): Promise<void> {
    const { chance, model } = this;
    const { log } = model;
    const epoch = Math.max(0, model.epoch + chance.one([0, 0, 0, 0, 1, -1]));
    const lastIndex = chance.one([0, log.length, log.length + 5, 2 ** 53 - 1]);
    const said = { epoch, master: this.self, lastIndex, commitIndex: this.commitIndex() };
    if (chance.of(0.2)) {
      const field = chance.one(['epoch', 'master', 'lastIndex', 'commitIndex']);
      const heard = await this.say('Heartbeat', mangled(said, field, chance));
      if (heard.status !== 400) this.complain(`owed 400, got ${heard.status}`);
      return;
    }
    const owed = model.heartbeat(said);
    const heard = await this.say('Heartbeat', JSON.stringify({ ...said, leaseMs: 5 }));
    if (this.differs(owed, heard)) this.complain(`owed ${JSON.stringify(owed)}`);
    if (heard.status !== 200) return;
    const { body } = heard;
    const right =
      body.node === 'n2' && body.epoch === model.epoch && typeof body.incarnation === 'string';
    if (!right || body.lastIndex !== log.length)
      this.complain(`${JSON.stringify(body)}, ${log.length}`);
  }

  /** Cut before its end, or before its answer: and then said again. */
  private async cut(): Promise<void> {
    const { chance } = this;
    const said = this.following();
    const body = JSON.stringify(said);
    const bytes = post(SNAPSHOT, body);
    const connection = new WireConnection(this.url);
    const whole = chance.of(0.5);
    const short = bytes.subarray(0, 1 + chance.below(bytes.length - 1));
    connection.write(whole ? bytes : short);
    if (chance.of(0.5)) await new Promise((resolve) => setTimeout(resolve, chance.below(4)));
    connection.close();
    this.said.push(`cut ${whole ? 'answer' : 'request'} ${body.slice(0, 300)}`);
    if (!whole) {
      await this.look();
    }
    // Whether it was taken: as sent again, it must be.
    return this.snapshot(said);
  }

  /** Several at once, out of order and twice: each is taken or refused, and then all are taken. */
  private async atOnce(): Promise<void> {
    const { chance, model } = this;
    const first = this.following();
    const { epoch, session } = first;
    const all = [first];
    let seq = first.seq + first.updates.length;
    let index = model.log.length + first.updates.length + 1;
    for (let i = 0; i < 3; i += 1) {
      const updates = this.updates(index, 1 + chance.below(3), epoch);
      all.push({ epoch, session, seq, updates, commitIndex: 0 });
      seq += updates.length;
      index += updates.length;
    }
    this.sent.push(...all.slice(1));
    const answers = await Promise.all(
      chance.shuffled([...all, ...all]).map(async (said) => {
        const line = chance.of(0.5) ? await this.line('Snapshot') : new PostLine(this.url);
        // A line that is kept takes one request at a time.
        const one = line === this.posts ? new PostLine(this.url) : line;
        const heard = await one.ask(SNAPSHOT, JSON.stringify(said));
        if (one instanceof PostLine) one.close();
        return { said, heard };
      }),
    );
    for (const { said, heard } of answers) {
      const fine =
        heard.status === 200 || (heard.status === 409 && heard.body.code === 'out-of-order');
      if (!fine) this.complain(`at once: ${heard.status} ${heard.body.code}`);
      const last = said.seq + said.updates.length - 1;
      if (heard.status === 200 && (heard.body.seq as number) < last)
        this.complain('acked too little');
    }
    this.mayHave = { seq, index };
    for (const said of all) await this.snapshot(said);
    this.mayHave = { seq: 0, index: 0 };
  }

  private async fetched(): Promise<void> {
    const { chance, model } = this;
    const { log } = model;
    const epoch = Math.max(0, model.epoch + chance.one([0, 0, 0, 1, -1]));
    const from = chance.one([1, 1 + chance.below(log.length + 3), 2 ** 53 - 1]);
    const heard = await this.posts.ask('/replica/fetch', JSON.stringify({ epoch, from }));
    this.said.push(`fetch ${epoch} ${from} -> ${heard.status}`);
    const stale = model.stale(epoch);
    if (stale !== null) {
      if (this.differs(stale, heard)) this.complain('a Fetch of an old epoch');
      return;
    }
    model.epoch = epoch;
    const updates = (heard.body.updates ?? []) as Update[];
    const same = isDeepStrictEqual(
      updates.map(plain),
      log.slice(from - 1, from - 1 + updates.length).map(plain),
    );
    if (heard.status !== 200 || !same || heard.body.lastIndex !== log.length)
      this.complain('a Fetch');
    if (from <= log.length && updates.length === 0) this.complain('an empty Fetch');
  }

  /** What is not for a secondary. */
  private async others(): Promise<void> {
    const { chance, model } = this;
    const peer = { node: 'x', url: 'http://127.0.0.1:1' };
    const join = { ...peer, incarnation: 'i', epoch: 2 ** 40, lastIndex: 0 };
    const epoch = model.epoch + chance.one([0, 0, -1]);
    const [path, body, codes] = chance.one([
      ['/arbiter/join', join, ['no-arbiter']],
      ['/arbiter/leave', { node: 'n2' }, ['no-arbiter']],
      [
        '/replica/replicas',
        { epoch: Math.max(epoch, 0), replicas: [peer] },
        [Math.max(epoch, 0) < model.epoch ? 'stale-epoch' : 'not-master'],
      ],
      ['/replica/replicas', { epoch: 'x', replicas: [peer] }, ['invalid-request']],
      ['/replica/snapshot', 'null', ['invalid-request']],
      ['/replica/heartbeat', [], ['invalid-request']],
      ['/replica/fetch', { epoch: model.epoch, from: 0 }, ['invalid-request']],
    ] as const);
    const heard = await this.posts.ask(path, JSON.stringify(body));
    this.said.push(`${path} ${JSON.stringify(body)} -> ${heard.status} ${heard.body.code}`);
    if (!(codes as readonly unknown[]).includes(heard.body.code)) this.complain(`not ${codes}`);
  }

  /** Frames that are none, in a tunnel of their own: it ends, and nothing else. */
  private async noise(): Promise<void> {
    const { chance } = this;
    const kind = chance.one(['Snapshot', 'Heartbeat'] as const);
    const tunnel = await TunnelLine.open(this.url, kind, 0, () => 1 + chance.below(9));
    const header = Buffer.alloc(8);
    switch (chance.below(4)) {
      case 0:
        header.writeUInt32LE(chance.one([2 ** 32 - 1, 2 ** 31, 18 << 20]), 0);
        tunnel.write(header);
        this.said.push('a frame of gigantic length');
        await tunnel.ended();
        break;
      case 1: {
        const heard = await tunnel.ask(
          '',
          chance.one(['', '{', 'null', '\0', '[1]', '{"epoch":1}']),
        );
        if (heard.status !== 400) this.complain(`noise: ${heard.status}`);
        tunnel.close();
        break;
      }
      case 2:
        header.writeUInt32LE(chance.one([1, 100, 17 << 20]), 0);
        tunnel.write(header);
        tunnel.close();
        break;
      default:
        tunnel.write(Buffer.from(Array.from({ length: 50 }, () => chance.below(256))));
        tunnel.close();
    }
  }
}
