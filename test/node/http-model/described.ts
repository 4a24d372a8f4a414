// Answers held against `GET /openapi.json`: whoever makes a client from it relies on its being all
// that can come.

import * as z from 'zod';
import type { Json } from './expectation.ts';
import type { WireAnswer, WireRequest } from './wire-connection.ts';

/** Headers that say something about the answer, and so have to be described. */
const TELLING = ['etag', 'location', 'retry-after', 'allow', 'www-authenticate'];

/** Names of path parameters that take slashes as well. */
const WHOLE_TAILS = /\{(?:key|idempotencyKey)\}/;

export class Described {
  private readonly document: Json;
  private readonly paths: readonly { readonly path: string; readonly pattern: RegExp }[];
  private readonly schemas = new Map<Json, z.ZodType>();

  constructor(document: Json) {
    this.document = document;
    // Of two patterns that fit, the one with fewer parameters is meant.
    this.paths = Object.keys(document.paths)
      .sort((a, b) => a.split('{').length - b.split('{').length)
      .map((path) => ({ path, pattern: patternOf(path) }));
  }

  /** What of the answer the document does not tell; null: nothing, or it tells nothing of such a
   * request. */
  untold({ method, target }: WireRequest, { status, headers, body }: WireAnswer): string | null {
    const operation = this.operation(method, target);
    if (operation === undefined) return null;
    const told = operation.responses[status];
    if (told === undefined) return `a ${status} is not described`;
    const names = Object.keys(told.headers ?? {}).map((name) => name.toLowerCase());
    const header = TELLING.find((name) => headers.has(name) && !names.includes(name));
    if (header !== undefined) return `a ${status} with ${header} is not described`;
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    const media = told.content[type] ?? told.content['*/*'];
    if (media === undefined) return `a ${status} of type ${type} is not described`;
    const problem = type === 'application/problem+json';
    if (problem && !told.description.includes(`\`${JSON.parse(body.toString()).code}\``)) {
      return `it is not described that a ${status} can be ${body}`;
    }
    return this.misshapen(media.schema, type, body.toString());
  }

  private operation(method: string, target: string): Json | undefined {
    const { pathname } = new URL(target, 'http://localhost');
    const found = this.paths.find(({ pattern }) => pattern.test(pathname));
    return found && this.document.paths[found.path][method.toLowerCase()];
  }

  private misshapen(schema: Json | undefined, type: string, text: string): string | null {
    if (schema === undefined || !type.includes('json')) return null;
    const values = type.endsWith('x-ndjson') ? text.trimEnd().split('\n') : [text];
    for (const value of values) {
      const checked = this.checking(schema).safeParse(JSON.parse(value));
      if (!checked.success) return `${value} is described otherwise: ${checked.error.message}`;
    }
    return null;
  }

  private checking(schema: Json): z.ZodType {
    let made = this.schemas.get(schema);
    if (made === undefined) {
      const { $ref } = schema;
      const whole = $ref === undefined ? schema : this.document.components.schemas.Problem;
      made = z.fromJSONSchema(whole);
      this.schemas.set(schema, made);
    }
    return made;
  }
}

function patternOf(path: string): RegExp {
  const source = path.replace(WHOLE_TAILS, '.+').replace(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${source}$`);
}
