// What a route answers, as plain data: made by the problem table and the outcome tables, which so
// need no HTTP to be tested, and turned into a web Response in one place.

/** An HTTP answer whose body is complete. Headers have lower-case names. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

const JSON_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'content-type': 'application/json',
});

/** A JSON answer. `headers` come on top of the content type. */
export function json(
  status: number,
  value: unknown,
  headers?: Readonly<Record<string, string>>,
): Answer {
  return {
    status,
    headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers },
    body: JSON.stringify(value),
  };
}

/** A JSON answer whose text exists already. */
export function jsonText(status: number, body: string | Uint8Array<ArrayBuffer>): Answer {
  return { status, headers: JSON_HEADERS, body };
}

/** The answer as the HTTP server takes it. */
export function toResponse(answer: Answer): Response {
  return new Response(answer.body, answer);
}
