import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type EtcdFlags, etcdSettings } from '../../../src/cli/arguments/etcd-options.ts';
import { UsageError } from '../../../src/cli/exit.ts';

const ETCD = ['http://10.0.0.1:2379'];

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'replog-etcd-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, text);
  return path;
}

test('without --etcd there is none; with it all has its default', async () => {
  expect(await etcdSettings({})).toBeNull();
  expect(await etcdSettings({ etcd: ETCD })).toEqual({ endpoints: ETCD, prefix: 'replog/' });
  // Nobody has asked for a user.
  const env = { REPLOG_ETCD_PASSWORD: 'secret' };
  expect(await etcdSettings({ etcd: ETCD }, env)).not.toHaveProperty('credentials');
});

test.each([
  ['secret', 'secret'],
  ['secret\n', 'secret'],
  ['with spaces \r\n', 'with spaces '],
])('a password is the text of its file, %j, or that of the environment', async (text, password) => {
  const flags = { etcd: ETCD, etcdUser: 'replog' };
  const inFile = { ...flags, etcdPasswordFile: file(text) };
  const env = { REPLOG_ETCD_PASSWORD: 'other' };
  const credentials = { name: 'replog', password };
  expect(await etcdSettings(inFile, env)).toMatchObject({ credentials });
  const fromEnv = await etcdSettings(flags, { REPLOG_ETCD_PASSWORD: text });
  expect(fromEnv).toMatchObject({ credentials });
});

test.each<[EtcdFlags, string]>([
  [{ etcdUser: 'replog' }, '--etcd-user says nothing without --etcd'],
  [{ etcd: ETCD, etcdUser: 'replog' }, '--etcd-user needs a password'],
  [{ etcd: ETCD, etcdPasswordFile: '/x' }, '--etcd-password-file says nothing without --etcd-user'],
  [{ etcd: ETCD, etcdCert: '/x' }, '--etcd-cert says nothing without --etcd-key'],
  [{ etcd: ETCD, etcdKey: '/x' }, '--etcd-key says nothing without --etcd-cert'],
  [{ etcdCert: '/x', etcdKey: '/x' }, '--etcd-cert says nothing without --etcd'],
  [{ etcd: ETCD, etcdCert: '/x', etcdKey: '/x' }, '--etcd-cert says nothing to an http URL'],
])('%j is refused: %s', async (flags, said) => {
  const failure = etcdSettings(flags, {});
  await expect(failure).rejects.toThrow(UsageError);
  await expect(failure).rejects.toThrow(said);
});

test('an empty file holds no password, and what is no certificate is refused', async () => {
  const empty = { etcd: ETCD, etcdUser: 'replog', etcdPasswordFile: file('\n') };
  await expect(etcdSettings(empty, {})).rejects.toThrow('--etcd-user needs a password');
  const flags = { etcd: ['https://10.0.0.1:2379'], etcdCert: file('x'), etcdKey: file('y') };
  const said = '--etcd-cert and --etcd-key are no certificate and its key';
  await expect(etcdSettings(flags, {})).rejects.toThrow(said);
});
