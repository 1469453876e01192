import {
  CaseTag,
  Context,
  defaultOperators,
  type Emitter,
  evalToken,
  type FilterImplOptions,
  ForTag,
  type Liquid,
  type Operators,
  TablerowTag,
  type Template,
  toValue,
} from 'liquidjs';

/**
 * In nanoseconds, about, of a processor of 2020: nothing else happens meanwhile. Work is counted and not timed, so that
 * the same template with the same values is always refused, or never.
 */
const MAX_WORK = 30_000_000;
const TOO_MUCH = 'it takes more work than allowed: write shorter lists and texts, or fewer loops and filters';
export const TOO_LONG = 'The text is longer than allowed.';

/** What a rendering costs so far, in place of both limiters of liquidjs. */
export class Work {
  #left = MAX_WORK;
  /** Of what liquidjs counts itself: items of ranges cost more than characters that a filter makes. */
  #each = 60;

  spend(cost: number): void {
    this.#left -= cost;
    if (!(this.#left >= 0)) throw new Error(TOO_MUCH);
  }

  /** As liquidjs counts what it makes: characters and items. */
  use(count: number): void {
    if (+count > 0) this.spend(+count * this.#each);
  }

  /** Asked before each template, with a time. */
  check(): void {}

  /** A filter that is paid for already. */
  within<T>(filter: () => T): T {
    const before = this.#each;
    this.#each = 1;
    try {
      return filter();
    } finally {
      this.#each = before;
    }
  }
}

interface FilterCosts {
  /** Per character of a text. Default: 10. */
  readonly char?: number;
  /** Per item of a list, and per item and character of what each is asked. Default: 100. */
  readonly item?: number;
  readonly perItemChar?: number;
  /** Per character of texts it is given beside. Default: 10. */
  readonly argument?: number;
  /** Whether it looks into what the items of a list are made of. Default: yes. */
  readonly isShallow?: boolean;
  /** It looks at nothing. */
  readonly isFree?: boolean;
  readonly sorts?: boolean;
  /** Whether it looks for what it is given beside. */
  readonly searches?: boolean;
}

const FREE: FilterCosts = { isFree: true };
const SHALLOW: FilterCosts = { isShallow: true };
const BY_PROPERTY: FilterCosts = { isShallow: true, item: 400, perItemChar: 30 };
const BY_SEARCH: FilterCosts = { isShallow: true, item: 2_000, perItemChar: 30 };
const BY_EXPRESSION: FilterCosts = { isShallow: true, item: 1_500, perItemChar: 100, argument: 1_000 };
const SLOW: FilterCosts = { char: 40 };
const SLOWER: FilterCosts = { char: 100, argument: 100 };
const SLOWEST: FilterCosts = { char: 200 };
const SORTING: FilterCosts = { item: 150, perItemChar: 30, sorts: true };

/** Filters that are not named here cost what the defaults say. */
const FILTER_COSTS: ReadonlyMap<string, FilterCosts> = new Map([
  ...all(FREE, 'size first last default raw'),
  ...all(SHALLOW, 'reverse compact concat push unshift pop shift slice uniq'),
  ...all(BY_PROPERTY, 'map sum'),
  ...all(BY_SEARCH, 'where reject has find find_index group_by'),
  ...all(BY_EXPRESSION, 'where_exp reject_exp has_exp find_exp find_index_exp group_by_exp'),
  ...all({ char: 1, argument: 1 }, 'append prepend'),
  ...all(SLOW, 'truncatewords strip_html uri_escape url_decode'),
  ...all({ char: 40, searches: true }, 'split replace replace_first replace_last remove remove_first remove_last'),
  ...all(SLOWER, 'squish normalize_whitespace escape escape_once'),
  ...all(SLOWER, 'date date_to_xmlschema date_to_rfc822 date_to_string date_to_long_string'),
  ...all(SLOWEST, 'url_encode cgi_escape slugify number_of_words xml_escape'),
  ...all(SORTING, 'sort sort_natural sample'),
]);
const FILTER = 600;
const OPERATOR = 500;
/** Of a filter, and of a case. */
const ARGUMENT = 250;
const LIST = 300;
const TEMPLATE = 300;
/** Of what a tag or an output is made of: names, filters, branches. */
const PIECE = 150;
const NODE = 20;
const KEY = 200;
/** Of a table, with all that is written around it. */
const CELL = 1_500;
/** Characters of one text times those of the other that are held against each other in a nanosecond, at the worst. */
const SEARCHED = 5;

function all(costs: FilterCosts, names: string): readonly (readonly [string, FilterCosts])[] {
  return names.split(' ').map((name) => [name, costs]);
}

interface Size {
  readonly items: number;
  readonly chars: number;
}

/** Everything in a value. To look costs as well. */
function sizeOf(value: unknown, work: Work): Size {
  let [items, chars] = [0, 0];
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = toValue(waiting.pop());
    if (typeof next === 'string') chars += next.length;
    else if (typeof next === 'object' && next !== null) {
      const inner = Array.isArray(next) ? next : Object.values(next);
      work.spend(inner.length * (Array.isArray(next) ? NODE : KEY));
      items += inner.length;
      for (const one of inner) waiting.push(one);
    }
  }
  return { items, chars };
}

/** Of a list or a map, without what its items are made of. */
function itemsOf(value: unknown, work: Work): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  const { length } = Object.keys(value);
  work.spend(length * KEY);
  return length;
}

function payForFilter(name: string, [given, ...rest]: readonly unknown[], work: Work): void {
  work.spend(FILTER + rest.length * ARGUMENT);
  const costs = FILTER_COSTS.get(name) ?? {};
  if (costs.isFree === true) return;
  const {
    char = 10,
    item = 100,
    perItemChar = 10,
    argument = 10,
    isShallow = false,
    sorts = false,
    searches = false,
  } = costs;
  const value = toValue(given);
  const isList = typeof value === 'object' && value !== null;
  const { items, chars } = isList && isShallow ? { items: itemsOf(value, work), chars: 0 } : sizeOf(value, work);
  const beside = rest.map((one) =>
    isShallow && Array.isArray(one) ? { items: one.length, chars: 0 } : sizeOf(one, work),
  );
  const asked = beside.reduce((sum, one) => sum + one.chars, 0);
  const more = beside.reduce((sum, one) => sum + one.items, 0);
  const rounds = sorts ? 1 + Math.log2(1 + items) : 1;
  work.spend(chars * char * (isList ? rounds : 1) + (items + more) * item + asked * argument);
  if (searches) work.spend((chars * asked) / SEARCHED);
  if (isList) work.spend(items * (asked * perItemChar + (sorts ? rounds * 60 : 0)));
}

function workOf(context: Context): Work {
  return context.memoryLimit as unknown as Work;
}

/** What two values cost that are held against each other. */
function payForComparison(one: unknown, other: unknown, work: Work): void {
  for (const value of [one, other]) {
    if (typeof value === 'string') work.spend(value.length / 5);
    else if (typeof value === 'object' && value !== null) {
      const { items, chars } = sizeOf(value, work);
      work.spend(items * 200 + chars / 5);
    }
  }
}

/** Texts that are written, up to the length that is allowed. */
class BoundedText implements Emitter {
  buffer = '';
  readonly #work: Work;
  readonly #maxCharacters: number;

  constructor(work: Work, maxCharacters: number) {
    this.#work = work;
    this.#maxCharacters = maxCharacters;
  }

  write(written: unknown): void {
    const text = this.#textOf(written);
    this.#work.spend(text.length / 10);
    if (this.buffer.length + text.length > this.#maxCharacters) throw new Error(TOO_LONG);
    this.buffer += text;
  }

  #textOf(written: unknown): string {
    const value: unknown = toValue(written);
    if (typeof value === 'string') return value;
    if (value === undefined || value === null) return '';
    if (!Array.isArray(value)) return String(value);
    this.#work.spend(value.length * 100);
    return value.map((item) => this.#textOf(item)).join('');
  }
}

/** What it takes to render each of the templates once, without those inside them. */
const templateCosts = new WeakMap<readonly Template[], number>();
/** The engine, the text, and where in it. */
const NOT_PIECES: ReadonlySet<string> = new Set(['liquid', 'token', 'tokenizer', 'input', 'file']);

function costOf(templates: readonly Template[]): number {
  let cost = templateCosts.get(templates);
  if (cost === undefined) {
    cost = templates.reduce((sum, template) => sum + TEMPLATE + PIECE * countPieces(template), LIST);
    templateCosts.set(templates, cost);
  }
  return cost;
}

function countPieces(template: Template): number {
  const waiting: object[] = [template];
  let count = 0;
  for (let piece = waiting.pop(); piece !== undefined; piece = waiting.pop()) {
    count += 1;
    for (const [key, inner] of Object.entries(piece))
      if (typeof inner === 'object' && inner !== null && !NOT_PIECES.has(key) && !isTemplate(inner))
        waiting.push(inner);
  }
  return count;
}

function isTemplate(value: object): value is Template {
  return 'render' in value && 'token' in value && !('handler' in value);
}

/** Of a list only a part may be gone through, after all of it was copied. */
function* payForCollection(tag: ForTag | TablerowTag, context: Context, each = 2): Generator<unknown, void, unknown> {
  const value = toValue(yield evalToken(tag.collection, context));
  const work = workOf(context);
  work.spend(itemsOf(value, work) * (Array.isArray(value) ? each : each + 5 * KEY));
}

class CountedFor extends ForTag {
  override *render(context: Context, emitter: Emitter): ReturnType<ForTag['render']> {
    yield* payForCollection(this, context) as Generator<unknown, void, Template[]>;
    return yield* super.render(context, emitter);
  }
}

class CountedTablerow extends TablerowTag {
  override *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    yield* payForCollection(this, context, CELL);
    yield* super.render(context, emitter);
  }
}

class CountedCase extends CaseTag {
  override *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const target = toValue(yield this.value.value(context, context.opts.lenientIf));
    const work = workOf(context);
    for (const { values } of this.branches) {
      work.spend(values.length * ARGUMENT);
      for (const _ of values) payForComparison(target, undefined, work);
    }
    yield* super.render(context, emitter);
  }
}

/** Operators that pay for themselves. */
export const countedOperators: Operators = Object.fromEntries(
  Object.entries(defaultOperators).map(([name, apply]) => {
    const counted = (...given: readonly unknown[]) => {
      const work = workOf(given.at(-1) as Context);
      work.spend(OPERATOR);
      const [one, other] = given.map(toValue);
      if (given.length > 2 && name !== 'and' && name !== 'or') payForComparison(one, other, work);
      if (name === 'contains' && typeof one === 'string') work.spend((one.length * String(other).length) / SEARCHED);
      return (apply as (...operands: readonly unknown[]) => unknown)(...given);
    };
    return [name, counted];
  }),
) as Operators;

/** Lets everything that the engine does pay for itself. */
export function countWork(engine: Liquid, maxCharacters: number): void {
  for (const [name, filter] of Object.entries(engine.filters)) {
    const handler = (typeof filter === 'function' ? filter : filter.handler) as (...given: unknown[]) => unknown;
    const counted: FilterImplOptions = function (...given) {
      const work = workOf(this.context);
      payForFilter(name, given, work);
      return work.within(() => handler.apply(this, given)) as never;
    };
    engine.registerFilter(name, counted);
  }
  engine.registerTag('for', CountedFor);
  engine.registerTag('tablerow', CountedTablerow);
  engine.registerTag('case', CountedCase);
  const { renderer } = engine;
  const renderTemplates = renderer.renderTemplates.bind(renderer);
  renderer.renderTemplates = (templates, context, emitter) => {
    const work = workOf(context);
    work.spend(costOf(templates));
    return renderTemplates(templates, context, emitter ?? new BoundedText(work, maxCharacters));
  };
}

/** What a template is rendered in; it costs from nothing on. */
export function countedContext(engine: Liquid, values: object): Context {
  return new CountedContext(engine, values, new Work());
}

class CountedContext extends Context {
  readonly #engine: Liquid;
  readonly #work: Work;

  constructor(engine: Liquid, values: object, work: Work) {
    const limits = { memoryLimit: work as never, renderLimit: work as never, liquid: engine };
    super(values, engine.options, { sync: true }, limits);
    this.#engine = engine;
    this.#work = work;
  }

  override spawn(values: object = {}): Context {
    return new CountedContext(this.#engine, values, this.#work);
  }

  /** Its names are counted for the size of a map. */
  override readProperty(from: never, name: never): unknown {
    if (name === 'size') itemsOf(from, this.#work);
    return super.readProperty(from, name);
  }
}
