export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of an object's own key: documents come from others, and `constructor` is a name like any other. */
export function member(object: unknown, key: string): unknown {
  return isJsonObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;
}

export function textMember(object: unknown, key: string): string | undefined {
  const value = member(object, key);
  return typeof value === 'string' ? value : undefined;
}

export function listMember(object: unknown, key: string): readonly unknown[] {
  const value = member(object, key);
  return Array.isArray(value) ? value : [];
}

/** A part of the document that cannot be used; what needs it is left out with a notice. */
export class UnusableError extends Error {
  override readonly name = 'UnusableError';
}
