import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  addServerOptions,
  type ServerFlags,
  serverSettings,
} from '../../../src/cli/arguments/server-options.ts';
import { UsageError } from '../../../src/cli/exit.ts';

const FLAGS: ServerFlags = { port: 4000, host: '127.0.0.1', logLevel: 'warn' };

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('serverSettings', () => {
  it('keeps data on disk unless told otherwise', () => {
    vi.stubEnv('REPLOG_TOKEN', '');
    expect(serverSettings(FLAGS, 'n1')).toEqual({
      host: '127.0.0.1',
      port: 4000,
      dataDir: resolve('.replog/n1-4000'),
      tokens: null,
      requireClientToken: false,
      allowHosts: [],
      logLevel: 'warn',
    });
    expect(serverSettings({ ...FLAGS, dataDir: 'd' }, 'n1').dataDir).toBe(resolve('d'));
    expect(serverSettings({ ...FLAGS, memory: true }, 'n1').dataDir).toBeNull();
    const both = { ...FLAGS, memory: true, dataDir: 'd' };
    expect(() => serverSettings(both, 'n1')).toThrow(UsageError);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'example.org'])('lets nobody else in by %s', (host) => {
    vi.stubEnv('REPLOG_TOKEN', '');
    expect(() => serverSettings({ ...FLAGS, host }, 'n1')).toThrow(UsageError);
    expect(serverSettings({ ...FLAGS, host, insecure: true }, 'n1').host).toBe(host);
    vi.stubEnv('REPLOG_TOKEN', 's3cret');
    expect(serverSettings({ ...FLAGS, host }, 'n1').tokens?.all).toEqual(['s3cret']);
  });

  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('needs no token on %s', (host) => {
    vi.stubEnv('REPLOG_TOKEN', '');
    expect(serverSettings({ ...FLAGS, host }, 'n1').host).toBe(host);
  });

  it('cannot require a token that nobody gave', () => {
    vi.stubEnv('REPLOG_TOKEN', '');
    const flags = { ...FLAGS, requireClientToken: true };
    expect(() => serverSettings(flags, 'n1')).toThrow('needs a token');
    const folder = mkdtempSync(join(tmpdir(), 'replog-token-'));
    writeFileSync(join(folder, 'token'), 's3cret\n');
    const settings = serverSettings({ ...flags, tokenFile: join(folder, 'token') }, 'n1');
    rmSync(folder, { recursive: true });
    expect([settings.tokens?.all, settings.requireClientToken]).toEqual([['s3cret'], true]);
  });
});

const parsed = (...args: string[]) =>
  addServerOptions(new Command(), 4000).parse(args, { from: 'user' }).opts<ServerFlags>();

describe('an address or a name', () => {
  it('is not empty, as a variable that is not set leaves it', () => {
    expect(() => parsed('--host', '')).toThrow(UsageError);
    expect(parsed('--host', '::1').host).toBe('::1');
  });

  it.each(['', 'http://db', 'db/', 'a b', 'db:x', 'a,b', '--memory', '-1'])(
    'is never met as Host: %j',
    (name) => {
      expect(() => parsed('--allow-host', 'db', '--allow-host', name)).toThrow(UsageError);
    },
  );

  it('may have a port, and be an address', () => {
    const names = ['db', 'Db.example.', 'my_db:80', '10.0.0.1:4000', '[::2]', '[::2]:4000'];
    const options = names.flatMap((name) => ['--allow-host', name]);
    expect(parsed(...options).allowHost).toEqual(names);
  });
});
