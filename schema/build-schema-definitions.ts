import {
  type ConstDirectiveNode,
  type DefinitionNode,
  Kind,
  type NamedTypeNode,
  type NameNode,
  type StringValueNode,
  TokenKind,
} from 'graphql';
import { Parser } from 'graphql/language/parser.js';
import type { Steps } from '../kernel/steps.ts';

/** Parses SDL without locations, as `parse` does, and may pause after each field. */
export function parseDefinitions(sdl: string): Steps<DefinitionNode[]> {
  return new SteppedParser(sdl, { noLocation: true }).definitions();
}

const LARGE = {
  type: Kind.OBJECT_TYPE_DEFINITION,
  interface: Kind.INTERFACE_TYPE_DEFINITION,
  input: Kind.INPUT_OBJECT_TYPE_DEFINITION,
} as const;
type LargeKeyword = keyof typeof LARGE;

/** GraphQL.js parses a document at one go; all that is new here is the pauses. */
class SteppedParser extends Parser {
  *definitions(): Steps<DefinitionNode[]> {
    const definitions: DefinitionNode[] = [];
    this.expectToken(TokenKind.SOF);
    do {
      definitions.push(yield* this.definition());
      yield;
    } while (!this.expectOptionalToken(TokenKind.EOF));
    return definitions;
  }

  private *definition(): Steps<DefinitionNode> {
    const keyword = this.peekDescription() ? this._lexer.lookahead().value : this._lexer.token.value;
    return isLarge(keyword) ? yield* this.largeDefinition(keyword) : this.parseDefinition();
  }

  private *largeDefinition(keyword: LargeKeyword): Steps<DefinitionNode> {
    const description = this.parseDescription();
    this.expectKeyword(keyword);
    const name = this.parseName();
    const interfaces = keyword === 'input' ? undefined : this.parseImplementsInterfaces();
    const directives = this.parseConstDirectives();
    const fields: unknown[] = [];
    if (this.expectOptionalToken(TokenKind.BRACE_L)) {
      do {
        fields.push(keyword === 'input' ? this.parseInputValueDef() : this.parseFieldDefinition());
        yield;
      } while (!this.expectOptionalToken(TokenKind.BRACE_R));
    }
    const node: {
      kind: Kind;
      description: StringValueNode | undefined;
      name: NameNode;
      interfaces?: NamedTypeNode[];
      directives: ConstDirectiveNode[];
      fields: unknown[];
    } = { kind: LARGE[keyword], description, name, directives, fields };
    if (interfaces !== undefined) node.interfaces = interfaces;
    return node as unknown as DefinitionNode;
  }
}

function isLarge(keyword: string): keyword is LargeKeyword {
  return Object.hasOwn(LARGE, keyword);
}
