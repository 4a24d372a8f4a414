// A certificate of this machine, which is its own authority: for servers, and for their clients.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Whether there is what makes one. */
export const canCertify = spawnSync('openssl', ['version']).status === 0;

/** Names of files in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** Makes one in the folder. */
export function certify(folder: string): Identity {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const whose = ['-subj', '/CN=replog', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const made = spawnSync('openssl', ['req', ...kind, ...whose, '-out', cert, '-keyout', key]);
  if (made.status !== 0) throw new Error(made.stderr.toString('utf8'));
  return { cert, key };
}
