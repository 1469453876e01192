/** Turns the names of a document into names GraphQL allows, and keeps them apart. */

const LEGAL_NAME = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/;

export function isGraphqlName(name: string): boolean {
  return LEGAL_NAME.test(name);
}

/** The name itself where GraphQL allows it, else in camelCase: `weight-kg` → `weightKg`. For fields and arguments. */
export function fieldName(name: string): string {
  const field = isGraphqlName(name) ? name : camelCase(name);
  // What every object inherits would be read where the value is absent.
  return field in Object.prototype ? `${field}_` : field;
}

/** `stock item` → `StockItem`, `product` → `Product`. */
export function typeName(name: string): string {
  return legal(upperFirst(isGraphqlName(name) ? name : parts(name).map(upperFirst).join('')), 'Type');
}

/** `list_products` → `listProducts`, `GetHTTPStatus` → `getHTTPStatus`. */
export function camelCase(name: string): string {
  const [first = '', ...others] = parts(name);
  return legal(lowerFirst(first) + others.map(upperFirst).join(''), 'field');
}

/** `dark-red` → `DARK_RED`, `inStock` → `IN_STOCK`, `+1` → `PLUS_1`; an empty text is `EMPTY`. */
export function enumValueName(value: unknown): string {
  if (value === '') return 'EMPTY';
  const text = String(value)
    .replace(/^\+/, 'PLUS_')
    .replace(/^-(?=\d)/, 'MINUS_')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  return legal(
    text
      .split(/[^A-Za-z0-9]+/)
      .filter(Boolean)
      .join('_')
      .toUpperCase(),
    'VALUE',
  );
}

const READING_WORD = /^(?:get|list|find|fetch)(?=[A-Z0-9])/;

/** `listProducts` → `products`; the name itself where nothing would remain. */
export function withoutReadingWord(name: string): string {
  const rest = name.replace(READING_WORD, '');
  return isGraphqlName(rest) ? lowerFirst(rest) : name;
}

/** Gives each name out once; the second comer gets a number. */
export class NameRegistry {
  readonly #taken: Set<string>;
  readonly #lastNumbers = new Map<string, number>();

  constructor(reserved: Iterable<string> = []) {
    this.#taken = new Set(reserved);
  }

  has(name: string): boolean {
    return this.#taken.has(name);
  }

  claim(wanted: string): string {
    let name = wanted;
    let number = this.#lastNumbers.get(wanted) ?? 1;
    while (this.#taken.has(name)) name = `${wanted}${++number}`;
    this.#lastNumbers.set(wanted, number);
    this.#taken.add(name);
    return name;
  }
}

/** Names for all of `originals`, in their order: those that may stay as they are do. */
export function nameAll(originals: readonly string[], toName: (original: string) => string): Map<string, string> {
  const registry = new NameRegistry();
  const names = new Map(originals.map((original) => [original, toName(original)]));
  for (const [original, name] of names) if (original === name) registry.claim(name);
  for (const [original, name] of names) if (original !== name) names.set(original, registry.claim(name));
  return names;
}

function parts(name: string): string[] {
  return name
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((part, _index, all) => (all.length > 1 && part === part.toUpperCase() ? part.toLowerCase() : part));
}

function legal(name: string, fallback: string): string {
  const bare = name.replace(/^_+/, '');
  if (bare === '') return fallback;
  return /^\d/.test(bare) ? `_${bare}` : bare;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Lowers a leading run of capitals up to the next word: `SKU` → `sku`, `HTTPStatus` → `httpStatus`. */
function lowerFirst(text: string): string {
  const run = /^[A-Z]+/.exec(text)?.[0] ?? '';
  const lowered =
    run.length > 1 && run.length < text.length && /[a-z]/.test(text.charAt(run.length)) ? run.length - 1 : run.length;
  return text.slice(0, lowered).toLowerCase() + text.slice(lowered);
}
