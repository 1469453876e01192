import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type EnumValueDefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  type NamedTypeNode,
  type NameNode,
  type StringValueNode,
  specifiedScalarTypes,
  Token,
  TokenKind,
  visit,
} from 'graphql';
import { Parser } from 'graphql/language/parser.js';
import type { Steps } from '../kernel/steps.ts';

/** The definitions of an SDL, of which fields and values are read from the text when somebody asks for them. */
export interface SdlOutline {
  readonly definitions: readonly DefinitionNode[];
  /** Names of GraphQL's own scalars that the parts name which were not read. */
  readonly scalars: ReadonlySet<string>;
}

/**
 * Reads what an SDL defines, but not how: of most types of a large graph nobody ever asks. Without locations.
 * @throws GraphQLError of the parser; what is wrong within braces is thrown when it is read
 */
export function outlineSdl(sdl: string): Steps<SdlOutline> {
  return new OutlineParser(sdl, { noLocation: true }).outline();
}

/** What stands between the braces of a definition, one by one as it is read. */
export function membersOf(node: DefinitionNode): Iterable<MemberNode> {
  if (node instanceof OutlinedDefinition) return node.members();
  return ('fields' in node ? node.fields : 'values' in node ? node.values : undefined) ?? [];
}

type MemberNode = FieldDefinitionNode | InputValueDefinitionNode | EnumValueDefinitionNode;

const KINDS = {
  type: Kind.OBJECT_TYPE_DEFINITION,
  interface: Kind.INTERFACE_TYPE_DEFINITION,
  input: Kind.INPUT_OBJECT_TYPE_DEFINITION,
  enum: Kind.ENUM_TYPE_DEFINITION,
} as const;
type Keyword = keyof typeof KINDS;

/** Stands for the node that the parser would make. */
class OutlinedDefinition {
  readonly kind: Kind;
  readonly description: StringValueNode | undefined;
  readonly name: NameNode;
  readonly interfaces: readonly NamedTypeNode[] | undefined;
  readonly directives: readonly ConstDirectiveNode[];
  readonly #keyword: Keyword;
  /** With its braces. */
  readonly #body: string;

  constructor(
    keyword: Keyword,
    head: Pick<OutlinedDefinition, 'description' | 'name' | 'interfaces' | 'directives'>,
    body: string,
  ) {
    this.kind = KINDS[keyword];
    this.description = head.description;
    this.name = head.name;
    this.interfaces = head.interfaces;
    this.directives = head.directives;
    this.#keyword = keyword;
    this.#body = body;
  }

  members(): Iterable<MemberNode> {
    return this.#body === '' ? [] : new OutlineParser(this.#body, { noLocation: true }).members(this.#keyword);
  }

  get fields(): readonly MemberNode[] | undefined {
    return this.#keyword === 'enum' ? undefined : [...this.members()];
  }

  get values(): readonly MemberNode[] | undefined {
    return this.#keyword === 'enum' ? [...this.members()] : undefined;
  }
}

class OutlineParser extends Parser {
  *outline(): Steps<SdlOutline> {
    const definitions: DefinitionNode[] = [];
    const scalars = new Set<string>();
    this.expectToken(TokenKind.SOF);
    do {
      definitions.push(this.definition(scalars));
      yield;
    } while (!this.expectOptionalToken(TokenKind.EOF));
    return { definitions, scalars };
  }

  *members(keyword: Keyword): Generator<MemberNode, void, undefined> {
    this.expectToken(TokenKind.SOF);
    this.expectToken(TokenKind.BRACE_L);
    do {
      if (keyword === 'enum') yield this.parseEnumValueDefinition();
      else if (keyword === 'input') yield this.parseInputValueDef();
      else yield this.parseFieldDefinition();
    } while (!this.expectOptionalToken(TokenKind.BRACE_R));
  }

  private definition(scalars: Set<string>): DefinitionNode {
    const keyword = this.peekDescription() ? this._lexer.lookahead().value : this._lexer.token.value;
    if (!isKeyword(keyword)) {
      const whole = this.parseDefinition();
      visit(whole, { NamedType: ({ name: { value } }) => void (STANDARD_SCALARS.has(value) && scalars.add(value)) });
      return whole;
    }
    const description = this.parseDescription();
    this.expectKeyword(keyword);
    const name = this.parseName();
    const hasInterfaces = keyword === 'type' || keyword === 'interface';
    const interfaces = hasInterfaces ? this.parseImplementsInterfaces() : undefined;
    const directives = this.parseConstDirectives();
    const head = { description, name, interfaces, directives };
    const body = this.peek(TokenKind.BRACE_L) ? this.skipBody(scalars) : '';
    return new OutlinedDefinition(keyword, head, body) as unknown as DefinitionNode;
  }

  /** The text of a part in braces. The parser goes on behind it, and lets go of the tokens before. */
  private skipBody(scalars: Set<string>): string {
    const { source, token } = this._lexer;
    const end = endOfBody(source.body, token.start, scalars);
    if (end === undefined) throw this.unexpected(lastToken(this._lexer));
    this._lexer.token = new Token(TokenKind.BRACE_R, end - 1, end, token.line, token.column);
    this._lexer.advance();
    return source.body.slice(token.start, end);
  }
}

function isKeyword(keyword: string): keyword is Keyword {
  return Object.hasOwn(KINDS, keyword);
}

function lastToken(lexer: { advance(): Token; readonly token: Token }): Token {
  while (lexer.token.kind !== TokenKind.EOF) lexer.advance();
  return lexer.token;
}

const QUOTE = 0x22;
const HASH = 0x23;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const BRACKET_L = 0x5b;
const BRACE_L = 0x7b;
const BRACE_R = 0x7d;

/** Where a part in braces that begins at `start` ends; undefined where the text ends before. */
function endOfBody(text: string, start: number, scalars: Set<string>): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (code === HASH) at = endOfLine(text, at);
    else if (code === COLON) noteScalar(text, at + 1, scalars);
    else if (code === BRACE_L) depth += 1;
    else if (code === BRACE_R) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  if (text.startsWith('"""', start)) {
    let end = text.indexOf('"""', start + 3);
    while (end > 0 && text.charCodeAt(end - 1) === BACKSLASH) end = text.indexOf('"""', end + 3);
    return end < 0 ? text.length : end + 3;
  }
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}

function endOfLine(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x0a || code === 0x0d) return at;
  }
  return text.length;
}

const STANDARD_SCALARS = new Set(specifiedScalarTypes.map(({ name }) => name));

/** Notes the type behind a colon, if it is one of GraphQL's own scalars. */
function noteScalar(text: string, start: number, scalars: Set<string>): void {
  if (scalars.size === STANDARD_SCALARS.size) return;
  let at = start;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === HASH) at = endOfLine(text, at);
    // White space of any kind, a byte order mark among names, and what opens a list.
    else if (code > 0x20 && code !== COMMA && code !== BRACKET_L && code !== 0xfeff) break;
  }
  for (const name of STANDARD_SCALARS)
    if (text.startsWith(name, at) && !isNameContinue(text.charCodeAt(at + name.length))) scalars.add(name);
}

function isNameContinue(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f
  );
}
