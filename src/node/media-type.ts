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

/** Whether a client that accepts this takes a stream of events. Who takes anything gets a page. */
export function acceptsStream(accept: string): boolean {
  return accept.split(',').some((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    // A weight of 0 means "not this" (RFC 9110, section 12.4.2).
    return type === 'text/event-stream' && !parameters.some((one) => /^q=0(?:\.0*)?$/.test(one));
  });
}
