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
import { type DefinitionHead, endOfBody, fieldsOfBody, readHead, skipIgnored, typeNameAt } from './sdl-text.ts';

/** The definitions of an SDL, of which most are names and places until somebody asks for more. */
export interface SdlOutline {
  readonly definitions: readonly DefinitionNode[];
  /** Names of GraphQL's own scalars that it uses. */
  readonly scalars: ReadonlySet<string>;
}

/** A field of a type, or a value of an enum. */
export interface Member {
  readonly name: string;
  /** @throws GraphQLError of the parser */
  read(): MemberNode;
}

type MemberNode = FieldDefinitionNode | InputValueDefinitionNode | EnumValueDefinitionNode;

/** @throws GraphQLError of the parser; what is wrong in a type is thrown when it is read */
export function* outlineSdl(sdl: string): Steps<SdlOutline> {
  const definitions: DefinitionNode[] = [];
  const scalars = new Set<string>();
  const note = (name: string) => {
    if (STANDARD_SCALARS.has(name)) scalars.add(name);
  };
  const parser = new MemberParser(sdl, { noLocation: true });
  let at = skipIgnored(sdl, 0);
  do {
    const head = readHead(sdl, at);
    const end = head && endOfBody(sdl, head.bodyStart, (start) => note(typeNameAt(sdl, start)));
    if (head !== undefined && end !== undefined) {
      definitions.push(
        new OutlinedDefinition(head, sdl.slice(at, end), head.bodyStart - at) as unknown as DefinitionNode,
      );
      at = skipIgnored(sdl, end);
    } else {
      const { definition, next } = parser.definitionAt(at);
      visit(definition, { NamedType: ({ name }) => note(name.value) });
      definitions.push(definition);
      at = next;
    }
    yield;
  } while (at < sdl.length);
  return { definitions, scalars };
}

/** What stands between the braces of a definition. */
export function membersOf(node: DefinitionNode): readonly Member[] {
  if (node instanceof OutlinedDefinition) return node.members();
  const nodes = 'fields' in node ? node.fields : 'values' in node ? node.values : undefined;
  return ((nodes ?? []) as readonly MemberNode[]).map(toMember);
}

/** Names of the interfaces that a definition says it implements. */
export function interfacesOf(node: DefinitionNode): readonly string[] {
  if (node instanceof OutlinedDefinition) return node.head.interfaces;
  return 'interfaces' in node ? (node.interfaces ?? []).map(({ name }) => name.value) : [];
}

const STANDARD_SCALARS = new Set(specifiedScalarTypes.map(({ name }) => name));
const NO_DIRECTIVES: readonly ConstDirectiveNode[] = [];
const KINDS = {
  type: Kind.OBJECT_TYPE_DEFINITION,
  interface: Kind.INTERFACE_TYPE_DEFINITION,
  input: Kind.INPUT_OBJECT_TYPE_DEFINITION,
  enum: Kind.ENUM_TYPE_DEFINITION,
} as const;

/** Stands for the node that the parser would make, and reads what it is asked for. */
class OutlinedDefinition {
  readonly head: DefinitionHead;
  readonly directives = NO_DIRECTIVES;
  readonly #text: string;
  readonly #bodyStart: number;

  constructor(head: DefinitionHead, text: string, bodyStart: number) {
    this.head = head;
    this.#text = text;
    this.#bodyStart = bodyStart;
  }

  get kind(): Kind {
    return KINDS[this.head.keyword];
  }

  get name(): NameNode {
    return { kind: Kind.NAME, value: this.head.name };
  }

  get description(): StringValueNode | undefined {
    return this.#text.startsWith('"') ? parserOf(this.#text).description() : undefined;
  }

  get interfaces(): readonly NamedTypeNode[] {
    return this.head.interfaces.map((value) => ({ kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value } }));
  }

  get fields(): readonly MemberNode[] | undefined {
    return this.head.keyword === 'enum' ? undefined : this.members().map((member) => member.read());
  }

  get values(): readonly MemberNode[] | undefined {
    return this.head.keyword === 'enum' ? this.members().map((member) => member.read()) : undefined;
  }

  members(): readonly Member[] {
    const { keyword } = this.head;
    const [text, start] = [this.#text, this.#bodyStart];
    if (keyword === 'input' || keyword === 'enum') return parserOf(text.slice(start)).members(keyword).map(toMember);
    return Array.from(fieldsOfBody(text, start), ({ name, start, end }) => ({
      name,
      read: () => parserOf(text.slice(start, end)).field(),
    }));
  }
}

function toMember(node: MemberNode): Member {
  return { name: node.name.value, read: () => node };
}

function parserOf(text: string): MemberParser {
  return new MemberParser(text, { noLocation: true });
}

/** GraphQL.js' parser, for parts of a document. */
class MemberParser extends Parser {
  definitionAt(start: number): { readonly definition: DefinitionNode; readonly next: number } {
    this._lexer.token = new Token(TokenKind.SOF, start, start, 0, 0);
    this._lexer.advance();
    return { definition: this.parseDefinition(), next: this._lexer.token.start };
  }

  description(): StringValueNode | undefined {
    this.expectToken(TokenKind.SOF);
    return this.parseDescription();
  }

  field(): FieldDefinitionNode {
    this.expectToken(TokenKind.SOF);
    const field = this.parseFieldDefinition();
    this.expectToken(TokenKind.EOF);
    return field;
  }

  members(keyword: 'input' | 'enum'): readonly MemberNode[] {
    this.expectToken(TokenKind.SOF);
    const members = keyword === 'input' ? this.parseInputFieldsDefinition() : this.parseEnumValuesDefinition();
    this.expectToken(TokenKind.EOF);
    return members;
  }
}
