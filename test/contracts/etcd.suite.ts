// What arbiters rely on of etcd, the real one and the stand-in of the tests.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Endpoints } from '../../src/node/arbiter/etcd/endpoints.ts';
import {
  EtcdGateway,
  EtcdRefused,
  type WriteOutcome,
} from '../../src/node/arbiter/etcd/gateway.ts';

/** An etcd without keys of these tests, and how it is taken away. */
export interface EtcdSubject {
  readonly url: string;
  stop(): Promise<void>;
}

export function describeEtcd(name: string, start: () => Promise<EtcdSubject>): void {
  describe(name, () => {
    let subject: EtcdSubject;
    let endpoints: Endpoints;
    let gateway: EtcdGateway;

    beforeEach(async () => {
      subject = await start();
      endpoints = new Endpoints([subject.url]);
      gateway = new EtcdGateway(endpoints.ask);
    });

    afterEach(async () => {
      await endpoints.close();
      await subject.stop();
    });

    const write = (key: string, value: string, created: string): Promise<WriteOutcome> =>
      gateway.writeIf([{ key, created }], { key, value }, [key]);

    it('has no key that nobody has written', async () => {
      expect(await gateway.read(['a', 'b'])).toEqual([null, null]);
    });

    it('writes a key once where it must not be there, and says what is there instead', async () => {
      const first = await write('ключ/a', 'одне', '0');
      expect(first).toEqual({ revision: expect.stringMatching(/^\d+$/), instead: [] });
      const second = await write('ключ/a', 'друге', '0');
      const found = { value: 'одне', created: first.revision, written: first.revision, lease: '0' };
      expect(second).toEqual({ revision: null, instead: [found] });
      expect(await gateway.read(['b', 'ключ/a'])).toEqual([null, found]);
    });

    it('goes by the revision of the last write, which rises; the first one stays', async () => {
      const { revision: first } = await write('k', '1', '0');
      const next = (value: string, written: string): Promise<WriteOutcome> =>
        gateway.writeIf([{ key: 'k', written }], { key: 'k', value }, ['k']);
      const { revision: second } = await next('2', first!);
      expect(Number(second)).toBeGreaterThan(Number(first));
      expect(await next('late', first!)).toMatchObject({ revision: null });
      expect(await gateway.read(['k'])).toEqual([
        { value: '2', created: first, written: second, lease: '0' },
      ]);
    });

    it('writes only where all of the conditions hold, and no key is one as well', async () => {
      const { revision } = await write('seat', 'n1', '0');
      const under = (created: string, written: string): Promise<WriteOutcome> =>
        gateway.writeIf(
          [
            { key: 'seat', created },
            { key: 'memory', written },
          ],
          { key: 'memory', value: 'x' },
          ['seat', 'memory'],
        );
      expect(await under(revision!, '7')).toMatchObject({ instead: [{ value: 'n1' }, null] });
      expect(await under('7', '0')).toMatchObject({ instead: [{ value: 'n1' }, null] });
      expect(await under(revision!, '0')).toMatchObject({ instead: [] });
    });

    it('ends a key with its lease, and one that is made anew was created later', async () => {
      const lease = await gateway.grant(60);
      const seat = { key: 'seat', value: 'n1', lease };
      const { revision } = await gateway.writeIf([{ key: 'seat', created: '0' }], seat, []);
      expect(await gateway.read(['seat'])).toMatchObject([{ lease, created: revision }]);
      expect(await gateway.renew(lease)).toBe(true);
      await gateway.revoke(lease);
      expect(await gateway.read(['seat'])).toEqual([null]);
      expect(await gateway.renew(lease)).toBe(false);
      const again = await write('seat', 'n2', '0');
      expect(Number(again.revision)).toBeGreaterThan(Number(revision));
    });

    it('writes only where the key hangs on this lease', async () => {
      const lease = await gateway.grant(60);
      const other = await gateway.grant(60);
      const under = (one: string): Promise<WriteOutcome> =>
        gateway.writeIf([{ key: 'seat', lease: one }], { key: 'memory', value: 'x' }, ['seat']);
      expect(await under(lease)).toEqual({ revision: null, instead: [null] });
      await gateway.writeIf([], { key: 'seat', value: 'n1', lease }, []);
      expect(await under(other)).toMatchObject({ revision: null, instead: [{ lease }] });
      expect(await under(lease)).toMatchObject({ instead: [] });
      await gateway.revoke(lease);
      expect(await under(lease)).toMatchObject({ revision: null, instead: [null] });
    });

    it('hangs no key on a lease that is over', async () => {
      const lease = await gateway.grant(60);
      await gateway.revoke(lease);
      const late = gateway.writeIf([], { key: 'seat', value: 'n1', lease }, []);
      await expect(late).rejects.toThrow(EtcdRefused);
      await expect(late).rejects.toMatchObject({ status: 404 });
      expect(await gateway.read(['seat'])).toEqual([null]);
    });

    it('ends a lease that nobody renews, and not one that is renewed', async () => {
      const kept = await gateway.grant(2);
      const left = await gateway.grant(2);
      for (const lease of [kept, left]) {
        await gateway.writeIf([], { key: lease, value: '', lease }, []);
      }
      await expect
        .poll(
          async () => {
            expect(await gateway.renew(kept)).toBe(true);
            return gateway.read([kept, left]);
          },
          { timeout: 8_000, interval: 100 },
        )
        .toMatchObject([{ value: '' }, null]);
    });
  });
}
