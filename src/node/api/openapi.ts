// The OpenAPI 3.1 document, made from the very list of routes that the app is made from, and from
// the schemas that check the requests. Built once, when it is first asked for.

import * as z from 'zod';
import { PROBLEMS, type ProblemCode } from '../http/problems.ts';
import { type Route, type RouteDoc, takesNoFields } from '../http/route.ts';
import { problemDocument } from './problem-document.ts';

type Json = Record<string, unknown>;

/** What every route can answer, before it looks at the request. */
const COMMON: readonly ProblemCode[] = [
  'invalid-request',
  'request-timeout',
  'headers-too-large',
  'unauthorized',
  'foreign-origin',
  'unknown-host',
  'method-not-allowed',
  'internal-error',
];

/** What a body comes to where none is wanted, besides 400. */
const UNWANTED: readonly ProblemCode[] = ['unsupported-media-type', 'too-large', 'overloaded'];

/** Headers that say something besides a problem document, by status. */
const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  307: { Location: 'The same path and query on the master.' },
  401: { 'WWW-Authenticate': '`Bearer`.' },
  405: { Allow: 'The methods that the path takes.' },
  503: { 'Retry-After': 'Seconds, where trying again soon makes sense.' },
};

const TOKEN =
  'Where the cluster has a token, `/replica`, `/arbiter`, `/faults` and `/cluster` need it; all ' +
  'routes do with `--require-client-token`. While it is changed there are several: each will do.';

/** `version` is that of the package. */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = documented(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'replog',
      version,
      description:
        'A replicated log with two views: the list of messages and a key-value store. ' +
        'Every error is an RFC 9457 problem document; its `code` is one of the enumeration. ' +
        'What takes GET takes HEAD.',
    },
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(problemDocument, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: TOKEN } },
    },
  };
}

/** `/kv/:key{.+}` → `/kv/{key}` */
function documented(path: string): string {
  return path.replace(/:(\w+)(?:\{[^}]*\})?/g, '{$1}');
}

function operation(route: Route): Json {
  const { doc } = route;
  const { id, summary, description, body } = doc;
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: parameters(doc),
    ...(body === undefined ? {} : { requestBody: requestBody(body) }),
    responses: { ...successes(doc), ...failures(route) },
  };
}

function parameters({ params = {}, headers = {}, query }: RouteDoc): Json[] {
  const string = { type: 'string' };
  const inPath = Object.entries(params).map(([name, description]) => {
    return { name, in: 'path', required: true, description, schema: string };
  });
  const inHeader = Object.entries(headers).map(([name, description]) => {
    return { name, in: 'header', required: false, description, schema: string };
  });
  const { properties } = query === undefined ? { properties: {} } : jsonSchema(query, 'output');
  const { required: must = [] } = query === undefined ? {} : jsonSchema(query, 'input');
  const inQuery = Object.entries(properties as Record<string, Json>).map(([name, schema]) => {
    const { description, ...type } = schema;
    const required = (must as string[]).includes(name);
    return { name, in: 'query', required, description, schema: type };
  });
  return [...inPath, ...inHeader, ...inQuery];
}

function requestBody({ schema, optional, any }: NonNullable<RouteDoc['body']>): Json {
  const type = any === true ? '*/*' : 'application/json';
  return {
    required: optional !== true,
    content: { [type]: { schema: jsonSchema(schema, 'input') } },
  };
}

function successes(doc: RouteDoc): Json {
  const responses: Record<string, { description: string; content: Json }> = {};
  for (const success of doc.success) {
    const { status, description, schema, contentType = 'application/json', headers } = success;
    const media = schema === undefined ? {} : { schema: jsonSchema(schema, 'output') };
    const known = responses[status];
    responses[status] = {
      description: known === undefined ? description : `${known.description} ${description}`,
      ...headersIn(headers),
      content: { ...known?.content, [contentType]: media },
    };
  }
  return responses;
}

function failures(route: Route): Json {
  const unwanted = takesNoFields(route) ? UNWANTED : [];
  const codes = new Map<number, ProblemCode[]>();
  for (const code of [...COMMON, ...unwanted, ...(route.doc.problems ?? [])]) {
    const { status } = PROBLEMS[code];
    codes.set(status, [...(codes.get(status) ?? []), code]);
  }
  const content = {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  };
  const responses: Json = {};
  for (const [status, of] of codes) {
    const description = of.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' ');
    responses[status] = { description, ...headersIn(HEADERS[status]), content };
  }
  return responses;
}

function headersIn(headers: Readonly<Record<string, string>> | undefined): Json {
  if (headers === undefined) return {};
  const described = Object.entries(headers).map(([name, description]) => {
    return [name, { description, schema: { type: 'string' } }];
  });
  return { headers: Object.fromEntries(described) };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  // One dialect for the whole document: it is not named again in its parts.
  return JSON.parse(JSON.stringify(made, (key, value) => (key === '$schema' ? undefined : value)));
}
