export type YamlPath = readonly (string | number)[];

const MAX_SHOWN = 80;

/** `routes.default[0]`: a path as a person reads it. */
export function pathText(path: YamlPath): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else text += text === '' ? shorten(segment) : `.${shorten(segment)}`;
  }
  return text;
}

/** Text of the file within a message. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

/** A path as zod gives it. */
export function yamlPath(path: readonly PropertyKey[]): YamlPath {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}

/** `"a", "b" or "c"` */
export function oneOf(names: readonly string[]): string {
  const quoted = names.map(quote);
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}
