// What the headers about media types say. Types and names of parameters are the same in capitals,
// and a list of parameters may have gaps and end in any way (RFC 9110, sections 5.6.6 and 8.3.1).

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const UTF_8 = 'charset="?utf-?8"?';
const OTHER = `(?!charset=)${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*")`;
const JSON_TYPE = new RegExp(
  `^application/json(?:[ \\t]*;(?:[ \\t]*(?:${UTF_8}|${OTHER}))?)*[ \\t]*$`,
  'i',
);

/** Whether this content type is that of JSON. Parameters say nothing about it (RFC 8259, section
 * 11), but who names another charset than its own means it. */
export function isJson(type: string): boolean {
  return type === 'application/json' || JSON_TYPE.test(type);
}

/** Whether a client that accepts this takes a stream of events rather than a page. Who takes
 * anything gets a page, and so does who would rather have JSON, by name. */
export function acceptsStream(accept: string): boolean {
  const stream = weightOf('text/event-stream', accept);
  return stream > 0 && stream >= weightOf('application/json', accept);
}

/** The weight of a media type that stands there by its name; 0, "not this", if it does not (RFC
 * 9110, section 12.4.2). */
function weightOf(wanted: string, accept: string): number {
  const weights = accept.split(',').flatMap((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (type !== wanted) return [];
    const weight = parameters.map((one) => WEIGHT.exec(one)?.[1]).find((text) => text);
    return [weight === undefined ? 1 : Number(weight)];
  });
  return Math.max(0, ...weights);
}

const WEIGHT = /^q=([01](?:\.\d*)?)$/;
