// The name that an arbiter goes by in an etcd that asks who is there. The rule: only etcd is told
// the password; what it gives for that is used until etcd knows it no more.

import * as z from 'zod';
import { type Ask, type EtcdAnswer, EtcdRefused } from './gateway.ts';

/** A user of etcd. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** Asks with these headers as well. Rejects as Ask does. */
export type AskWith = (
  route: string,
  body: object,
  headers?: Readonly<Record<string, string>>,
) => Promise<EtcdAnswer>;

export class Login {
  private readonly send: AskWith;
  private readonly credentials: Credentials;
  /** null: none was asked for since the last one was forgotten. */
  private token: Promise<string> | null = null;

  constructor(send: AskWith, credentials: Credentials) {
    this.send = send;
    this.credentials = credentials;
  }

  /** See Ask. */
  readonly ask: Ask = async (route, body) => {
    const token = this.current();
    try {
      return await this.send(route, body, { authorization: await token });
    } catch (error) {
      if (!isForgotten(error)) throw error;
      // What is refused for that has taken no effect. Others may have asked for a new one already.
      if (this.token === token) this.token = null;
      return await this.send(route, body, { authorization: await this.current() });
    }
  };

  private current(): Promise<string> {
    if (this.token !== null) return this.token;
    const token = this.fetch();
    token.catch(() => {
      if (this.token === token) this.token = null;
    });
    this.token = token;
    return token;
  }

  private async fetch(): Promise<string> {
    const { body, url } = await this.send('/v3/auth/authenticate', this.credentials);
    const answer = authenticated.safeParse(body);
    if (answer.success) return answer.data.token;
    throw new EtcdRefused(200, `${url} does not answer as etcd's JSON gateway does`);
  }
}

/** As it may stand in a header. */
const authenticated = z.object({ token: z.string().regex(/^[\x21-\x7e]{1,8192}$/) });

/** Tokens end with time, with a restart of etcd, or when it is told of other users. */
function isForgotten(error: unknown): boolean {
  if (!(error instanceof EtcdRefused)) return false;
  return error.status === 401 || error.message.endsWith('revision of auth store is old');
}
