// How an arbiter shows etcd who it is: a name and password, or a certificate. Secrets come from
// files or the environment, never from the command line itself.

import type { Command } from 'commander';
import type { EtcdOptions } from '../../node/arbiter/etcd/arbiter-in-turn.ts';
import { UsageError } from '../exit.ts';
import { textOf } from './input-file.ts';
import { parseUrls } from './url.ts';
import { refuseWithout } from './vain-options.ts';

/** Of the keys in etcd, where none is given. */
const PREFIX = 'replog/';

export interface EtcdFlags {
  readonly etcd?: readonly string[];
  readonly etcdPrefix?: string;
  readonly etcdUser?: string;
  readonly etcdPasswordFile?: string;
  readonly etcdCert?: string;
  readonly etcdKey?: string;
}

export function addEtcdOptions(command: Command): Command {
  return command
    .option(
      '--etcd <urls>',
      'remember in etcd, URL or URL,URL: several arbiters may run, one of them is in charge',
      parseUrls,
    )
    .option('--etcd-prefix <text>', `what its keys there begin with (default: ${PREFIX})`)
    .option('--etcd-user <name>', 'its name there, where etcd asks for one')
    .option(
      '--etcd-password-file <file>',
      'file with the password for that (default: REPLOG_ETCD_PASSWORD)',
    )
    .option('--etcd-cert <file>', 'certificate that is shown to etcd, PEM; needs --etcd-key')
    .option('--etcd-key <file>', 'the private key of that certificate, PEM');
}

/** Where etcd is and how it is spoken to; null without `--etcd`. Rejects with UsageError. */
export async function etcdSettings(
  flags: EtcdFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Omit<EtcdOptions, 'onTurn'> | null> {
  const { etcd, etcdCert, etcdKey, etcdPasswordFile, etcdPrefix, etcdUser } = flags;
  refuseWithout(etcdPrefix, etcd, '--etcd-prefix', '--etcd');
  refuseWithout(etcdUser, etcd, '--etcd-user', '--etcd');
  refuseWithout(etcdPasswordFile, etcdUser, '--etcd-password-file', '--etcd-user');
  refuseWithout(etcdCert, etcdKey, '--etcd-cert', '--etcd-key');
  refuseWithout(etcdKey, etcdCert, '--etcd-key', '--etcd-cert');
  refuseWithout(etcdCert, etcd, '--etcd-cert', '--etcd');
  if (etcd === undefined) return null;
  if (etcdPrefix === '') throw new UsageError('the prefix is empty', 'leave it out');
  return {
    endpoints: etcd,
    prefix: etcdPrefix ?? PREFIX,
    ...(etcdUser === undefined
      ? {}
      : { credentials: { name: etcdUser, password: passwordOf(etcdPasswordFile, env) } }),
    ...(etcdCert === undefined || etcdKey === undefined
      ? {}
      : { certificate: await certificateOf(etcdCert, etcdKey, etcd) }),
  };
}

/** The end of the file's last line is no part of it; spaces may be. */
function passwordOf(file: string | undefined, env: NodeJS.ProcessEnv): string {
  const hint = 'name a file that holds it with --etcd-password-file, or set REPLOG_ETCD_PASSWORD';
  const text = file === undefined ? env.REPLOG_ETCD_PASSWORD : textOf(file, hint, 'the file ');
  const password = text?.replace(/\r?\n$/, '') ?? '';
  if (password === '') throw new UsageError('--etcd-user needs a password', hint);
  return password;
}

async function certificateOf(
  certFile: string,
  keyFile: string,
  endpoints: readonly string[],
): Promise<{ readonly cert: string; readonly key: string }> {
  if (endpoints.some((url) => !url.startsWith('https:'))) {
    throw new UsageError(
      '--etcd-cert says nothing to an http URL',
      'write the URLs of --etcd with https',
    );
  }
  const hint = 'both files are PEM, and the key has no passphrase';
  const cert = textOf(certFile, hint, 'the certificate ');
  const key = textOf(keyFile, hint, 'the key ');
  // Other commands start without it.
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext({ cert, key });
  } catch {
    throw new UsageError('--etcd-cert and --etcd-key are no certificate and its key', hint);
  }
  return { cert, key };
}
