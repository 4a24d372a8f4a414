// When a peer is asked for a tunnel, and what goes through it.

import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import type { PeerReply } from '../../../src/node/peers/peer-exchange.ts';
import { PeerTunnel } from '../../../src/node/peers/peer-tunnel.ts';
import { TunnelCaller } from '../../../src/node/peers/tunnel-caller.ts';

const OFFERED: PeerReply = { status: 200, text: '', tunnel: true };
const COPY = { session: 1, seq: 1 };

let open: MockInstance<typeof TunnelCaller.open>;
let now = 0;

/** A tunnel that answers at once. */
function tunnelCaller() {
  const caller = { closed: false, close: vi.fn(), holds: vi.fn(() => false), send: vi.fn() };
  caller.send.mockResolvedValue({ status: 200, text: 'tunnelled' });
  open.mockResolvedValue(caller as unknown as TunnelCaller);
  return caller;
}

function peerTunnel(): PeerTunnel {
  const limits = { connectMs: 2_000, answerMs: 30_000 };
  return new PeerTunnel({
    origin: 'http://n2',
    carries: 'Snapshot',
    headers: () => ({}),
    ...limits,
  });
}

/** A request of its own whose answer offers a tunnel, or does not; another one; and all that this
 * sets off. */
async function answered(tunnel: PeerTunnel, reply = OFFERED): Promise<void> {
  await tunnel.watch(Promise.resolve(reply));
  const way = tunnel.send(COPY, []);
  await (way ?? tunnel.watch(Promise.resolve(reply)));
  await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  now = 0;
  open = vi.spyOn(TunnelCaller, 'open');
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('a peer that has none to give is not asked again for five seconds', async () => {
  open.mockResolvedValue(null);
  const tunnel = peerTunnel();
  await answered(tunnel, { ...OFFERED, tunnel: false });
  expect(open).toHaveBeenCalledTimes(0);
  for (const [ms, asked] of [
    [0, 1],
    [1, 1],
    [4_999, 1],
    [5_000, 2],
    [9_999, 2],
  ] as const) {
    now = ms;
    await answered(tunnel);
    expect(open).toHaveBeenCalledTimes(asked);
  }
});

test('one is asked for when there is something to send: who left hears no more', async () => {
  const tunnel = peerTunnel();
  tunnelCaller();
  await tunnel.watch(Promise.resolve(OFFERED));
  await new Promise((resolve) => setImmediate(resolve));
  expect(open).toHaveBeenCalledTimes(0);
  expect(tunnel.send(COPY, [])).toBeNull();
  expect(open).toHaveBeenCalledTimes(1);
});

test('an offer is for one attempt, and that of a peer whose tunnel is there for none', async () => {
  open.mockResolvedValue(null);
  const tunnel = peerTunnel();
  await answered(tunnel, { ...OFFERED, tunnel: false });
  await tunnel.watch(Promise.resolve(OFFERED));
  expect(tunnel.send(COPY, [])).toBeNull();
  await new Promise((resolve) => setImmediate(resolve));
  now = 5_000;
  expect(tunnel.send(COPY, [])).toBeNull();
  expect(open).toHaveBeenCalledTimes(1);
  const caller = tunnelCaller();
  await answered(tunnel);
  expect(open).toHaveBeenCalledTimes(2);
  await tunnel.watch(Promise.resolve(OFFERED));
  caller.closed = true;
  expect(tunnel.send(COPY, [])).toBeNull();
  expect(open).toHaveBeenCalledTimes(2);
});

test('one is asked for while there is none, and again when it has ended', async () => {
  const tunnel = peerTunnel();
  const caller = tunnelCaller();
  await Promise.all([answered(tunnel), answered(tunnel)]);
  await answered(tunnel);
  expect(open).toHaveBeenCalledTimes(1);
  expect(await tunnel.send(COPY, [])).toEqual({ status: 200, text: 'tunnelled' });
  caller.closed = true;
  expect(tunnel.send(COPY, [])).toBeNull();
  await answered(tunnel);
  expect(open).toHaveBeenCalledTimes(2);
});

test('nothing overtakes a request of its own, in a new tunnel as in the first', async () => {
  const tunnel = peerTunnel();
  for (let round = 0; round < 2; round += 1) {
    const caller = tunnelCaller();
    await answered(tunnel);
    let answer: (reply: PeerReply) => void = () => {};
    const request = tunnel.watch(new Promise((resolve) => (answer = resolve)));
    expect(tunnel.send(COPY, [])).toBeNull();
    answer(OFFERED);
    await request;
    expect(tunnel.send(COPY, [])).not.toBeNull();
    // From now on the tunnel is the first way, and a request of its own is a second copy.
    const lost = tunnel.watch(Promise.reject(new Error('no answer')));
    expect(tunnel.send(COPY, [])).not.toBeNull();
    await expect(lost).rejects.toThrow('no answer');
    caller.holds.mockReturnValue(true);
    expect(tunnel.send(COPY, [])).toBeNull();
    caller.closed = true;
  }
});

test('the end closes the tunnel that is there, and no other is asked for', async () => {
  const tunnel = peerTunnel();
  const caller = tunnelCaller();
  await answered(tunnel);
  tunnel.close();
  expect(caller.close).toHaveBeenCalledTimes(1);
  expect(tunnel.send(COPY, [])).toBeNull();
  await answered(tunnel);
  expect(open).toHaveBeenCalledTimes(1);
});

test('while one is on its way no other is asked for; after the end it is closed', async () => {
  const tunnel = peerTunnel();
  const caller = tunnelCaller();
  let opened: (caller: TunnelCaller) => void = () => {};
  open.mockReturnValue(new Promise((resolve) => (opened = resolve)));
  await answered(tunnel);
  await answered(tunnel);
  expect(open).toHaveBeenCalledTimes(1);
  tunnel.close();
  opened(caller as unknown as TunnelCaller);
  await vi.waitFor(() => expect(caller.close).toHaveBeenCalledTimes(1));
  expect(tunnel.send(COPY, [])).toBeNull();
});
