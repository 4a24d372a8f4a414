// In place of node:http2, which undici and Hono's server load to be ready for it: a node speaks
// HTTP/1.1, and loading it takes a twentieth of a start.

/** No request is one of these. */
export class Http2ServerRequest {}

export const constants = {};
