import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  areFree,
  checkPorts,
  freeBlock,
  nextFreePort,
  PortTaken,
} from '../../../src/cluster/start/ports.ts';

const open: { close(): void }[] = [];

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

function occupy(host: string): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, host, () => {
      resolve((server.address() as AddressInfo).port);
    });
    open.push(server);
  });
}

describe('checkPorts', () => {
  it('accepts a free block, and leaves it free', async () => {
    const first = await freeBlock(3);
    const block = [first, first + 1, first + 2];
    await checkPorts(block);
    await checkPorts(block);
  });

  it.each(['127.0.0.1', '0.0.0.0'])('names the port that is taken on %s', async (host) => {
    const taken = await occupy(host);
    const check = checkPorts([await freeBlock(1), taken]);
    await expect(check).rejects.toThrow(PortTaken);
    await expect(check).rejects.toThrow(`port ${taken} is taken`);
  });

  it('counts a port that stands in the block twice as taken', async () => {
    const port = await freeBlock(1);
    await expect(checkPorts([port, port])).rejects.toThrow(PortTaken);
  });
});

describe('areFree', () => {
  it('does not call a port taken that is none', async () => {
    expect(await areFree([await occupy('127.0.0.1')])).toBe(false);
    await expect(areFree([65_536])).rejects.toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' });
  });
});

describe('nextFreePort', () => {
  it('passes over what is taken', async () => {
    const taken = await occupy('127.0.0.1');
    expect(await nextFreePort(taken)).toBeGreaterThan(taken);
  });
});
