// Requests of every kind that clients may send, most of them in order, and each thing that can be
// wrong with one wrong now and then. The same ones for the same seed.

import { randomFrom } from '../../../src/node/faults/random.ts';
import type { WireRequest } from './wire-connection.ts';

const TEXTS = [
  ...['', 'a', 'b', 'é👍"\\', '\0', 'a\0b', '\x01\x1f\x7f\x80', '\u2028', '\ufeff', '\uffff'],
  ...['__proto__', 'id: 5\ndata: x\n\n', '\r\n\t', '</script>', '\\u0041', 'x'.repeat(300)],
];
const KEYS = [
  ...['a', 'b', 'a/b', '/', '//', '__proto__', 'constructor', ' ', 'é👍', '%', '%41', '?', '#'],
  ...['a+b', '...', '.a', '../a', 'a/..', '\\', '\n', 'a\0b', '"', '\uffff', '\u{10000}', ';'],
  ...['x'.repeat(1_024), 'é'.repeat(512)],
];
const LONG_KEYS = ['', 'x'.repeat(1_025), `${'é'.repeat(512)}x`];
const IDEMPOTENCY_KEYS = [
  ...['k1', 'k2', 'k3', 'k4', 'a/b', 'a, b', '%41', '?#', '"~!@$^&*()_+', 'x'.repeat(128)],
];
const WRONG_IDEMPOTENCY_KEYS = ['', 'x'.repeat(129), 'é', 'a\tb'];
const WRONG_W = [0, -1, 1.5, '1', 'Majority', null, true, [1], {}, 4, 1e9, 2 ** 53];
const WRONG_TIMES = [0, -1, 1.5, '5', null, 86_400_001, 2 ** 31];
const IDS = ['x', '', 0, -5, 'é\0', 2 ** 53 - 1];
const WRONG_IDS = [1.5, null, true, [], 2 ** 53];
const WRONG_INTEGERS = ['0', '-1', '1.0', '01', '1e3', '', '%201', '0x1', '9007199254740992'];
const WRONG_TYPES = ['text/plain', '', 'application/jsonx', 'text/json', '*/*'];
const PATHS = [
  ...['/health', '/livez', '/readyz', '/metrics', '/', '/nope', '/messages/', '/messages/x'],
  ...['/Messages', '/log/1/2', '//messages', '/x/../messages', '/%6dessages', '/messages%2Fbatch'],
  ...['/kv/%ff', '/kv/%zz', '/kv/%ed%a0%80', '/outcomes/', '/log/', '/*', '/messages;x'],
];
/** The last two are parts that some routes take, once. */
const STRAYS = ['x=1', '__proto__=1', '%zz=1', 'w=1', 'read=local', 'limit=1'];
/** What makes of the JSON of a body something else: most of it none, or none that a route takes. */
const DISTORTIONS: readonly ((json: string) => string)[] = [
  (json) => ` \r\n\t${json}\n`,
  (json) => json.slice(0, -1),
  (json) => `${json}x`,
  (json) => `\ufeff${json}`,
  (json) => `[${json}]`,
  (json) => json.replace('{', '{"x":1,'),
  (json) => json.replace('{', '{"__proto__":{"w":1},'),
  (json) => json.replace('{', '{"w":"none",'),
  (json) => json.replace(/"(\w)/, (_, letter) => `"\\u00${letter.charCodeAt(0).toString(16)}`),
  (json) => json.replace(/:"/, ':"\\ud800'),
  (json) => json.replace(/:(\d+)/, ':$1.0'),
  (json) => json.replace(/:(\d+)/, ':1e400'),
  (json) => json.replace(/"\}/, '\t"}'),
  () => '',
  () => 'null',
  () => '{}',
];

export class RandomRequests {
  private readonly random: () => number;
  private readonly size: number;
  private readonly lastIndex: () => number;

  constructor(seed: number, size: number, lastIndex: () => number) {
    this.random = randomFrom(seed);
    this.size = size;
    this.lastIndex = lastIndex;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  next(): WireRequest {
    const kinds = [
      ...[this.append, this.append, this.batch, this.gathered, this.put, this.put, this.remove],
      ...[this.get, this.get, this.list, this.log, this.log, this.other],
    ];
    const request = this.oneOf(kinds).call(this);
    const { headers, body } = request;
    headers.unshift(['Host', this.usually('localhost', ['127.0.0.1:80', 'evil.example', ''])]);
    if (body !== null && request.target !== '/echo') {
      const type = this.usually('application/json', WRONG_TYPES);
      headers.push([this.oneOf(['Content-Type', 'content-type']), type]);
    }
    if (this.chance(0.02)) headers.push(['Origin', this.oneOf(['http://localhost', 'null'])]);
    if (this.chance(0.01)) headers.push(['Content-Encoding', this.oneOf(['gzip', 'identity'])]);
    if (this.chance(0.01)) headers.push(['Expect', '100-continue']);
    if (this.chance(0.03)) request.method = this.oneOf(['HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS']);
    return request;
  }

  /** `usual`, and now and then something else. */
  private usually<T>(usual: T, others: readonly T[]): T {
    return this.chance(0.95) ? usual : this.oneOf(others);
  }

  private request(method: string, target: string, fields?: object): WireRequest {
    const body = fields === undefined ? null : this.bodyOf(fields);
    const chunks = this.chance(0.2) ? [1, this.below(40), 60_000] : null;
    return { method, target, headers: [], body, chunks };
  }

  private bodyOf(fields: object): Buffer {
    const json = JSON.stringify(fields);
    if (this.chance(0.005)) return Buffer.from(json.padEnd((1 << 20) + this.below(2)));
    const body = Buffer.from(this.chance(0.1) ? this.oneOf(DISTORTIONS)(json) : json);
    if (this.chance(0.01) && body.length > 3) body[body.length - 3] = 0xff;
    return body;
  }

  private append(): WireRequest {
    const message = this.usually<unknown>(this.oneOf(TEXTS), [1, null, ['a']]);
    const target = `/messages${this.usually('', ['?w=3', '?x=3', '?%zz'])}`;
    return this.keyed(this.request('POST', target, { message, ...this.asked() }));
  }

  private batch(): WireRequest {
    const count = this.usually(1 + this.below(4), [0, 10_000, 10_001]);
    const messages: unknown[] = Array.from({ length: count }, () => this.oneOf(TEXTS));
    if (count > 9) messages.fill('m');
    if (this.chance(0.03)) messages.push(this.oneOf([1, null, '\ud800']));
    return this.keyed(this.request('POST', '/messages/batch', { messages, ...this.asked() }));
  }

  private gathered(): WireRequest {
    const count = this.usually(1 + this.below(5), [0, 1_001]);
    const appends = Array.from({ length: count }, () => {
      const idempotencyKey = this.chance(0.3) ? this.someKey() : undefined;
      const w = this.usually<unknown>(this.oneOf([1, 'all', undefined]), [0, this.size + 1]);
      return { message: this.oneOf(TEXTS), w, idempotencyKey };
    });
    return this.request('POST', '/messages/gathered', { appends });
  }

  private put(): WireRequest {
    const value = this.usually<unknown>(this.oneOf(TEXTS), [1, null, {}]);
    const fields = { value, ...this.asked(), ...this.identified(), timeoutMs: this.time() };
    const target = `${this.keyPath()}${this.usually('', ['?w=3', '?id=x', '?x=3'])}`;
    return this.conditional(this.keyed(this.request('PUT', target, fields)));
  }

  /** It says how long to wait in one place or the other: the default is a matter of time. */
  private remove(): WireRequest {
    const inBody = this.chance(0.5);
    const fields = { ...this.asked(), ...this.identified(), timeoutMs: this.time() };
    const query = `${this.query(['id', 'w'], false)}&timeoutMs=60000`;
    const target = `${this.keyPath()}${inBody ? '' : `?${query}`}`;
    const request = this.request('DELETE', target, inBody ? fields : undefined);
    return this.conditional(this.keyed(request));
  }

  private get(): WireRequest {
    return this.request('GET', `${this.keyPath()}?${this.query(['read', 'id'])}`);
  }

  private list(): WireRequest {
    return this.request('GET', `/kv?${this.query(['read', 'prefix', 'after', 'limit'])}`);
  }

  private log(): WireRequest {
    const paged = this.query(['read', 'from', 'limit']);
    const key = this.usually(this.oneOf(IDEMPOTENCY_KEYS), ['x'.repeat(129), '']);
    return this.request(
      'GET',
      this.oneOf([
        `/messages?${paged}`,
        `/log?${paged}`,
        `/log/${this.integer()}?${this.query(['read'])}`,
        `/outcomes/${encodeURIComponent(key)}?${this.query(['read'])}`,
        `/outcomes?idempotencyKey=${encodeURIComponent(key)}`,
      ]),
    );
  }

  private other(): WireRequest {
    if (this.chance(0.6)) return this.request('GET', this.oneOf(PATHS));
    const echo = this.request('POST', '/echo', {});
    echo.body = Buffer.from(Array.from({ length: this.below(200) }, () => this.below(256)));
    echo.headers.push(['Content-Type', this.oneOf(['text/plain', 'a/b; c=d'])]);
    return echo;
  }

  private asked(): object {
    const w = this.usually<unknown>(this.oneOf([1, this.size, 'majority', 'all']), WRONG_W);
    const timeoutMs = this.chance(0.3) ? { timeoutMs: this.time() } : {};
    return this.chance(0.6) ? { w, ...timeoutMs } : timeoutMs;
  }

  private time(): unknown {
    return this.usually<unknown>(this.oneOf([60_000, 86_400_000]), WRONG_TIMES);
  }

  private identified(): object {
    return this.chance(0.4) ? { id: this.usually<unknown>(this.oneOf(IDS), WRONG_IDS) } : {};
  }

  private keyed(request: WireRequest): WireRequest {
    if (!this.chance(0.35)) return request;
    const key = this.usually(this.someKey(), WRONG_IDEMPOTENCY_KEYS);
    request.headers.push([this.oneOf(['Idempotency-Key', 'idempotency-key']), key]);
    return request;
  }

  /** One that may have been used, or hardly. */
  private someKey(): string {
    return this.chance(0.4) ? this.oneOf(IDEMPOTENCY_KEYS) : `key ${this.below(300)}`;
  }

  private conditional(request: WireRequest): WireRequest {
    const tags = ['*', `"${this.lastIndex() - this.below(9)}"`, 'W/"1"', '"x"', '1', '"1", "2"'];
    if (this.chance(0.2)) request.headers.push(['If-Match', this.oneOf(tags)]);
    if (this.chance(0.1)) request.headers.push(['If-None-Match', this.usually('*', ['"1"', ''])]);
    return request;
  }

  private keyPath(): string {
    return `/kv/${this.encoded(this.usually(this.oneOf(KEYS), LONG_KEYS))}`;
  }

  /** Every spelling of a text is the same text. */
  private encoded(text: string): string {
    const usual = encodeURIComponent(text);
    const bytes = [...Buffer.from(text)].map((byte) => byte.toString(16).padStart(2, '0'));
    const whole = bytes.map((byte) => `%${byte}`).join('');
    return this.oneOf([usual, usual, whole, usual.replaceAll('%2F', '/')]);
  }

  private integer(): string {
    return this.usually(`${1 + this.below(this.lastIndex() + 3)}`, WRONG_INTEGERS);
  }

  /** Some of these parts, `strayed` also one that no route takes. */
  private query(names: readonly string[], strayed = true): string {
    const values: Record<string, () => string> = {
      read: () => this.usually(this.oneOf(['local', 'majority', 'linearizable']), ['', 'Local']),
      from: () => this.integer(),
      limit: () => this.integer(),
      prefix: () => encodeURIComponent(this.oneOf(['', 'a', '/', 'é', '_'])),
      after: () => encodeURIComponent(this.oneOf(KEYS)),
      id: () => encodeURIComponent(this.oneOf(IDS)),
      w: () => this.usually(this.oneOf(['1', 'majority', 'all']), ['0', '1.0', '']),
    };
    const parts = names.filter(() => this.chance(0.35)).map((name) => `${name}=${values[name]!()}`);
    if (strayed && this.chance(0.06)) parts.push(this.oneOf(STRAYS));
    return parts.join('&');
  }
}
