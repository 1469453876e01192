import { compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import { describeError } from '../../kernel/errors.ts';
import { didYouMean } from '../../kernel/suggest.ts';

type ExpressionNode = ReturnType<typeof compile>;
type Runtime = typeof TreeInterpreter.runtime;
type RuntimeFunction = Parameters<Runtime['registerFunction']>[1];
type Signature = Parameters<Runtime['registerFunction']>[2];

/** Evaluates an expression. Throws for data it does not fit, and for too much of it; messages hold no data. */
export type Expression = (data: unknown) => unknown;

export type CompiledExpression =
  | { readonly evaluate: Expression; readonly node: ExpressionNode; readonly problem?: undefined }
  | { readonly problem: string };

const MAX_CHARACTERS = 4_000;
/** Of one evaluation: values looked at, items and, by sixteen, characters that functions go through. */
const MAX_STEPS = 2_000_000;
const CHARACTERS_PER_STEP = 16;
/** Objects of many keys are hash tables: to list a key takes as long as to look at several values. */
const STEPS_PER_KEY = 8;
/** Characters that a search may have to compare while it looks at one. */
const COMPARISONS_PER_STEP = 128;
const MAX_LITERAL_WIDTH = 1_000;

/** Compiles a JMESPath expression (https://jmespath.org), once, when the source is loaded. */
export function compileExpression(text: string): CompiledExpression {
  if (text.length > MAX_CHARACTERS) return { problem: `is longer than ${MAX_CHARACTERS} characters` };
  let node: ExpressionNode;
  try {
    node = compile(text);
  } catch (error) {
    return { problem: `cannot be read: ${describeError(error).replace(/^Syntax error[:,]\s*/, '')}` };
  }
  const problem = findProblem(node);
  if (problem !== undefined) return { problem };
  const mayRepeat = repeats(node);
  return { node, evaluate: (data) => interpreter.evaluate(node, data, mayRepeat) };
}

/** What the library can do, and nobody may: run for as long as data says, or change what it was given. */
function findProblem(node: unknown): string | undefined {
  if (Array.isArray(node)) return firstOf(node);
  if (typeof node !== 'object' || node === null) return undefined;
  const { type, name, children } = node as { type?: unknown; name?: unknown; children?: unknown };
  if (type === 'Literal') return undefined;
  if (type === 'LetExpression' || type === 'Variable' || type === 'Binding')
    return 'uses variables, which JMESPath itself does not have';
  if (type === 'KeyValuePair' && name === '__proto__') return 'makes a key "__proto__"';
  if (type === 'Function' && typeof name === 'string') {
    const names = interpreter.runtime.getRegistered();
    if (!names.includes(name)) return `calls ${name}(), which JMESPath does not have.${didYouMean(name, names)}`;
    const given = children as readonly { readonly type: string; readonly value?: unknown }[];
    if (/^trim/.test(name) && given.length > 1) return `gives ${name}() the characters to trim; it trims blanks only`;
    const counted = name.startsWith('pad_') ? given[1] : name === 'replace' ? given[3] : undefined;
    if (counted !== undefined && !isSmallLiteral(counted))
      return `gives ${name}() a number that is no constant between 0 and ${MAX_LITERAL_WIDTH}`;
  }
  return firstOf(Object.values(node));
}

/** Whether the result may hold a value in several places: it costs nothing here, and doubles with each level outside. */
function repeats(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  const { type } = node as { readonly type?: unknown };
  if (type === 'Literal') return false;
  if (type === 'MultiSelectList' || type === 'MultiSelectHash' || type === 'Function' || type === 'Root') return true;
  return Object.values(node).some(repeats);
}

function firstOf(nodes: readonly unknown[]): string | undefined {
  for (const node of nodes) {
    const problem = findProblem(node);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isSmallLiteral({ type, value }: { readonly type: string; readonly value?: unknown }): boolean {
  return type === 'Literal' && typeof value === 'number' && value >= 0 && value <= MAX_LITERAL_WIDTH;
}

const Interpreter = TreeInterpreter.constructor as new () => typeof TreeInterpreter;
type Visited = ReturnType<typeof TreeInterpreter.visit>;

/** The library's interpreter, with a budget, and without a way to what data inherits. */
class BoundedInterpreter extends Interpreter {
  private left = MAX_STEPS;

  evaluate(node: ExpressionNode, data: unknown, mayRepeat: boolean): unknown {
    this.left = MAX_STEPS;
    const made = this.search(node, data as JSONValue) ?? null;
    if (!mayRepeat) return made;
    this.left = MAX_STEPS;
    this.goThrough(made);
    return made;
  }

  private goThrough(value: unknown): void {
    this.spend(1 + (typeof value === 'string' ? sizeOf(value) : 0));
    if (Array.isArray(value)) for (const item of value) this.goThrough(item);
    else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) this.goThrough(item);
  }

  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw new Error('The expression takes too many steps.');
  }

  override visit(node: ExpressionNode, value: Visited): Visited {
    this.spend(1);
    switch (node.type) {
      case 'Field':
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
        return Object.hasOwn(value, node.name) ? ((value as Record<string, Visited>)[node.name] ?? null) : null;
      case 'Slice':
        // The library takes a text apart.
        this.spend(typeof value === 'string' ? value.length : sizeOf(value));
        return super.visit(node, value);
      case 'ValueProjection': {
        const { left, right } = node as unknown as { readonly left: ExpressionNode; readonly right: ExpressionNode };
        const base = this.visit(left, value);
        if (typeof base !== 'object' || base === null || Array.isArray(base)) return null;
        this.spend(sizeOf(base));
        return Object.values(base).flatMap((item) => {
          const made = this.visit(right, item);
          return made === null ? [] : [made];
        }) as Visited;
      }
      case 'Comparator': {
        if (node.name !== 'EQ' && node.name !== 'NE') return super.visit(node, value);
        return this.equal(this.visit(node.left, value), this.visit(node.right, value)) === (node.name === 'EQ');
      }
      case 'Function': {
        const given = node.children.map((child) => this.visit(child, value));
        for (const one of given) this.spend(sizeOf(one));
        this.spend(madeBy(node.name, given));
        const made = this.runtime.callFunction(node.name, given as never) ?? null;
        this.spend(sizeOf(made));
        return made;
      }
      default:
        return super.visit(node, value);
    }
  }

  private equal(one: unknown, other: unknown): boolean {
    this.spend(1);
    if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
    if (Array.isArray(one) !== Array.isArray(other)) return false;
    const keys = Object.keys(one);
    if (keys.length !== Object.keys(other).length) return false;
    return keys.every((key) => Object.hasOwn(other, key) && this.equal(Reflect.get(one, key), Reflect.get(other, key)));
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length / CHARACTERS_PER_STEP;
  if (typeof value !== 'object' || value === null) return 0;
  return Array.isArray(value) ? value.length : Object.keys(value).length * STEPS_PER_KEY;
}

/** What takes longer than its arguments are large, e.g. texts that would be larger: known before it is done. */
function madeBy(name: string, given: readonly unknown[]): number {
  const [first, second, third] = given;
  if (name === 'join' && typeof first === 'string' && Array.isArray(second)) {
    const own = second.reduce<number>((sum, item) => sum + sizeOf(item), 0);
    return own + (first.length * second.length) / CHARACTERS_PER_STEP;
  }
  if (name === 'replace' && typeof first === 'string' && typeof third === 'string')
    return ((first.length + 1) * (third.length + 1)) / CHARACTERS_PER_STEP + searchFor(first, second);
  if (typeof first === 'string') return name === 'reverse' ? first.length : searchFor(first, second);
  if (Array.isArray(first) && /^(group_by|from_items)$/.test(name)) return first.length * STEPS_PER_KEY;
  return 0;
}

/** A pattern can be made so that much of it is compared at every place. */
function searchFor(text: string, searched: unknown): number {
  return typeof searched === 'string' ? (text.length * searched.length) / COMPARISONS_PER_STEP : 0;
}

const interpreter = createInterpreter();

/** Some of the library's functions are slow in the length of a text, or run patterns over it. */
function createInterpreter(): BoundedInterpreter {
  const created = new BoundedInterpreter();
  const own = (name: string, signature: Signature, call: (given: readonly unknown[]) => unknown) =>
    created.runtime.registerFunction(name, call as RuntimeFunction, signature, { override: true });
  const [string, array, object, expression, strings] = [2, 3, 4, 6, 9];
  const text: Signature = [{ types: [string] }];
  const trimmed: Signature = [...text, { types: [string], optional: true }];
  own('trim', trimmed, ([value]) => (value as string).trim());
  own('trim_left', trimmed, ([value]) => (value as string).trimStart());
  own('trim_right', trimmed, ([value]) => (value as string).trimEnd());
  own('length', [{ types: [string, array, object] }], ([value]) => lengthOf(value as object | string));
  own('sort', [{ types: [8, strings] }], ([value]) => [...(value as string[])].sort(compare));
  own('sort_by', [{ types: [array] }, { types: [expression] }], ([list, by]) => {
    const keyed = (list as JSONValue[]).map((item) => ({ item, key: created.visit(by as ExpressionNode, item) }));
    const [first] = keyed;
    const fits = ({ key }: { readonly key: unknown }) => typeof key === 'string' || typeof key === 'number';
    if (!keyed.every((one) => fits(one) && typeof one.key === typeof first?.key))
      throw new Error('sort_by() takes numbers only, or texts only.');
    return keyed.sort((a, b) => compare(a.key as string, b.key as string)).map(({ item }) => item);
  });
  return created;
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lengthOf(value: object | string): number {
  if (typeof value !== 'string') return Object.keys(value).length;
  let count = 0;
  for (const _ of value) count += 1;
  return count;
}
